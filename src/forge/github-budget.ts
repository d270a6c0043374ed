import type { Clock } from "../clock.ts";
import { ForgeError } from "./forge.ts";
import type { PlannedWrites, WriteUrgency } from "./planned-writes.ts";

/**
 * GitHub's limits on content-creating requests, for each installation, and what of each is kept back: a part for merges, and
 * before that a part for scale-outs.
 */
const WINDOWS = [
  { spanMs: 60_000, most: 80, forMerges: 10, forScaleOuts: 30 },
  { spanMs: 3_600_000, most: 500, forMerges: 40, forScaleOuts: 110 },
] as const;

/** No piece of work takes longer, in milliseconds: what it has not used by then is free again. */
const PLAN_LIFE_MS = 60_000;
/** When to come again where what is missing is planned by others, who may not use it. */
const PLANNED_WAIT_MS = 5_000;

/**
 * Our own share of what GitHub allows. A write beyond it is refused here, at once and with the time to wait, instead of being
 * queued: the sender's retry is the queue. Only GitHub's own limits are counted, so a restart at worst meets them there.
 */
export class GitHubBudget {
  readonly #clock: Clock;
  #writesAtMs: number[] = [];
  #closedUntilMs = 0;
  /** What is under way, and since when. */
  readonly #plans = new Map<PlannedWrites, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sets the writes of a piece of work aside for it. Throws `ForgeError` `rate-limited` when it must wait as a whole. */
  admit(plan: PlannedWrites): void {
    const nowMs = this.#checkOpen();
    this.#forgetOld(nowMs);
    if (!this.#redeem(plan)) this.#checkFits(plan.urgency, plan.left, nowMs);
    this.#plans.set(plan, nowMs);
  }

  /** Counts one request. Throws `ForgeError` `rate-limited` when it must wait. */
  spend(kind: "read" | "write", plan?: PlannedWrites): void {
    const nowMs = this.#checkOpen();
    if (kind === "read") return;
    this.#forgetOld(nowMs);
    const isPlanned = plan !== undefined && this.#plans.has(plan) && plan.take();
    // What has begun and needs more than was planned is brought to its end.
    if (!isPlanned) this.#checkFits(plan === undefined ? "other" : "merge", 1, nowMs);
    this.#writesAtMs.push(nowMs);
  }

  /** GitHub said when it takes requests again: until then none is sent. */
  close(seconds: number): void {
    this.#closedUntilMs = Math.max(this.#closedUntilMs, this.#clock() + seconds * 1000);
  }

  #checkOpen(): number {
    const nowMs = this.#clock();
    if (nowMs < this.#closedUntilMs) throw limited("GitHub asked to wait", this.#closedUntilMs - nowMs);
    return nowMs;
  }

  #forgetOld(nowMs: number): void {
    this.#writesAtMs = this.#writesAtMs.filter((atMs) => nowMs - atMs < 3_600_000);
    for (const [plan, sinceMs] of this.#plans)
      if (plan.left === 0 || nowMs - sinceMs >= PLAN_LIFE_MS) this.#plans.delete(plan);
  }

  /** Whether the write of this merge was set aside when its pull request was opened. */
  #redeem({ merges }: PlannedWrites): boolean {
    for (const plan of this.#plans.keys())
      if (merges !== null && plan.promisedTo === merges) return this.#plans.delete(plan);
    return false;
  }

  #checkFits(urgency: WriteUrgency, count: number, nowMs: number): void {
    let planned = 0;
    for (const { left } of this.#plans.keys()) planned += left;
    for (const window of WINDOWS) {
      const recent = this.#writesAtMs.filter((atMs) => nowMs - atMs < window.spanMs);
      const excess = recent.length + planned + count - (window.most - keptBack(window, urgency));
      if (excess <= 0) continue;
      const freeing = recent[excess - 1];
      const waitMs = freeing === undefined ? PLANNED_WAIT_MS : freeing + window.spanMs - nowMs;
      const minutes = window.spanMs / 60_000;
      throw limited(`of ${window.most} writes in ${minutes} min, ${WHAT_IS_LEFT[urgency]}`, waitMs);
    }
  }
}

const WHAT_IS_LEFT = {
  merge: "all are used up",
  "scale-out": "the rest is kept for merges",
  other: "the rest is kept for scale-outs and merges",
} as const satisfies Record<WriteUrgency, string>;

function keptBack({ forMerges, forScaleOuts }: (typeof WINDOWS)[number], urgency: WriteUrgency): number {
  if (urgency === "merge") return 0;
  return urgency === "scale-out" ? forMerges : forMerges + forScaleOuts;
}

function limited(why: string, waitMs: number): ForgeError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  const message = `The installation's budget of GitHub requests is closed for ${retryAfterSeconds} s (${why}); it is tried again then.`;
  return new ForgeError("rate-limited", message, { retryAfterSeconds });
}
