import type { Clock } from "../clock.ts";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import { ForgeError } from "../forge/forge.ts";
import type { StatusIssueForge, StatusWritten } from "../forge/status-issue-forge.ts";
import type { Background } from "./background.ts";
import type { CommandedStacks } from "./given-command.ts";
import { readStatus } from "./read-status.ts";
import { renderStatus, STATUS_FAREWELL } from "./render-status.ts";

type StatusIssuesOptions = {
  forge: StatusIssueForge;
  stacks: Pick<CommandedStacks, "served">;
  clock: Clock;
  background: Background;
  /** An issue is edited no more often than once in so many milliseconds. */
  everyMs: number;
  onError: (name: RepositoryName, error: unknown) => void;
};

/**
 * - `unwanted`: it is to be closed
 * - `never-seen`: the same, but nobody knows whether there is one: it may have been switched off while no process ran
 */
type Watched = {
  name: RepositoryName;
  wish: "wanted" | "unwanted" | "never-seen";
  notBeforeMs: number;
  timer: NodeJS.Timeout | undefined;
};

type ListedWish = RepositoryName & {
  statusIssue: boolean | null;
  hasLedger: boolean;
  hasSettings: boolean;
};

/** What a person has to change first is tried again after this. */
const PERSON_FIRST_MS = 3_600_000;
/** A look that finds nothing to edit may be followed by the next one sooner, by this factor. */
const SOONER = 6;

/** Keeps the status issue of each repository that wants one like its pools. The newest state wins: what comes between two edits is one. */
export class StatusIssues {
  readonly #options: StatusIssuesOptions;
  readonly #watched = new Map<string, Watched>();
  /** Repositories of which somebody has said what they want. */
  readonly #seen = new Set<string>();
  #isStopped = false;

  constructor(options: StatusIssuesOptions) {
    this.#options = options;
  }

  /**
   * A repository is listed. `statusIssue`: whether it wants one; null where nobody can tell, and all stays as it was. One that had ever
   * something to do with us, a ledger or settings, may have an issue that is not wanted any more.
   */
  listed({ owner, repo, statusIssue, hasLedger, hasSettings }: ListedWish): void {
    const key = repositoryKey({ owner, repo });
    const known = this.#watched.get(key);
    if (statusIssue !== null) {
      const mayHaveOne = !this.#seen.has(key) && (hasLedger || hasSettings);
      const wish = statusIssue ? "wanted" : "unwanted";
      this.#seen.add(key);
      if (known === undefined && (statusIssue || mayHaveOne)) {
        const first = statusIssue ? wish : "never-seen";
        this.#watched.set(key, { name: { owner, repo }, wish: first, notBeforeMs: 0, timer: undefined });
      } else if (known !== undefined && (known.wish === "wanted") !== statusIssue) {
        known.wish = wish;
        known.notBeforeMs = 0;
      }
    }
    this.moved({ owner, repo });
  }

  /** Something has happened in a repository: its issue is brought up to date in the background, where it has one. */
  moved(name: RepositoryName): void {
    const watched = this.#watched.get(repositoryKey(name));
    if (watched !== undefined) this.#start(watched);
  }

  forget(name: RepositoryName): void {
    this.#seen.delete(repositoryKey(name));
    this.#drop(name);
  }

  #drop(name: RepositoryName): void {
    clearTimeout(this.#watched.get(repositoryKey(name))?.timer);
    this.#watched.delete(repositoryKey(name));
  }

  /** Nothing begins any more. */
  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#watched.values()) clearTimeout(timer);
  }

  #start(watched: Watched): void {
    this.#options.background.start(`status issue ${repositoryKey(watched.name)}`, () => this.#look(watched));
  }

  async #look(watched: Watched): Promise<void> {
    const { clock, everyMs, onError } = this.#options;
    const { name } = watched;
    const waitMs = watched.notBeforeMs - clock();
    if (waitMs > 0) return this.#lookIn(watched, waitMs);
    clearTimeout(watched.timer);
    if (this.#isGone(watched)) return;
    try {
      const written = await this.#bringUpToDate(watched);
      watched.notBeforeMs = clock() + (written === "written" ? everyMs : everyMs / SOONER);
    } catch (error) {
      // Where the App may see no issues, it has made none.
      if (watched.wish === "never-seen" && isForPeople(error)) return this.#drop(name);
      onError(name, error);
      const againMs = waitAfter(error, everyMs);
      watched.notBeforeMs = clock() + againMs;
      this.#lookIn(watched, againMs);
    }
  }

  async #bringUpToDate(watched: Watched): Promise<StatusWritten> {
    const { forge, stacks } = this.#options;
    const { name, wish } = watched;
    if (wish === "wanted") {
      const status = await readStatus(stacks.served(name.owner, name.repo));
      return forge.writeStatus(name, renderStatus(status));
    }
    await forge.endStatus(name, STATUS_FAREWELL);
    if (watched.wish !== "wanted") this.#drop(name);
    return "written";
  }

  #lookIn(watched: Watched, waitMs: number): void {
    clearTimeout(watched.timer);
    if (!this.#isGone(watched)) watched.timer = setTimeout(() => this.#start(watched), waitMs).unref();
  }

  /** Nothing is to be done for it any more. */
  #isGone(watched: Watched): boolean {
    return this.#isStopped || this.#watched.get(repositoryKey(watched.name)) !== watched;
  }
}

function waitAfter(error: unknown, everyMs: number): number {
  if (!(error instanceof ForgeError)) return everyMs;
  if (isForPeople(error)) return Math.max(PERSON_FIRST_MS, everyMs);
  return Math.max((error.retryAfterSeconds ?? 0) * 1000, everyMs);
}

/** A person has to change something first. */
function isForPeople(error: unknown): boolean {
  return error instanceof ForgeError && (error.code === "forbidden" || error.code === "not-found");
}
