import type { NotificationTargets } from "../domain/notification-targets.ts";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import { ForgeError, type ListedStack, type StackPlace } from "../forge/forge.ts";
import type { ListedHead } from "../forge/guard-forge.ts";
import type { NextListing } from "./guarded-repositories.ts";
import type { ListedPlan } from "./plan-pulls.ts";
import type { StackDirectory } from "./stack-directory.ts";

export type RepositoryListing = RepositoryName & {
  /** GitHub's number of the repository. */
  repositoryNumber: string;
  stacks: ListedStack[];
  unserved: { alias: string; message: string }[];
  hasLedger: boolean;
  /** Aliases with an open scale pull request: settled with each listing, since an event may be lost. */
  openScales: string[];
  /** Aliases of the stacks with a pin. */
  pinned: string[];
  /** Names that no stack has any more, with an open scale pull request: it is closed. */
  leftBehind: StackPlace[];
  /** Open pull requests, with what the guard has reported on them. */
  openHeads: ListedHead[];
  /** Open pull requests that may be of a plan. */
  plans: ListedPlan[];
  hasSettings: boolean;
  /** Whether the repository wants a status issue; null where its file cannot be used. */
  statusIssue: boolean | null;
  /** Whom the repository wants told; null where its file cannot be used. */
  notifications: NotificationTargets | null;
};

/** Where repositories and their stacks are listed. */
export interface RepositorySource {
  /** What cannot be listed is told and left out. `lastPush` changes with every push to any branch. */
  listRepositories(onSkipped: (error: unknown) => void): AsyncIterable<RepositoryName & { lastPush: string }>;
  readRepository(name: RepositoryName): Promise<RepositoryListing>;
}

/** How many repositories are read at once. */
const AT_ONCE = 8;

/** What was seen of a repository: two reads after its last push have seen all of it, pushes of the same second included. */
type Seen = { lastPush: string; reads: number; isQuiet: boolean; skips: number };
/** With `later`, so many listings pass one by. */
const SKIPS = 5;

export type Watching = {
  onListed: (listing: RepositoryListing) => void;
  /** When a repository without a push has to be listed again. */
  nextListing: (name: RepositoryName) => NextListing;
  onError: (doing: string, error: unknown) => void;
};

/**
 * Keeps the directory like the repositories: all at once at the start and every few minutes (an event may be lost), one at a time
 * when GitHub tells of news.
 */
export class RepositoryWatch {
  readonly #source: RepositorySource;
  readonly #directory: StackDirectory;
  readonly #watching: Watching;
  readonly #seen = new Map<string, Seen>();
  /** Repositories whose last listing failed, and may work later. */
  readonly #unlisted = new Set<string>();
  /** Reads are numbered as they begin: the newest of a repository that has come back, or that it was forgotten after. */
  readonly #newestRead = new Map<string, number>();
  #reads = 0;

  constructor(source: RepositorySource, directory: StackDirectory, watching: Watching) {
    this.#source = source;
    this.#directory = directory;
    this.#watching = watching;
  }

  /**
   * Lists everything, but repositories in which nothing has happened since. A repository that fails is told, tried once more
   * at the end, and left as it was; one that is no longer listed is forgotten. Ends early when `stopping` aborts.
   * Answers `part` where something was not listed that may be the next time.
   */
  async listAll(stopping?: AbortSignal): Promise<"whole" | "part"> {
    let isComplete = true;
    let mayListMore = false;
    const listed: RepositoryName[] = [];
    const failed: RepositoryName[] = [];
    const running = new Set<Promise<void>>();
    const names = this.#source.listRepositories((error) => {
      isComplete = false;
      mayListMore ||= mayWorkLater(error);
      this.#watching.onError("listing an installation", error);
    });
    for await (const { lastPush, ...name } of names) {
      if (stopping?.aborted) break;
      listed.push(name);
      const seen = this.#seen.get(repositoryKey(name));
      if (seen?.lastPush === lastPush && seen.reads >= 2 && seen.isQuiet && this.#mayPass(name, seen))
        continue;
      const reading = this.#listAfterPush(name, lastPush).then((isListed) => {
        running.delete(reading);
        if (!isListed) failed.push(name);
      });
      running.add(reading);
      if (running.size >= AT_ONCE) await Promise.race(running);
    }
    await Promise.all(running);
    if (stopping?.aborted) return "part";
    for (const name of failed) await this.list(name);
    if (isComplete) this.#retain(listed);
    mayListMore ||= listed.some((name) => this.#unlisted.has(repositoryKey(name)));
    const extent = mayListMore ? "part" : "whole";
    this.#directory.loaded(extent);
    return extent;
  }

  #mayPass(name: RepositoryName, seen: Seen): boolean {
    const next = this.#watching.nextListing(name);
    if (next === "later") seen.skips += 1;
    return next === "after-a-push" || (next === "later" && seen.skips <= SKIPS);
  }

  async #listAfterPush(name: RepositoryName, lastPush: string): Promise<boolean> {
    const before = this.#seen.get(repositoryKey(name));
    const listing = await this.#read(name);
    if (listing === "failed") return false;
    if (listing === "overtaken") return true;
    const reads = before?.lastPush === lastPush ? before.reads + 1 : 1;
    // An entry that could not be verified may be by the next time.
    const isQuiet =
      listing.openScales.length === 0 &&
      listing.plans.length === 0 &&
      listing.stacks.every(({ refusal }) => refusal === null);
    this.#seen.set(repositoryKey(name), { lastPush, reads, isQuiet, skips: 0 });
    return true;
  }

  /** A repository that the App may no longer see: it is served no more, and read anew should it come back. */
  forget({ owner, repo }: RepositoryName): void {
    const key = repositoryKey({ owner, repo });
    this.#seen.delete(key);
    this.#newestRead.set(key, this.#reads);
    this.#directory.removeRepository(owner, repo);
  }

  #retain(listed: readonly RepositoryName[]): void {
    const keys = new Set(listed.map(repositoryKey));
    for (const key of this.#seen.keys()) if (!keys.has(key)) this.#seen.delete(key);
    this.#directory.retainRepositories(listed);
  }

  /** Lists one repository; answers whether that worked. */
  async list(name: RepositoryName): Promise<boolean> {
    return (await this.#read(name)) !== "failed";
  }

  /** Reads of one repository may run side by side, for all and for an event: one that began earlier never comes after a later one. */
  async #read(name: RepositoryName): Promise<RepositoryListing | "overtaken" | "failed"> {
    const key = repositoryKey(name);
    const read = ++this.#reads;
    try {
      const listing = await this.#source.readRepository(name);
      if (read <= (this.#newestRead.get(key) ?? 0)) return "overtaken";
      this.#newestRead.set(key, read);
      this.#directory.replaceRepository(listing);
      this.#unlisted.delete(key);
      this.#watching.onListed(listing);
      for (const alias of listing.openScales) this.#directory.settle(listing.owner, listing.repo, alias);
      for (const place of listing.leftBehind) this.#directory.closeLeftBehind(place);
      return listing;
    } catch (error) {
      if (mayWorkLater(error)) this.#unlisted.add(key);
      else this.#unlisted.delete(key);
      this.#watching.onError(`listing ${name.owner}/${name.repo}`, error);
      return "failed";
    }
  }
}

function mayWorkLater(error: unknown): boolean {
  return !(error instanceof ForgeError && (error.code === "forbidden" || error.code === "not-found"));
}
