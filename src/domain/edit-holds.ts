import { type Hold, isInForce, MAX_HOLDS, type Pause, type Pin } from "./controls.ts";
import { describeHold } from "./hold-of.ts";

/** Which holds a person means: those of one pool, by its names, or those of everything that the file is about. */
export type HoldTarget = { kind: "pool"; names: readonly string[] } | { kind: "everything" };

export type EditedHolds =
  | {
      kind: "edited";
      holds: readonly Hold[];
      /** What somebody had said before, and does not hold any more. */
      replaced: readonly Hold[];
    }
  /** It says so already; nothing is to be written. */
  | { kind: "unchanged" }
  /** The file takes no more. */
  | { kind: "full"; message: string }
  /** What somebody else holds stays, and leaves no room for it. */
  | { kind: "kept"; message: string };

/** Whose holds a new one takes the place of: anybody's, or those of its own author alone. */
export type Replaces = "all" | "own";

/**
 * Adds a pause in place of the one of the same pool and direction; one of both directions takes the place of all of them. What it may not
 * replace holds beside it.
 */
export function withPause(
  holds: readonly Hold[],
  pause: Pause,
  names: readonly string[],
  nowMs: number,
  replaces: Replaces = "all",
): EditedHolds {
  const target: HoldTarget = pause.pool === null ? { kind: "everything" } : { kind: "pool", names };
  const isReplaced = (hold: Hold) =>
    hold.kind === "pause" &&
    isOf(hold, target) &&
    (replaces === "all" || isOfSame(hold, pause)) &&
    (pause.direction === "both" || hold.direction === pause.direction);
  return replace(holds, isReplaced, pause, nowMs);
}

/** Adds a pin in place of the pool's former one. Of two the newer counts, so one that may not replace another's is none. */
export function withPin(
  holds: readonly Hold[],
  pin: Pin,
  names: readonly string[],
  nowMs: number,
  replaces: Replaces = "all",
): EditedHolds {
  const target: HoldTarget = { kind: "pool", names };
  const isReplaced = (hold: Hold) => hold.kind === "pin" && isOf(hold, target);
  const others = holds.find((hold) => isReplaced(hold) && isInForce(hold, nowMs) && !isOfSame(hold, pin));
  if (replaces === "own" && others !== undefined) {
    const what = describeHold({ ...others, in: "stack" });
    return { kind: "kept", message: `you may not resume what another person has said, so it stays: ${what}` };
  }
  return replace(holds, isReplaced, pin, nowMs);
}

/** Takes away what was said of just this target; what holds beside it, or above it, stays. */
export function withoutHolds(holds: readonly Hold[], target: HoldTarget, nowMs: number): EditedHolds {
  return replace(holds, (hold) => isOf(hold, target), null, nowMs);
}

/** What is over is left out on the way: nobody else tidies up. */
function replace(
  holds: readonly Hold[],
  isReplaced: (hold: Hold) => boolean,
  added: Hold | null,
  nowMs: number,
): EditedHolds {
  const living = holds.filter((hold) => isInForce(hold, nowMs));
  const replaced = living.filter(isReplaced);
  const [same, ...others] = replaced;
  if (added === null && same === undefined) return { kind: "unchanged" };
  if (added !== null && same !== undefined && others.length === 0 && saysTheSame(same, added))
    return { kind: "unchanged" };
  const kept = living.filter((hold) => !isReplaced(hold));
  if (added !== null && kept.length >= MAX_HOLDS)
    return {
      kind: "full",
      message: `there are ${MAX_HOLDS} pauses and pins already; resume some of them first`,
    };
  return { kind: "edited", holds: added === null ? kept : [...kept, added], replaced };
}

function isOf({ pool }: Hold, target: HoldTarget): boolean {
  return target.kind === "everything" ? pool === null : pool !== null && target.names.includes(pool);
}

function isOfSame(one: Hold, other: Hold): boolean {
  return one.by.toLowerCase() === other.by.toLowerCase();
}

function saysTheSame(one: Hold, other: Hold): boolean {
  return JSON.stringify({ ...one, at: "" }) === JSON.stringify({ ...other, at: "" });
}
