import type { GitCommit } from "../git/parse-commit.ts";
import type { Repository } from "../world.ts";
import type { MergeMethod, PullRequest } from "./pull-request.ts";

export interface MergeMessage {
  readonly title: string | null;
  readonly message: string | null;
}

/** The whole message of the commit that a merge makes, from what was asked for and the repository's settings. */
export function formatMergeMessage(
  repository: Repository,
  pull: PullRequest,
  commits: readonly GitCommit[],
  method: MergeMethod,
  asked: MergeMessage,
): string {
  const [title, body] =
    method === "squash" ? squashDefaults(repository, pull, commits) : mergeDefaults(repository, pull);
  const message = asked.message ?? body;
  return message === "" ? (asked.title ?? title) : `${asked.title ?? title}\n\n${message}`;
}

function mergeDefaults(repository: Repository, pull: PullRequest): [title: string, body: string] {
  const { settings } = repository;
  const title =
    settings.merge_commit_title === "PR_TITLE"
      ? `${pull.title} (#${pull.number})`
      : `Merge pull request #${pull.number} from ${pull.headRepository.owner.login}/${pull.headRef}`;
  switch (settings.merge_commit_message) {
    case "PR_TITLE":
      return [title, pull.title];
    case "PR_BODY":
      return [title, pull.body ?? ""];
    case "BLANK":
      return [title, ""];
  }
}

function squashDefaults(
  repository: Repository,
  pull: PullRequest,
  commits: readonly GitCommit[],
): [title: string, body: string] {
  const { settings } = repository;
  const [only] = commits.length === 1 ? commits : [];
  const fromCommit = settings.squash_merge_commit_title === "COMMIT_OR_PR_TITLE" && only !== undefined;
  const title = `${fromCommit ? headlineOf(only.message) : pull.title} (#${pull.number})`;
  switch (settings.squash_merge_commit_message) {
    case "PR_BODY":
      return [title, pull.body ?? ""];
    case "BLANK":
      return [title, ""];
    case "COMMIT_MESSAGES":
      if (only !== undefined) return [title, bodyOf(only.message)];
      return [title, withCoAuthors(commits.map((commit) => `* ${commit.message}`).join("\n\n"), commits)];
  }
}

/** After several commits GitHub names their authors below a line, where git no longer sees earlier trailers. */
function withCoAuthors(body: string, commits: readonly GitCommit[]): string {
  const authors = new Set(
    commits.map((commit) => `Co-authored-by: ${commit.author.name} <${commit.author.email}>`),
  );
  return authors.size < 2 ? body : `${body}\n\n---------\n\n${[...authors].join("\n")}`;
}

export function headlineOf(message: string): string {
  return message.split("\n", 1)[0] ?? "";
}

export function bodyOf(message: string): string {
  return message.slice(headlineOf(message).length).replace(/^\n+/, "");
}
