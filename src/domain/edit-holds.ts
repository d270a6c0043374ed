import { type ControlsScope, type Hold, isInForce, MAX_HOLDS, type Pause, type Pin } from "./controls.ts";
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

/** Whose holds a change takes away or the place of: anybody's, or those of its own author alone. */
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

/**
 * Adds a pin in place of the pool's former one. Of two the newer counts, so one that may not replace another's is none; nor is one that
 * would let its value through another's pause.
 */
export function withPin(
  holds: readonly Hold[],
  pin: Pin,
  names: readonly string[],
  nowMs: number,
  replaces: Replaces = "all",
): EditedHolds {
  const target: HoldTarget = { kind: "pool", names };
  const isReplaced = (hold: Hold) => hold.kind === "pin" && isOf(hold, target);
  const others = holds.find(
    (hold) =>
      (isReplaced(hold) || (hold.kind === "pause" && (hold.pool === null || isOf(hold, target)))) &&
      isInForce(hold, nowMs) &&
      !isOfSame(hold, pin),
  );
  if (replaces === "own" && others !== undefined) return { kind: "kept", message: whyKept(others, pin.by) };
  return replace(holds, isReplaced, pin, nowMs);
}

/** Takes away what was said of just this target, by anybody or by one author alone; what holds beside it, or above it, stays. */
export function withoutHolds(
  holds: readonly Hold[],
  target: HoldTarget,
  nowMs: number,
  by: string | null = null,
): EditedHolds {
  const isMine = (hold: Hold) => by === null || isOfSame(hold, { by });
  const edited = replace(holds, (hold) => isOf(hold, target) && isMine(hold), null, nowMs);
  const others = holds.find((hold) => isOf(hold, target) && isInForce(hold, nowMs));
  if (edited.kind !== "unchanged" || others === undefined || by === null) return edited;
  return { kind: "kept", message: whyKept(others, by) };
}

/** Everybody who knows a token is the same caller: it has no name. */
export const API_CALLER = "an API call";
/** How what a token does not end is ended. */
export const HOW_TO_END =
  "what a person has said is ended by a person, with `/scale resume` in a comment or `pulumiscale resume` beside `serve`";

/** Why what somebody else holds stays, to whoever would end it: no capital, no full stop. */
export function whyKept(hold: Hold, by: string, place: ControlsScope["kind"] = "stack"): string {
  const what = describeHold({ ...hold, in: place });
  if (by === API_CALLER) return `${HOW_TO_END}, so it stays: ${what}`;
  return `you may not resume what another person has said, so it stays: ${what}`;
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

/** Whether both were said by the same. */
export function isOfSame(one: Pick<Hold, "by">, other: Pick<Hold, "by">): boolean {
  return one.by.toLowerCase() === other.by.toLowerCase();
}

function saysTheSame(one: Hold, other: Hold): boolean {
  return JSON.stringify({ ...one, at: "" }) === JSON.stringify({ ...other, at: "" });
}
