import { cleanLine } from "./clean-text.ts";
import type { Pool } from "./contract.ts";
import type { ControlsScope, Direction, Hold, ParsedControls } from "./controls.ts";
import {
  type EditedHolds,
  type HoldTarget,
  type Replaces,
  withoutHolds,
  withPause,
  withPin,
} from "./edit-holds.ts";
import type { SourceName } from "./intent.ts";
import { formatTrailers, type Trailer } from "./trailers.ts";

/** What a pause or a pin is to be of. */
export type ControlsTarget =
  | { kind: "all" }
  | { kind: "stack"; alias: string }
  | { kind: "pool"; alias: string; pool: Pick<Pool, "name" | "aliases"> };

type Said = {
  /** A login, or what stands for one. */
  by: string;
  /** Empty where nobody said why. */
  why: string;
  nowMs: number;
};

/** What somebody asks of scaling. Times are milliseconds since the epoch; `untilMs` null: until somebody resumes it. */
export type ControlsChange =
  | (Said & {
      kind: "pause";
      target: ControlsTarget;
      direction: Direction;
      untilMs: number | null;
      replaces?: Replaces;
    })
  | (Said & {
      kind: "pin";
      target: Extract<ControlsTarget, { kind: "pool" }>;
      value: number;
      untilMs: number | null;
      replaces?: Replaces;
      /** How its value is then asked for. */
      source: SourceName;
      event: string;
    })
  | (Said & { kind: "resume"; target: ControlsTarget; replaces?: Replaces });

/** The file that a change is about. */
export function scopeOf({ target }: ControlsChange): ControlsScope {
  return target.kind === "all" ? { kind: "repository" } : { kind: "stack", alias: target.alias };
}

/** The holds with the change made. */
export function editControls(
  { holds }: Extract<ParsedControls, { kind: "controls" }>,
  change: ControlsChange,
): EditedHolds {
  // What a file says does not say again where it stands.
  const plain = holds.map(({ in: _, ...hold }): Hold => hold);
  const { target, nowMs } = change;
  const names = target.kind === "pool" ? [target.pool.name, ...target.pool.aliases] : [];
  if (change.kind === "resume") {
    const what: HoldTarget = target.kind === "pool" ? { kind: "pool", names } : { kind: "everything" };
    return withoutHolds(plain, what, nowMs, change.replaces === "own" ? cleanLine(change.by, 80) : null);
  }
  const { replaces } = change;
  const said = {
    until: change.untilMs === null ? null : iso(change.untilMs),
    by: cleanLine(change.by, 80),
    at: iso(nowMs),
    why: cleanLine(change.why, 200),
  };
  if (change.kind === "pin") {
    const { name: pool } = change.target.pool;
    return withPin(plain, { kind: "pin", pool, value: change.value, ...said }, names, nowMs, replaces);
  }
  const pool = target.kind === "pool" ? target.pool.name : null;
  const { direction } = change;
  return withPause(plain, { kind: "pause", pool, direction, ...said }, names, nowMs, replaces);
}

/** The commit message of the change, for people and, in its trailers, for machines. */
export function formatControlsMessage(change: ControlsChange): { headline: string; body: string } {
  const { target } = change;
  const of = target.kind === "all" ? "" : `(${target.alias})`;
  const what = target.kind === "pool" ? target.pool.name : "everything";
  const until = change.kind === "resume" || change.untilMs === null ? "" : ` until ${iso(change.untilMs)}`;
  const how = { pause: "pause", pin: "pin", resume: "resume" }[change.kind];
  const more = change.kind === "pin" ? ` at ${change.value}` : "";
  const direction =
    change.kind === "pause" && change.direction !== "both" ? ` scaling ${change.direction}` : "";
  const why = cleanLine(change.why, 200);
  const facts = [
    how,
    target.kind === "pool" ? target.pool.name : "*",
    ...(change.kind === "pause" ? [`direction=${change.direction}`] : []),
    ...(change.kind === "pin" ? [`value=${change.value}`] : []),
    ...(change.kind === "resume" ? [] : [`until=${change.untilMs === null ? "" : iso(change.untilMs)}`]),
  ];
  const trailers: Trailer[] = [
    ...(target.kind === "all" ? [] : [{ key: "Stack", value: target.alias }]),
    { key: "Control", value: facts.join(" ") },
    { key: "Requested-By", value: cleanLine(change.by, 80) },
  ];
  return {
    headline: `ledger${of}: ${how}${direction} ${what}${more}${until}`,
    body: `${why === "" ? "" : `${why}\n\n`}${formatTrailers(trailers)}`,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
