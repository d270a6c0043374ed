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

/** `unwanted`: it is to be closed. */
type Watched = {
  name: RepositoryName;
  wish: "wanted" | "unwanted";
  notBeforeMs: number;
  timer: NodeJS.Timeout | undefined;
};

/** What a person has to change first is tried again after this. */
const PERSON_FIRST_MS = 3_600_000;
/** A look that finds nothing to edit may be followed by the next one sooner, by this factor. */
const SOONER = 6;

/** Keeps the status issue of each repository that wants one like its pools. The newest state wins: what comes between two edits is one. */
export class StatusIssues {
  readonly #options: StatusIssuesOptions;
  readonly #watched = new Map<string, Watched>();
  #isStopped = false;

  constructor(options: StatusIssuesOptions) {
    this.#options = options;
  }

  /** A repository is listed. `statusIssue`: whether it wants one; null where nobody can tell, and all stays as it was. */
  listed({ owner, repo, statusIssue }: RepositoryName & { statusIssue: boolean | null }): void {
    const key = repositoryKey({ owner, repo });
    const known = this.#watched.get(key);
    const wish = statusIssue ? "wanted" : "unwanted";
    if (known !== undefined && statusIssue !== null && known.wish !== wish) {
      known.wish = wish;
      known.notBeforeMs = 0;
    }
    if (known === undefined && statusIssue === true)
      this.#watched.set(key, { name: { owner, repo }, wish, notBeforeMs: 0, timer: undefined });
    this.moved({ owner, repo });
  }

  /** Something has happened in a repository: its issue is brought up to date in the background, where it has one. */
  moved(name: RepositoryName): void {
    const watched = this.#watched.get(repositoryKey(name));
    if (watched !== undefined) this.#start(watched);
  }

  forget(name: RepositoryName): void {
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
    if (watched.wish === "unwanted") this.forget(name);
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
  if (error.code === "forbidden" || error.code === "not-found") return Math.max(PERSON_FIRST_MS, everyMs);
  return Math.max((error.retryAfterSeconds ?? 0) * 1000, everyMs);
}
