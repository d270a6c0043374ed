import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../clock.ts";
import type { Notification } from "../domain/notification.ts";
import { decideNews, type Seen, type UntoldSince } from "../domain/notification-news.ts";
import {
  isAbout,
  isAboutPlanEnds,
  isWanted,
  type NamedTarget,
  type NotificationTargets,
  namedTargets,
} from "../domain/notification-targets.ts";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import type { NotificationOutbox } from "../notify/notifier.ts";
import type { Background } from "./background.ts";
import type { CommandedStacks, ServedStack } from "./given-command.ts";
import { readNotifications } from "./read-notifications.ts";
import { readSituation } from "./read-situation.ts";
import { TryAgainError } from "./scaling.ts";

type NotificationsOptions = {
  outbox: NotificationOutbox;
  stacks: Pick<CommandedStacks, "served">;
  clock: Clock;
  background: Background;
  /** What people look at: `https://github.com`. */
  serverUrl: string;
  /** A repository is looked at no more often than once in so many milliseconds. */
  everyMs: number;
  /** A target cannot be told since settings of the app are missing. */
  onLacking: (name: RepositoryName, target: string, settings: readonly string[]) => void;
  onError: (name: RepositoryName, error: unknown) => void;
};

type Watched = {
  name: RepositoryName;
  /** Empty where nobody is to be told. */
  targets: readonly NamedTarget[];
  /** When its targets became these; null: they were there at the start. */
  changedAtMs: number | null;
  /** What was seen of each source, a stack's by its id; none of one that was not looked at yet. */
  seen: Map<string, Seen>;
  notBeforeMs: number;
  /** Looks in a row that have failed. */
  failures: number;
  timer: NodeJS.Timeout | undefined;
};

const UNSEEN = { notBeforeMs: 0, failures: 0, timer: undefined };

type ListedWish = RepositoryName & { notifications: NotificationTargets | null };

/** An apply has ended so much before GitHub tells of it: its job writes to the ledger first. */
const REPORTED_WITHIN_MS = 30_000;

/** What is listed for the first time so long after the start was there under another name, or is new. */
const LISTED_WITHIN_MS = 15 * 60_000;

/** A look that fails is followed by another one after so many times the usual distance, so often: no event may come. */
const LATER = 6;
const MOST_FAILURES = 5;

/**
 * Tells targets what has become of scale pull requests and plans, as far as their repository names targets and the app has their addresses.
 * Nothing of it is kept anywhere: what became so before this process started counts as told, as far as no missed event shows that nobody
 * can have told it, and so does what was so before the repository named its targets. Where nobody is to be told, nothing is read.
 */
export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #lacking = new Set<string>();
  readonly #startedAtMs: number;
  #since: UntoldSince;
  #isStopped = false;

  constructor(options: NotificationsOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock();
    this.#since = { openMs: this.#startedAtMs, endMs: this.#startedAtMs };
  }

  /** A repository is listed. `notifications`: whom it wants told; null where nobody can tell, and all stays as it was. */
  listed({ owner, repo, notifications }: ListedWish): void {
    const name = { owner, repo };
    const key = repositoryKey(name);
    if (notifications !== null) {
      const targets = namedTargets(notifications).filter((target) => this.#isReady(name, target));
      const known = this.#watched.get(key);
      if (known === undefined)
        this.#watched.set(key, { ...UNSEEN, name, targets, changedAtMs: this.#firstAtMs(), seen: new Map() });
      else this.#change(known, targets);
    }
    this.moved(name);
  }

  /** Something has happened in a repository: what is news is told in the background. */
  moved(name: RepositoryName): void {
    const watched = this.#watched.get(repositoryKey(name));
    if (watched !== undefined) this.#start(watched);
  }

  #firstAtMs(): number | null {
    return this.#options.clock() - this.#startedAtMs > LISTED_WITHIN_MS ? this.#nowMs() : null;
  }

  /** GitHub dates to the second. */
  #nowMs(): number {
    return Math.floor(this.#options.clock() / 1000) * 1000;
  }

  /** What was so before somebody became a target is not told to them. */
  #change(watched: Watched, targets: readonly NamedTarget[]): void {
    if (isDeepStrictEqual(watched.targets, targets)) return;
    // What has happened meanwhile was not looked at.
    if (watched.targets.length === 0) watched.seen.clear();
    watched.targets = targets;
    watched.changedAtMs = this.#nowMs();
  }

  /** Whether anybody is to be told how plans of the repository have ended. */
  tellsPlanEnds(name: RepositoryName): boolean {
    return this.#watched.get(repositoryKey(name))?.targets.some(isAboutPlanEnds) ?? false;
  }

  /** Events since then have reached nobody: what became so since then was told by nobody. */
  missedSince(atMs: number): void {
    if (atMs >= this.#since.openMs) return;
    this.#since = { openMs: atMs, endMs: atMs - REPORTED_WITHIN_MS };
    for (const watched of this.#watched.values()) this.#start(watched);
  }

  /** Nobody of the repository is told any more, unless it is listed again: then what happens from there on. */
  forget(name: RepositoryName): void {
    const watched = this.#watched.get(repositoryKey(name));
    if (watched === undefined) return;
    clearTimeout(watched.timer);
    this.#change(watched, []);
  }

  /** Nothing begins any more. */
  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#watched.values()) clearTimeout(timer);
  }

  #isReady(name: RepositoryName, target: NamedTarget): boolean {
    const lacking = this.#options.outbox.lacks(target);
    const key = `${repositoryKey(name)} ${target.name} ${lacking.join()}`;
    if (lacking.length > 0 && !this.#lacking.has(key)) {
      this.#lacking.add(key);
      this.#options.onLacking(name, target.name, lacking);
    }
    return lacking.length === 0;
  }

  #start(watched: Watched): void {
    const { background } = this.#options;
    if (watched.targets.length === 0) return;
    background.start(`notify ${repositoryKey(watched.name)}`, () => this.#look(watched));
  }

  async #look(watched: Watched): Promise<void> {
    const { clock, everyMs, onError } = this.#options;
    const waitMs = watched.notBeforeMs - clock();
    if (waitMs > 0) return this.#lookIn(watched, waitMs);
    if (this.#isOver(watched)) return;
    watched.notBeforeMs = clock() + everyMs;
    const { owner, repo } = watched.name;
    let hasFailed = false;
    for (const stack of this.#options.stacks.served(owner, repo)) {
      if (!watched.targets.some((target) => isAbout(target, stack.name.alias))) continue;
      try {
        await this.#lookAt(watched, stack);
      } catch (error) {
        hasFailed = true;
        // What cannot be used as it stands is told where it is scaled.
        if (!(error instanceof TryAgainError)) onError(watched.name, error);
      }
    }
    watched.failures = hasFailed ? watched.failures + 1 : 0;
    if (hasFailed && watched.failures <= MOST_FAILURES) this.#lookIn(watched, everyMs * LATER);
  }

  async #lookAt(watched: Watched, { context, name }: ServedStack): Promise<void> {
    const snapshot = await context.snapshots.get();
    const situation = readSituation(context, snapshot);
    this.take(watched.name, name.id, readNotifications(situation, context.place, this.#options.serverUrl));
  }

  /** All that can be told of one source of a repository at the moment, a stack or a plan: what is news of it is told. */
  take(name: RepositoryName, source: string, reading: readonly Notification[]): void {
    const watched = this.#watched.get(repositoryKey(name));
    if (watched === undefined || watched.targets.length === 0) return;
    const { news, seen } = decideNews(watched.seen.get(source) ?? null, reading, this.#sinceOf(watched));
    watched.seen.set(source, seen);
    for (const ofSubject of Map.groupBy(news, ({ subject }) => subject.id).values())
      this.#tell(watched, ofSubject);
  }

  #sinceOf({ changedAtMs }: Watched): UntoldSince {
    return changedAtMs === null ? this.#since : { openMs: changedAtMs, endMs: changedAtMs };
  }

  /** A target gets all that is news of one subject at once. */
  #tell({ targets }: Watched, news: readonly Notification[]): void {
    for (const target of targets) {
      const [first, ...others] = news.filter((notification) => isWanted(target, notification));
      if (first === undefined) continue;
      this.#options.outbox.post(target, { subject: first.subject, news: [first, ...others] });
    }
  }

  #lookIn(watched: Watched, waitMs: number): void {
    clearTimeout(watched.timer);
    if (!this.#isOver(watched)) watched.timer = setTimeout(() => this.#start(watched), waitMs).unref();
  }

  #isOver({ targets }: Watched): boolean {
    return this.#isStopped || targets.length === 0;
  }
}
