import type { Repository, World } from "../world.ts";

/** GitHub signs what it commits itself; an Enterprise Server only where that is switched on. */
export function signCommit(world: World, repository: Repository, oid: string): void {
  if (world.enterprise?.signsWebCommits !== false) repository.verifiedCommits.add(oid);
}
