import { GitError, runGitText } from "./git-process.ts";
import { type GitRepository, readCommit } from "./git-repository.ts";
import type { GitCommit, GitIdentity } from "./parse-commit.ts";
import { remember } from "./remember.ts";
import { writeCommit } from "./write-objects.ts";

export type MergedTree = { readonly kind: "clean"; readonly tree: string } | { readonly kind: "conflict" };

/** Three-way merge of two commits, without touching any ref. */
export function mergeTrees(git: GitRepository, ours: string, theirs: string): Promise<MergedTree> {
  return remember(git.merges, `${ours} ${theirs}`, async () => {
    try {
      const args = ["merge-tree", "--write-tree", "--no-messages", ours, theirs];
      const output = await runGitText(git.directory, args);
      return { kind: "clean", tree: output.split("\n")[0] ?? "" };
    } catch (error) {
      // 1 is a conflict; unrelated histories and the like end with 128.
      if (error instanceof GitError && (error.exitCode === 1 || /unrelated histories/.test(error.stderr)))
        return { kind: "conflict" };
      throw error;
    }
  });
}

/** The tree of `commit`'s own change on top of `onto`. */
export async function cherryPickTree(
  git: GitRepository,
  onto: string,
  commit: GitCommit,
): Promise<MergedTree> {
  const parent = commit.parents[0];
  const ontoCommit = await readCommit(git, onto);
  if (parent === undefined || ontoCommit === null) return { kind: "conflict" };
  // `merge-tree --merge-base` is younger than the oldest git in use; a commit of onto's tree whose only parent is
  // the commit's parent makes git find that merge base by itself.
  const nobody: GitIdentity = { name: "GitHub", email: "noreply@github.com", date: new Date(0) };
  const stage = await writeCommit(git, {
    tree: ontoCommit.tree,
    parents: [parent],
    message: "stage",
    author: nobody,
    committer: nobody,
  });
  return mergeTrees(git, stage, commit.oid);
}
