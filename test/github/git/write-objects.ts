import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { runGitText } from "./git-process.ts";
import type { GitRepository } from "./git-repository.ts";
import type { GitIdentity } from "./parse-commit.ts";

/** Sets `path` to an object, or removes it. */
export type TreeChange =
  | { readonly kind: "set"; readonly path: string; readonly mode: string; readonly oid: string }
  | { readonly kind: "remove"; readonly path: string };

export async function writeBlob(git: GitRepository, content: string | Uint8Array): Promise<string> {
  return runGitText(git.directory, ["hash-object", "-w", "--stdin"], { stdin: content });
}

/**
 * Writes the tree that `base` (a tree or commit; null: the empty tree) becomes by the changes.
 * Throws GitError for a path that git does not allow.
 */
export async function writeTree(
  git: GitRepository,
  base: string | null,
  changes: readonly TreeChange[],
): Promise<string> {
  const index = join(git.directory, `index-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    if (base !== null) await runGitText(git.directory, ["read-tree", base], { env });
    const lines = changes.map((change) =>
      change.kind === "set"
        ? `${change.mode} ${change.oid}\t${change.path}\0`
        : `0 ${"0".repeat(40)}\t${change.path}\0`,
    );
    const subtrees = changes.filter((change) => change.kind === "set" && change.mode === "040000");
    if (subtrees.length > 0) throw new Error("A whole tree goes through writeTreeOfEntries.");
    if (lines.length > 0) {
      await runGitText(git.directory, ["update-index", "-z", "--replace", "--index-info"], {
        env,
        stdin: lines.join(""),
      });
    }
    return await runGitText(git.directory, ["write-tree"], { env });
  } finally {
    await rm(index, { force: true });
  }
}

export interface NewCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly author: GitIdentity;
  readonly committer: GitIdentity;
}

export async function writeCommit(git: GitRepository, commit: NewCommit): Promise<string> {
  const parents = commit.parents.flatMap((parent) => ["-p", parent]);
  return runGitText(git.directory, ["commit-tree", commit.tree, ...parents], {
    stdin: commit.message,
    env: {
      GIT_AUTHOR_NAME: commit.author.name,
      GIT_AUTHOR_EMAIL: commit.author.email,
      GIT_AUTHOR_DATE: formatGitDate(commit.author.date),
      GIT_COMMITTER_NAME: commit.committer.name,
      GIT_COMMITTER_EMAIL: commit.committer.email,
      GIT_COMMITTER_DATE: formatGitDate(commit.committer.date),
    },
  });
}

function formatGitDate(date: Date): string {
  return `${Math.floor(date.getTime() / 1000)} +0000`;
}
