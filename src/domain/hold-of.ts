import type { Pool } from "./contract.ts";
import { isInForce, type Pause, type Pin, type PlacedHold } from "./controls.ts";
import { isNamed } from "./pool-history.ts";
import { type Reason, reason } from "./reasons.ts";

/** What holds a pool back beside the guardrails. */
export type Holds = {
  /** Why everything is paused, by the repository file or the environment; null where it is not. */
  everything: string | null;
  /** The pauses and pins that are about this pool, also those that are over. */
  holds: readonly PlacedHold[];
};

/** The pauses and pins of one pool: its own, under its present and former names, its stack's, and the repository's. */
export function holdsOfPool(holds: readonly PlacedHold[], pool: Pool): PlacedHold[] {
  return holds.filter(({ pool: name }) => name === null || isNamed(pool, name));
}

/**
 * Why a pool may not move so at a time; null where nobody holds it. Everything paused goes before a pin, a pin before a pause, a pause
 * before one of a direction. A pin lets its own value through, in spite of any pause but the one of everything.
 */
export function holdOf(
  { everything, holds }: Holds,
  pool: Pick<Pool, "name" | "min" | "max">,
  move: { from: number; to: number },
  nowMs: number,
): Reason | null {
  if (everything !== null) return reason("paused", everything);
  const pin = pinOf(holds, nowMs);
  if (pin !== null)
    return move.to === pinnedValue(pin, pool) ? null : reason("pinned", describeHold(pin, pool.name));
  const pause = pausesOf(holds, nowMs).find(({ direction }) => isAgainst(direction, move));
  return pause === undefined ? null : reason("paused", describeHold(pause, pool.name));
}

/** The pool's pin that is in force: the newest, where somebody has written two. */
export function pinOf(holds: readonly PlacedHold[], nowMs: number): (Pin & PlacedHold) | null {
  const pins = holds.filter((hold) => hold.kind === "pin").filter((hold) => isInForce(hold, nowMs));
  return pins.toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at))[0] ?? null;
}

/** The value that a pin means, within the limits of today. */
export function pinnedValue({ value }: Pin, { min, max }: Pick<Pool, "min" | "max">): number {
  return Math.min(Math.max(value, min), max);
}

/** The pauses that are in force: those of both directions first, and of each kind the one that lasts longest. */
export function pausesOf(holds: readonly PlacedHold[], nowMs: number): (Pause & PlacedHold)[] {
  const pauses = holds.filter((hold) => hold.kind === "pause").filter((hold) => isInForce(hold, nowMs));
  const rank = ({ direction }: Pause) => (direction === "both" ? 0 : 1);
  return pauses.toSorted((one, other) => rank(one) - rank(other) || compareEnds(other.until, one.until));
}

/** Who holds what, until when, and why: a sentence without a full stop. `pool`, `stack`: what they are called there and now. */
export function describeHold(hold: PlacedHold, pool = hold.pool ?? "", stack = "the stack"): string {
  const who = hold.by === "" ? "somebody" : hold.by;
  const until = hold.until === null ? "until somebody resumes it" : `until ${iso(hold.until)}`;
  const why = hold.why === "" ? "" : ` (${hold.why})`;
  if (hold.kind === "pin") return `${who} has pinned ${pool} at ${hold.value} ${until}${why}`;
  const direction = { in: "scaling in of ", out: "scaling out of ", both: "" }[hold.direction];
  const whole = hold.in === "repository" ? "the whole repository" : stack;
  return `${who} has paused ${direction}${hold.pool === null ? whole : pool} ${until}${why}`;
}

function isAgainst(direction: Pause["direction"], { from, to }: { from: number; to: number }): boolean {
  return direction === "both" || (direction === "in" ? to < from : to > from);
}

/** Null never ends. */
function compareEnds(one: string | null, other: string | null): number {
  const endOf = (until: string | null) => (until === null ? Number.MAX_SAFE_INTEGER : Date.parse(until));
  return endOf(one) - endOf(other);
}

function iso(time: string): string {
  return new Date(time).toISOString();
}
