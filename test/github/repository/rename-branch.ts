import { readRef } from "../git/git-repository.ts";
import { pointHead } from "../git/refs.ts";
import { notFound, unprocessable } from "../github-error.ts";
import { announcePull } from "../pulls/announce-pull.ts";
import { openPulls } from "../pulls/follow-refs.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { createRef } from "./create-ref.ts";
import { moveRefs } from "./move-refs.ts";

/**
 * Gives a branch another name, in the default branch's place where it was that. Pull requests to it follow, and so do
 * its rules; pull requests from it close. Runs inside the lock.
 */
export async function renameBranch(
  world: World,
  repository: Repository,
  from: string,
  to: string,
  hand: Hand,
): Promise<void> {
  const oid = await readRef(repository.git, `refs/heads/${from}`);
  if (oid === null) throw notFound();
  if ((await readRef(repository.git, `refs/heads/${to}`)) !== null)
    throw unprocessable(`Branch already exists: ${to}`);
  await createRef(world, repository, `refs/heads/${to}`, oid, hand);
  for (const pull of openPulls(repository)) {
    if (pull.baseRef !== from) continue;
    pull.baseRef = to;
    pull.updatedAt = world.now();
    const changes = { base: { ref: { from }, sha: { from: pull.baseOid } } };
    await announcePull(world, repository, pull, hand, "edited", { changes });
  }
  moveKey(repository.protections, from, to);
  moveKey(repository.mergeQueues, from, to);
  if (repository.settings.default_branch === from) await setDefaultBranch(world, repository, to, hand);
  repository.renamedBranches.set(from, to);
  repository.renamedBranches.delete(to);
  await moveRefs(world, repository, [{ ref: `refs/heads/${from}`, before: oid, after: null }], hand);
}

/** Makes another branch the one that clones check out. Pull requests stay where they are. */
export async function setDefaultBranch(
  world: World,
  repository: Repository,
  branch: string,
  hand: Hand,
): Promise<void> {
  const from = repository.settings.default_branch;
  if (from === branch) return;
  await pointHead(repository.git, `refs/heads/${branch}`);
  repository.settings.default_branch = branch;
  announce(world, repository, hand, "repository", "edited", { changes: { default_branch: { from } } });
}

function moveKey<Value>(map: Map<string, Value>, from: string, to: string): void {
  const value = map.get(from);
  if (value === undefined) return;
  map.delete(from);
  map.set(to, value);
}
