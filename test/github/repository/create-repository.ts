import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { copyCommit } from "../git/copy-commit.ts";
import { createGitRepository } from "../git/git-repository.ts";
import { listRefs, updateRefs } from "../git/refs.ts";
import { createLock } from "../lock.ts";
import { type Account, fullName, type Repository, type World } from "../world.ts";
import type { RepositorySettings } from "./settings.ts";

export interface RepositoryWish extends Pick<Repository, "owner" | "name" | "parent"> {
  readonly settings: RepositorySettings;
}

/** Makes a repository that has no commit yet. */
export async function createRepository(world: World, wish: RepositoryWish): Promise<Repository> {
  const { owner, name, parent, settings } = wish;
  await mkdir(join(world.dataDirectory, owner.login), { recursive: true });
  const repository: Repository = {
    id: world.nextId(),
    owner,
    name,
    git: await createGitRepository(findDirectory(world, owner, name), settings.default_branch),
    parent,
    createdAt: world.now(),
    lock: createLock(),
    settings: { ...settings },
    collaborators: new Map(),
    protections: new Map(),
    renamedBranches: new Map(),
    pushers: new Map(),
    activities: [],
    mergeQueues: new Map(),
    labels: new Map(),
    issues: new Map(),
    environments: new Map(),
    pinnedIssues: [],
    asyncMerges: [],
    statuses: [],
    checkSuites: [],
    checkRuns: [],
    commitComments: [],
    verifiedCommits: new Set(),
    pushedAt: world.now(),
    updatedAt: world.now(),
  };
  world.repositories.set(fullName(repository).toLowerCase(), repository);
  world.redirects.delete(fullName(repository).toLowerCase());
  return repository;
}

/** Copies a repository's branches into one of the same name of another account. Runs inside the lock of the original. */
export async function forkRepository(
  world: World,
  original: Repository,
  owner: Account,
): Promise<Repository> {
  const { name, settings } = original;
  const fork = await createRepository(world, { owner, name, parent: original, settings });
  for (const [ref, oid] of await listRefs(original.git, "refs/heads/")) {
    await copyCommit(original.git, fork.git, oid);
    await updateRefs(fork.git, [{ ref, before: null, after: oid }]);
  }
  return fork;
}

/** A repository that was renamed keeps its folder, so a later one of its old name needs another. */
function findDirectory(world: World, owner: Account, name: string): string {
  const directory = join(world.dataDirectory, owner.login, `${name}.git`);
  const taken = [...world.repositories.values()].some(({ git }) => git.directory === directory);
  return taken ? join(world.dataDirectory, owner.login, `${name}-${world.nextId()}.git`) : directory;
}
