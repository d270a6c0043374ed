import { GitError } from "./git.ts";
import type { LocalRepository } from "./local-repository.ts";

/** Whether the branch holds a commit. */
export async function isAncestor(
  { git, root }: LocalRepository,
  commit: string,
  branch: string,
): Promise<boolean> {
  try {
    await git.run(["merge-base", "--is-ancestor", commit, branch], { cwd: root });
    return true;
  } catch (error) {
    // 1: it is not; 128: it is gone, so it never reached the branch.
    if (error instanceof GitError && error.reason === "failed") return false;
    throw error;
  }
}
