import { LRUCache } from "lru-cache";
import type { Clock } from "../clock.ts";
import { parseCommands } from "../domain/command.ts";
import { isCalled } from "../domain/names.ts";
import { asksForPin } from "../domain/reply.ts";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import type { CommentForge, Thread, ThreadComment } from "../forge/comment-forge.ts";
import { ForgeError } from "../forge/forge.ts";
import type { Background } from "./background.ts";
import { CommentReplies, type CommentRepliesOptions } from "./comment-replies.ts";
import { findOldestPin } from "./find-oldest-pin.ts";
import type { CommandedStacks, PlanCommands } from "./given-command.ts";
import { type Asked, readAsked } from "./read-asked.ts";
import { type CommandedComment, runComment, tooOld } from "./run-comment.ts";

export type CommentAnswersOptions = CommentRepliesOptions & {
  forge: CommentForge;
  stacks: CommandedStacks;
  plans: PlanCommands;
  clock: Clock;
  background: Background;
  onError: (doing: string, error: unknown) => void;
};

type ListedRepository = RepositoryName & { repositoryNumber: string; pinned: readonly string[] };

/** What was asked long ago may not hold any more. */
const TOO_OLD_MS = 60 * 60_000;
/** A stranger is told once an hour that commands are not for them, and at most so many strangers of a repository. */
const REFUSED_FOR_MS = 60 * 60_000;
const MOST_REFUSALS = 10;
/** So much is kept in mind of comments and strangers that need nothing more. */
const MOST_KEPT = 5_000;

/** Said of what was begun and may not be gone on with. */
const EDITED =
  "✏️ The comment was edited or deleted before all of this was done. Commands in edited comments do not count, so nothing more is done for it; what was done by then stays. Write it again, as a new comment, if it still holds.";

/** Answers the commands of comments: each comment once, with one reply that is edited as things move. */
export class CommentAnswers {
  readonly #options: CommentAnswersOptions;
  readonly #replies: CommentReplies;
  readonly #caughtUp = new Set<string>();
  /** How often something has happened in a repository. */
  readonly #moves = new Map<string, number>();
  /** The numbers of the repositories that were listed, by their names. */
  readonly #numbers = new Map<string, string>();
  readonly #refusals = new LRUCache<string, Set<string>>({ max: MOST_KEPT, ttl: REFUSED_FOR_MS });
  /** Comments that were looked at and get no answer: a flood of them is not asked about again and again. */
  readonly #passed = new LRUCache<number, true>({ max: MOST_KEPT });

  constructor(options: CommentAnswersOptions) {
    this.#options = options;
    this.#replies = new CommentReplies(options);
  }

  /** A comment is new, or may never have been answered. Answers it in the background. */
  commented(thread: Thread, commentId: number, createdAtMs: number): void {
    const name = `comment ${thread.owner}/${thread.repo} ${commentId}`;
    this.#options.background.start(name, () =>
      this.#answer(thread, commentId, createdAtMs).catch((error: unknown) => {
        // The next listing looks for what is left without an answer.
        this.#caughtUp.delete(repositoryKey(thread));
        throw error;
      }),
    );
  }

  /** Something has happened in a repository: its answers are brought up to date in the background. */
  moved(repository: RepositoryName): void {
    const key = repositoryKey(repository);
    this.#moves.set(key, this.#movesOf(repository) + 1);
    if (this.#replies.openIn(repository).length === 0) return;
    const { background, onError } = this.#options;
    background.start(`answers ${key}`, async () => {
      for (const open of this.#replies.openIn(repository))
        await this.#replies.bringUpToDate(open).catch((error: unknown) => {
          // One answer that cannot be written, as where somebody has deleted it, holds up no other.
          if (isGone(error)) this.#replies.forget(open);
          onError(`bringing an answer in ${key} up to date`, error);
        });
    });
  }

  /** A repository is listed, with the aliases of its stacks that are pinned: what was left there before this process began is looked for, once. */
  listed({ owner, repo, repositoryNumber, pinned }: ListedRepository): void {
    const key = repositoryKey({ owner, repo });
    this.#numbers.set(key, repositoryNumber);
    if (this.#caughtUp.has(key)) return;
    this.#caughtUp.add(key);
    const { background, onError } = this.#options;
    background.start(`comments ${key}`, () =>
      this.#catchUpAtStart({ owner, repo }, pinned).catch((error: unknown) => {
        this.#caughtUp.delete(key);
        onError(`looking for comments in ${key}`, error);
      }),
    );
  }

  /** The answer to a pin asks for its value for as long as something holds that: it may not have changed for days. */
  async #catchUpAtStart(repository: RepositoryName, pinned: readonly string[]): Promise<void> {
    const { clock, stacks } = this.#options;
    const served = stacks.served(repository.owner, repository.repo);
    const pinnedAtMs = await findOldestPin(
      served.filter(({ name }) => pinned.some((alias) => isCalled(name, alias))),
    );
    await this.catchUp(repository, Math.min(pinnedAtMs ?? Number.POSITIVE_INFINITY, clock()));
  }

  /**
   * Finds, in one call where a repository is quiet, what a process that died or an event that was lost has left: comments without an answer,
   * answers in the middle. Answers to pins may be older: as old as `pinnedAtMs`.
   */
  async catchUp(repository: RepositoryName, pinnedAtMs = this.#options.clock()): Promise<void> {
    const { forge, clock } = this.#options;
    const repositoryNumber = this.#numbers.get(repositoryKey(repository));
    // One that was never listed is looked through once it is.
    if (repositoryNumber === undefined) return;
    const sinceMs = clock() - 2 * TOO_OLD_MS;
    const read = await forge.readRecent(repository, pinnedAtMs - 2 * TOO_OLD_MS);
    const answered = new Set<number>();
    /** Where to look for what was claimed and never answered: its comment may not be among these, or not be a command any more. */
    const left = new Map<number, { issue: number; createdAtMs: number }>();
    for (const comment of read) {
      const { issue } = comment;
      const open = this.#replies.read({ ...repository, repositoryNumber, issue }, comment);
      if (open === null) continue;
      const isOld = comment.createdAtMs < sinceMs;
      // Git is not read so far back: of what an older answer follows it may know nothing any more.
      if (!isOld || asksForPin(open.reply)) this.#replies.remember(open);
      if (isOld) continue;
      const isDone = open.reply.status === "done";
      if (isDone || !this.#replies.isAbandoned(comment)) answered.add(open.commentId);
      else left.set(open.commentId, { issue, createdAtMs: comment.createdAtMs - 2 * TOO_OLD_MS });
      // Another process may be at it, or have died a moment ago: the next listing sees.
      if (!isDone) this.#caughtUp.delete(repositoryKey(repository));
    }
    for (const { id, issue, isPerson, isEdited, body, createdAtMs } of read) {
      const mayAsk = isPerson && !isEdited && createdAtMs >= sinceMs && !this.#passed.has(id);
      if (mayAsk && !answered.has(id) && parseCommands(body, createdAtMs).length > 0)
        left.set(id, { issue, createdAtMs });
    }
    for (const [id, { issue, createdAtMs }] of left)
      this.commented({ ...repository, repositoryNumber, issue }, id, createdAtMs);
    this.moved(repository);
  }

  async #answer(thread: Thread, commentId: number, createdAtMs: number): Promise<void> {
    const { forge, stacks, plans, clock } = this.#options;
    const comments = await forge.readThread(thread, createdAtMs);
    const answers = this.#replies.answersTo(thread, commentId, comments);
    const known = answers.find(({ reply }) => reply.status === "done") ?? answers[0];
    // Two processes have claimed it, and one of them died before it could take its claim back.
    for (const answer of answers)
      if (answer !== known && answer.isAbandoned) await forge.deleteReply(thread, answer.replyId);
    if (known !== undefined && (known.reply.status === "done" || !known.isAbandoned)) {
      this.#replies.remember(known);
      return;
    }
    const asked = await readAsked(forge, thread, commentId, comments);
    if (asked.kind === "edited") this.#passed.set(commentId, true);
    if (asked.kind === "edited" || asked.kind === "nothing") return known && this.#replies.end(known, EDITED);
    const { comment, lines } = asked.said;
    if (asked.kind === "refused")
      return known ? this.#replies.end(known, asked.why) : this.#refuse(thread, comment, asked.why);
    const replyId = known?.replyId ?? (await this.#begin(asked));
    if (replyId === null) return;
    // Whoever has claimed it may have died before it could note that it begins.
    if (known !== undefined && !asked.wasBegun) await this.#noteBegun(asked.said);
    const moves = this.#movesOf(thread);
    const isOld = clock() - comment.createdAtMs > TOO_OLD_MS;
    const done = isOld ? tooOld(lines) : await runComment(asked.said, asked.actor, forge, { stacks, plans });
    await this.#replies.write({
      thread,
      commentId,
      replyId,
      reply: { version: 1, status: "done", lines: done },
    });
    // What has happened meanwhile found no answer to bring up to date.
    if (this.#movesOf(thread) !== moves) this.moved(thread);
  }

  #movesOf(repository: RepositoryName): number {
    return this.#moves.get(repositoryKey(repository)) ?? 0;
  }

  /**
   * Claims a comment that has no answer of ours, and then notes on it that it is begun; answers the answer's id, or null where it is not
   * ours to do. Anybody who may write can delete an answer, but nobody takes our reaction away: with it and without an answer it is done.
   */
  async #begin({ said, wasBegun }: Extract<Asked, { kind: "commands" }>): Promise<number | null> {
    const { thread, comment } = said;
    const replyId = wasBegun ? null : await this.#replies.claim(thread, comment.id, comment.createdAtMs);
    if (replyId !== null && (await this.#noteBegun(said)) !== "known") return replyId;
    if (wasBegun || replyId !== null) this.#passed.set(comment.id, true);
    // Another process has begun it meanwhile, and its answer is deleted.
    if (replyId !== null) await this.#options.forge.deleteReply(thread, replyId);
    return null;
  }

  /** What GitHub does not let us note is carried out all the same. */
  async #noteBegun({ thread, comment: { id } }: CommandedComment): Promise<"reacted" | "known" | "failed"> {
    const { forge, onError } = this.#options;
    return forge.react(thread, id, "eyes").catch((error: unknown) => {
      onError(`reacting to comment ${id} of ${repositoryKey(thread)}`, error);
      return "failed" as const;
    });
  }

  /** One polite sentence, and nothing else; and no more than a few, so that strangers cannot use up what GitHub lets us write. */
  async #refuse(thread: Thread, { id, author }: ThreadComment, why: string): Promise<void> {
    const key = repositoryKey(thread);
    const told = this.#refusals.get(key) ?? new Set<string>();
    this.#passed.set(id, true);
    if (told.has(author) || told.size >= MOST_REFUSALS) return;
    told.add(author);
    this.#refusals.set(key, told);
    await this.#replies.refuse(thread, id, why);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof ForgeError && error.code === "not-found";
}
