import type { Clock } from "../clock.ts";
import { ForgeError } from "./forge.ts";

/** GitHub's limits on content-creating requests, for each installation. */
const WINDOWS = [
  { spanMs: 60_000, most: 80 },
  { spanMs: 3_600_000, most: 500 },
] as const;

/**
 * Our own share of what GitHub allows. A write beyond it is refused here, at once and with the time to wait, instead of being
 * queued: the sender's retry is the queue. Only GitHub's own limits are counted, so a restart at worst meets them there.
 */
export class GitHubBudget {
  readonly #clock: Clock;
  #writesAtMs: number[] = [];
  #closedUntilMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one request. Throws `ForgeError` `rate-limited` when it must wait. */
  spend(kind: "read" | "write"): void {
    const nowMs = this.#clock();
    if (nowMs < this.#closedUntilMs) throw limited("GitHub asked to wait", this.#closedUntilMs - nowMs);
    if (kind === "read") return;
    this.#writesAtMs = this.#writesAtMs.filter((atMs) => nowMs - atMs < 3_600_000);
    for (const { spanMs, most } of WINDOWS) {
      const recent = this.#writesAtMs.filter((atMs) => nowMs - atMs < spanMs);
      const oldest = recent[recent.length - most];
      if (oldest !== undefined)
        throw limited(`${most} writes in ${spanMs / 60_000} min are used up`, oldest + spanMs - nowMs);
    }
    this.#writesAtMs.push(nowMs);
  }

  /** GitHub said when it takes requests again: until then none is sent. */
  close(seconds: number): void {
    this.#closedUntilMs = Math.max(this.#closedUntilMs, this.#clock() + seconds * 1000);
  }
}

function limited(why: string, waitMs: number): ForgeError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  const message = `The installation's budget of GitHub requests is closed for ${retryAfterSeconds} s (${why}); it is tried again then.`;
  return new ForgeError("rate-limited", message, { retryAfterSeconds });
}
