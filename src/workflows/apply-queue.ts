import type { Receipt } from "../domain/receipt.ts";

/** How one run of the apply ended. */
export type ApplyEnd =
  /** `receipt` is null where nothing was pending; `problems` are sentences on what else failed. */
  | { kind: "done"; receipt: Receipt | null; problems: string[] }
  /** It could not be tried: a backend that is away, say. */
  | { kind: "failed"; message: string };

export type ApplyQueueOptions = {
  /** Applies whatever is pending by then. */
  run: () => Promise<ApplyEnd>;
  /** Told of each end before those who wait for it; what it throws ends up in `onError`. */
  onEnd: (end: ApplyEnd) => Promise<void>;
  onError: (error: unknown) => void;
  /** How long to wait before what failed is tried again, in milliseconds; `failures` counts from 1. */
  retryAfterMs?: (failures: number) => number;
};

/**
 * Runs one stack's applies one after the other. Requests that come while one runs wait for the next, which covers all of them with
 * the newest values. What failed is tried again, ever more rarely, until it succeeds.
 */
export class ApplyQueue {
  readonly #options: ApplyQueueOptions;
  #running: Promise<ApplyEnd> | null = null;
  #next: Promise<ApplyEnd> | null = null;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #isStopped = false;

  constructor(options: ApplyQueueOptions) {
    this.#options = options;
  }

  /** Resolves with the end of the first run that begins after this call. Never rejects. */
  request(): Promise<ApplyEnd> {
    if (this.#isStopped) return Promise.resolve(STOPPED);
    if (this.#running === null) return this.#start();
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      if (this.#isStopped) return STOPPED;
      return this.#running ?? this.#start();
    });
    return this.#next;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Starts nothing more, and resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    await this.#running;
  }

  #start(): Promise<ApplyEnd> {
    clearTimeout(this.#retry);
    const running = this.#runOnce().finally(() => {
      this.#running = null;
    });
    this.#running = running;
    return running;
  }

  async #runOnce(): Promise<ApplyEnd> {
    let end: ApplyEnd;
    try {
      end = await this.#options.run();
    } catch (error) {
      this.#options.onError(error);
      end = { kind: "failed", message: error instanceof Error ? error.message : String(error) };
    }
    this.#failures = isFailedEnd(end) ? this.#failures + 1 : 0;
    if (this.#failures > 0) this.#retryLater();
    try {
      await this.#options.onEnd(end);
    } catch (error) {
      this.#options.onError(error);
    }
    return end;
  }

  #retryLater(): void {
    if (this.#isStopped) return;
    const afterMs = (this.#options.retryAfterMs ?? retryAfterMs)(this.#failures);
    this.#retry = setTimeout(() => void this.request(), afterMs);
    this.#retry.unref();
  }
}

const STOPPED: ApplyEnd = { kind: "failed", message: "the sidecar is stopping; its next start applies it" };

const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 10 * 60_000;

function retryAfterMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
}

/** True where something is left to be tried again. */
export function isFailedEnd(end: ApplyEnd): boolean {
  if (end.kind === "failed") return true;
  return (end.receipt !== null && end.receipt.outcome !== "applied") || end.problems.length > 0;
}
