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
 * Writes the tree that `base` (a tree or commit; null: the empty tree) becomes by the changes. A path may be a whole
 * directory: a change of mode 040000 puts a tree there, a removal takes everything below. Throws GitError for a path
 * that git does not allow.
 */
export async function writeTree(
  git: GitRepository,
  base: string | null,
  changes: readonly TreeChange[],
): Promise<string> {
  const index = join(git.directory, `index-${randomUUID()}`);
  // ls-files wants a work tree; it reads the index alone, so any directory will do.
  const env = { GIT_INDEX_FILE: index, GIT_DIR: git.directory, GIT_WORK_TREE: git.directory };
  try {
    if (base !== null) await runGitText(git.directory, ["read-tree", base], { env });
    const cleared = changes.filter((change) => change.kind === "remove" || change.mode === directoryMode);
    const lines = await listBelow(
      git,
      env,
      cleared.map(({ path }) => path),
    );
    for (const change of changes) {
      if (change.kind === "set" && change.mode !== directoryMode) {
        lines.push(`${change.mode} ${change.oid}\t${change.path}\0`);
      }
    }
    if (lines.length > 0) {
      const stdin = lines.join("");
      await runGitText(git.directory, ["update-index", "-z", "--replace", "--index-info"], { env, stdin });
    }
    for (const change of changes) {
      if (change.kind === "set" && change.mode === directoryMode) {
        await runGitText(git.directory, ["read-tree", `--prefix=${change.path}/`, change.oid], { env });
      }
    }
    return await runGitText(git.directory, ["write-tree"], { env });
  } finally {
    await rm(index, { force: true });
  }
}

const directoryMode = "040000";

/** Index lines that take out every file at or below the paths. */
async function listBelow(
  git: GitRepository,
  env: Readonly<Record<string, string>>,
  paths: readonly string[],
): Promise<string[]> {
  if (paths.length === 0) return [];
  const args = ["--literal-pathspecs", "ls-files", "-z", "--", ...paths];
  const files = (await runGitText(git.directory, args, { env })).split("\0").filter((path) => path !== "");
  return files.map((path) => `0 ${"0".repeat(40)}\t${path}\0`);
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
  return `@${Math.floor(date.getTime() / 1000)} +0000`;
}
