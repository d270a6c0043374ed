import { readRef } from "../git/git-repository.ts";
import { listCommits } from "../git/history.ts";
import type { Repository } from "../world.ts";

export const unsignedCommits = "Commits must have verified signatures.";

/** The commits that `oid` would bring to a branch and that GitHub has not signed. */
export async function listUnsigned(repository: Repository, branch: string, oid: string): Promise<string[]> {
  const before = await readRef(repository.git, `refs/heads/${branch}`);
  const brought = await listCommits(repository.git, {
    from: oid,
    without: before === null ? [] : [before],
  });
  return brought.map((commit) => commit.oid).filter((one) => !repository.verifiedCommits.has(one));
}
