import { readRef } from "../git/git-repository.ts";
import { isAncestor } from "../git/history.ts";
import type { Repository } from "../world.ts";
import { listPullCommits } from "./list-pull-changes.ts";
import type { PullRequest } from "./pull-request.ts";

/**
 * The merged pull request that brought a commit; for one that the default branch does not have, also the open ones
 * that hold it.
 */
export async function findPullsOfCommit(repository: Repository, oid: string): Promise<PullRequest[]> {
  const pulls = [...repository.issues.values()].filter((issue) => issue.kind === "pull-request");
  const merged = pulls.filter(
    (pull) => pull.merge?.commitOid === oid || pull.merge?.broughtOids.has(oid) === true,
  );
  const head = await readRef(repository.git, `refs/heads/${repository.settings.default_branch}`);
  if (head !== null && (await isAncestor(repository.git, oid, head))) return merged;
  const holding: PullRequest[] = [];
  for (const pull of pulls.filter(({ state }) => state === "open")) {
    const commits = await listPullCommits(repository, pull);
    if (commits.some((commit) => commit.oid === oid)) holding.push(pull);
  }
  return [...merged, ...holding];
}
