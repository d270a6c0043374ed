import type { Permission } from "../domain/command-rights.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { StackFile } from "../domain/snapshot.ts";

/** More comments than this GitHub lets nobody write on one issue or pull request. */
export const MOST_OF_THREAD = 2_500;

/** An issue or a pull request, as far as comments go; the repository's number stays where it gets another name. */
export type Thread = RepositoryName & { repositoryNumber: string; issue: number };

/** A comment as it stands now. */
export type ThreadComment = {
  id: number;
  issue: number;
  /** A login; of a deleted account it is empty. */
  author: string;
  /** A person, and not an App or another bot. */
  isPerson: boolean;
  body: string;
  createdAtMs: number;
  /** Its text is not the one that it was posted with. An edit within the second in which it was posted may be missing: see `readPast`. */
  isEdited: boolean;
  /** What `readPast` finds it by. */
  nodeId: string;
};

/** What has happened to a comment. */
export type CommentPast = {
  /** It was edited, however soon, or is gone. */
  wasEdited: boolean;
  /** It has our own reaction of eyes: its commands were begun, whatever has become of the answer. */
  wasBegun: boolean;
};

/** A pull request, as far as a command on it needs it. */
export type CommentedPull = { branch: string; isOpen: boolean };

/** What commands in comments ask of the place that holds the repository. Every method throws `ForgeError` when it could not do its work. */
export interface CommentForge {
  /** The comments of a thread that were posted or changed since then, oldest first: all that GitHub lets a thread have. One call for a hundred. */
  readThread(thread: Thread, sinceMs: number): Promise<ThreadComment[]>;
  /** The newest comments of a whole repository since then, newest first, at most a thousand. One call for a hundred. */
  readRecent(repository: RepositoryName, sinceMs: number): Promise<ThreadComment[]>;
  /** What a comment does not tell of itself in a list. One call. */
  readPast(repository: RepositoryName, nodeId: string): Promise<CommentPast>;
  /** Whether we had reacted so before. */
  react(
    repository: RepositoryName,
    commentId: number,
    reaction: "eyes" | "confused",
  ): Promise<"reacted" | "known">;
  /** Answers the new comment's id. */
  reply(thread: Thread, body: string): Promise<number>;
  editReply(repository: RepositoryName, replyId: number, body: string): Promise<void>;
  /** Does nothing where it is gone already. */
  deleteReply(repository: RepositoryName, replyId: number): Promise<void>;
  readPermission(repository: RepositoryName, login: string): Promise<Permission>;
  /** Whether somebody is in one of an organization's teams: one call for each that is asked for, until one has them. */
  teamsOf(repository: RepositoryName, login: string, teams: readonly string[]): Promise<string[]>;
  /** `.github/pulumiscale.yml` on the default branch. */
  readRepositoryFile(repository: RepositoryName): Promise<StackFile>;
  /** Null where the number is an issue's. */
  readPull(thread: Thread): Promise<CommentedPull | null>;
  /** When that head of a branch was pushed, in milliseconds, as GitHub has noted it: a commit's own time is what its writer says. Null where it does not tell. */
  readPushTime(repository: RepositoryName, branch: string, headOid: string): Promise<number | null>;
  /** Starts the workflows of the default branch that listen for this type of event, and tells them the stack. */
  requestApply(repository: RepositoryName, eventType: string, alias: string): Promise<void>;
}
