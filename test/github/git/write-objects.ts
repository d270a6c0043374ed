import { runGitText } from "./git-process.ts";
import type { GitRepository } from "./git-repository.ts";
import type { GitIdentity } from "./parse-commit.ts";

export async function writeBlob(git: GitRepository, content: string | Uint8Array): Promise<string> {
  return runGitText(git.directory, ["hash-object", "-w", "--stdin"], { stdin: content });
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
