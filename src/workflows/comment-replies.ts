import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import { mayCommand } from "../domain/command-rights.ts";
import { isCalled } from "../domain/names.ts";
import {
  fitReply,
  formatReply,
  isOpenReply,
  parseReply,
  type Reply,
  type ReplyLine,
  renderReply,
} from "../domain/reply.ts";
import { readReplyMark, withReplyMark } from "../domain/reply-mark.ts";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import type { CommentForge, Thread, ThreadComment } from "../forge/comment-forge.ts";
import { askForPin } from "./ask-for-pin.ts";
import { type CommandedStacks, NOWHERE, type ServedStack } from "./given-command.ts";
import { progressOf } from "./scale-by-command.ts";

/** Our answer to a comment, and where it stands. */
export type PostedReply = { thread: Thread; commentId: number; replyId: number; reply: Reply };

export type CommentRepliesOptions = {
  forge: CommentForge;
  stacks: Pick<CommandedStacks, "served" | "scale">;
  clock: Clock;
  /** Signs what an answer remembers: see `headMarkKey`. */
  markKey: Buffer;
  /** A person has approved that head of a scale pull request of that stack, or with null of a plan. */
  onApproved: (thread: Thread, alias: string | null, headOid: string) => void;
};

/** An answer that is still being worked on by then was left by a process that died. */
const ABANDONED_AFTER_MS = 60_000;
const MOST_OPEN = 500;

/** Our answers to comments: what each remembers of itself is read back only where we wrote it. */
export class CommentReplies {
  readonly #options: CommentRepliesOptions;
  /** Those that are not at their end, by the reply's id: a hint where to look. */
  readonly #open = new LRUCache<number, PostedReply>({ max: MOST_OPEN });

  constructor(options: CommentRepliesOptions) {
    this.#options = options;
  }

  /** A comment as an answer of ours; null where it is none. */
  read(thread: Thread, { id, isPerson, isEdited, body }: ThreadComment): PostedReply | null {
    const mark = isPerson ? null : readReplyMark(this.#options.markKey, thread, body);
    const found = mark === null ? null : parseReply(mark.state);
    if (mark === null || found === null) return null;
    // We write a claim once. One that was edited is an answer that somebody has put back to it, from the history of its edits.
    const reply: Reply = found.status === "working" && isEdited ? { ...found, status: "done" } : found;
    return { thread, commentId: mark.commentId, replyId: id, reply };
  }

  /** Whether nobody works on an answer any more that is not done. */
  isAbandoned({ createdAtMs }: ThreadComment): boolean {
    return this.#options.clock() - createdAtMs > ABANDONED_AFTER_MS;
  }

  /**
   * Posts an answer that says that it is worked on; answers its id. Where another process has done so at the same moment, the older answer
   * is the one: then null, and ours is taken back. `sinceMs`: when the comment was posted.
   */
  async claim(thread: Thread, commentId: number, sinceMs: number): Promise<number | null> {
    const { forge } = this.#options;
    const reply: Reply = { version: 1, status: "working", lines: [] };
    const replyId = await forge.reply(thread, this.#format({ thread, commentId, reply }, renderReply(reply)));
    const answers = this.answersTo(thread, commentId, await forge.readThread(thread, sinceMs));
    if (!answers.some((answer) => answer.replyId < replyId)) return replyId;
    await forge.deleteReply(thread, replyId);
    return null;
  }

  /** Our answers to a comment among those of its thread, oldest first. There is one, but where two processes have claimed it at once. */
  answersTo(
    thread: Thread,
    commentId: number,
    comments: readonly ThreadComment[],
  ): (PostedReply & { isAbandoned: boolean })[] {
    const answers = comments.flatMap((comment) => {
      const posted = this.read(thread, comment);
      return posted?.commentId === commentId ? { ...posted, isAbandoned: this.isAbandoned(comment) } : [];
    });
    return answers.toSorted((one, other) => one.replyId - other.replyId);
  }

  /** Makes one sentence all of an answer that was begun. */
  async end({ thread, commentId, replyId }: PostedReply, why: string): Promise<void> {
    const reply: Reply = { version: 1, status: "done", lines: [] };
    await this.#options.forge.editReply(thread, replyId, this.#format({ thread, commentId, reply }, why));
  }

  /** Posts one sentence that is all of the answer. */
  async refuse(thread: Thread, commentId: number, why: string): Promise<void> {
    const reply: Reply = { version: 1, status: "done", lines: [] };
    await this.#options.forge.reply(thread, this.#format({ thread, commentId, reply }, why));
  }

  async write(answer: PostedReply): Promise<void> {
    const { forge, onApproved } = this.#options;
    const posted = { ...answer, reply: fitReply(answer.reply) };
    await forge.editReply(posted.thread, posted.replyId, this.#format(posted, renderReply(posted.reply)));
    this.remember(posted);
    // What it says counts from now on, and not before.
    for (const line of posted.reply.lines)
      if (line.kind === "approval") onApproved(posted.thread, line.alias, line.headOid);
  }

  /** Keeps in mind what is still to be brought up to date. */
  remember(posted: PostedReply): void {
    if (isOpenReply(posted.reply)) this.#open.set(posted.replyId, posted);
    else this.#open.delete(posted.replyId);
  }

  forget({ replyId }: PostedReply): void {
    this.#open.delete(replyId);
  }

  openIn(repository: RepositoryName): PostedReply[] {
    const key = repositoryKey(repository);
    return [...this.#open.values()].filter(({ thread }) => repositoryKey(thread) === key);
  }

  /** Writes how far things have come, where that is news. */
  async bringUpToDate(posted: PostedReply): Promise<void> {
    const { owner, repo } = posted.thread;
    const served = this.#options.stacks.served(owner, repo);
    const lines: ReplyLine[] = [];
    for (const line of posted.reply.lines) {
      const stack = line.kind === "scale" ? served.find(({ name }) => isCalled(name, line.alias)) : undefined;
      if (line.kind !== "scale" || stack === undefined) {
        lines.push(line);
        continue;
      }
      lines.push(await this.#followed(posted.thread, line, stack));
    }
    const reply = { ...posted.reply, lines };
    if (formatReply(reply) !== formatReply(posted.reply)) await this.write({ ...posted, reply });
  }

  async #followed(
    thread: Thread,
    line: Extract<ReplyLine, { kind: "scale" }>,
    stack: ServedStack,
  ): Promise<ReplyLine> {
    const { forge, stacks } = this.#options;
    const { progress } = line;
    if (progress.kind === "pinned")
      return askForPin(line, progress, stack, stacks, () => mayComeAgain(forge, thread, progress.by));
    const known = await progressOf(stack, line.event);
    // What was committed stays so: it is only further back by now than git is read.
    return known.kind === "gone" && progress.kind === "committed" ? line : { ...line, progress: known };
  }

  #format({ thread, commentId, reply }: Omit<PostedReply, "replyId">, text: string): string {
    return withReplyMark(this.#options.markKey, { ...thread, commentId }, formatReply(reply), text);
  }
}

/** Whether somebody may give commands here at all. */
async function mayComeAgain(forge: CommentForge, thread: Thread, login: string): Promise<boolean> {
  const permission = await forge.readPermission(thread, login);
  const actor = { login, permission, teams: [] };
  return mayCommand(actor, { kind: "help" }, NOWHERE, undefined).kind === "allowed";
}
