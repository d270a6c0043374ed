import { runGitText } from "./git-process.ts";
import type { GitRepository } from "./git-repository.ts";

/** Brings a commit, with all that it holds, from one repository into another: on GitHub a repository and its forks share them. */
export async function copyCommit(from: GitRepository, to: GitRepository, oid: string): Promise<void> {
  if (from === to) return;
  await runGitText(to.directory, [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    from.directory,
    oid,
  ]);
}
