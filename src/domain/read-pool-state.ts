import { appliedValue } from "./applied-value.ts";
import type { Pool } from "./contract.ts";
import { duplicateWindowMs, MAX_DUPLICATE_SECONDS } from "./cooldown.ts";
import { type Holds, holdsOfPool } from "./hold-of.ts";
import type { StackNames } from "./names.ts";
import { isNamed, type PoolChange, poolHistory } from "./pool-history.ts";
import type { PoolState, Proposed, SeenEvent } from "./pool-state.ts";
import { isFailure, type Receipt } from "./receipt.ts";
import { rejectionsOf } from "./rejection.ts";
import { parseScaleCommit, type Scale } from "./scale-commit.ts";
import type { ScaleBranch, Snapshot } from "./snapshot.ts";
import type { StackFileReader } from "./stack-file.ts";

/** What the ledger says of a stack's applies. */
export type AppliedFacts = { applied: Readonly<Record<string, number>>; receipt: Receipt | null };

export type ReadPoolState =
  | { kind: "state"; state: PoolState; history: PoolChange[] }
  /** The value in the stack file cannot be used; the sentence says why and what to do. */
  | { kind: "unusable"; message: string };

/** Puts together what one snapshot and the ledger say of a pool. Pure. */
export function readPoolState(
  snapshot: Snapshot,
  pool: Pool,
  stack: StackNames & { project: string; path: string },
  facts: AppliedFacts,
  { everything: paused, holds }: Holds,
  readValue: StackFileReader,
): ReadPoolState {
  if (snapshot.file.kind === "missing")
    return { kind: "unusable", message: `${stack.path} is not on the base branch` };
  if (snapshot.file.kind === "unreadable")
    return { kind: "unusable", message: `${stack.path}: ${snapshot.file.message}` };
  const read = readValue(snapshot.file.text, { ...pool.location, project: stack.project });
  if (read.kind === "refused") return { kind: "unusable", message: `${stack.path}: ${read.refusal.message}` };
  const history = poolHistory(snapshot.history, pool, stack, readValue);
  const gated = namedBranch(snapshot.gated, pool);
  const credible = <T extends { atMs: number }>(event: T): T =>
    event.atMs - snapshot.readAtMs > CLOCKS_DIFFER_MS ? { ...event, atMs: 0 } : event;
  const moves = history.filter(({ from, to }) => from !== null && to !== null).map(credible);
  const state: PoolState = {
    committed: read.value,
    applied: appliedValue(facts, pool),
    // A value that was put there for the first time is no move: it starts no cooldown.
    lastChange: moves.sort((one, other) => other.atMs - one.atMs)[0] ?? null,
    pending: proposedBy(snapshot.inRange, pool, stack.alias, read.value),
    awaitingApproval: proposedBy(gated, pool, stack.alias, read.value),
    seenEvents: [
      ...history.flatMap(({ scale, atMs }): SeenEvent[] =>
        scale === null ? [] : [{ event: scale.event, atMs }],
      ),
      ...eventsOf(snapshot.inRange, pool, stack.alias, read.value),
      ...eventsOf(gated, pool, stack.alias, read.value),
    ].map(credible),
    rejections: rejectionsOf(snapshot.rejected, pool, stack).map(credible),
    handsOff: { inRange: pushedTo(snapshot.inRange), gated: pushedTo(gated) },
    applyFailure: applyFailure(facts, pool, read.value),
    paused,
    holds: holdsOfPool(holds, pool),
  };
  return { kind: "state", state, history };
}

/** What is dated further ahead was dated by a clock that was wrong: it is of long ago, rather than hold the pool until then. */
const CLOCKS_DIFFER_MS = 5 * 60_000;

/** How far back the history of a pool matters for a decision, in milliseconds. */
export function historyWindowMs(pools: Iterable<Pool>): number {
  let windowMs = 0;
  for (const pool of pools) windowMs = Math.max(windowMs, duplicateWindowMs(pool, MAX_DUPLICATE_SECONDS));
  return windowMs;
}

function namedBranch(branches: ReadonlyMap<string, ScaleBranch>, pool: Pool): ScaleBranch | null {
  for (const name of [pool.name, ...pool.aliases]) {
    const branch = branches.get(name);
    if (branch !== undefined) return branch;
  }
  return null;
}

/** The part of an open pull request that moves this pool; none where it was made for a value that has moved since. */
function liveScale(branch: ScaleBranch | null, pool: Pool, alias: string, committed: number): Scale | null {
  // What somebody else has put there is no word of ours.
  if (branch === null || branch.pull === null || !branch.pull.isOurs) return null;
  const commit = parseScaleCommit(branch.headMessage);
  const scale = commit?.alias === alias ? commit.scales.find((line) => isNamed(pool, line.pool)) : undefined;
  return scale === undefined || scale.from !== committed ? null : scale;
}

function proposedBy(
  branch: ScaleBranch | null,
  pool: Pool,
  alias: string,
  committed: number,
): Proposed | null {
  const scale = liveScale(branch, pool, alias, committed);
  if (scale === null || branch === null) return null;
  return { to: scale.to, sinceMs: branch.committedAtMs, pullRequest: branch.pull?.number ?? null };
}

/** The number of an open pull request whose head is not ours. */
function pushedTo(branch: ScaleBranch | null): number | null {
  return branch?.pull != null && !branch.pull.isOurs ? branch.pull.number : null;
}

function eventsOf(branch: ScaleBranch | null, pool: Pool, alias: string, committed: number): SeenEvent[] {
  const scale = liveScale(branch, pool, alias, committed);
  return scale === null || branch === null ? [] : [{ event: scale.event, atMs: branch.committedAtMs }];
}

/** A failure holds as long as the value that failed is the committed one: a person's new value is tried anew. */
function applyFailure({ receipt }: AppliedFacts, pool: Pool, committed: number): string | null {
  const own = receipt?.pools.find((line) => isNamed(pool, line.pool));
  if (own === undefined || !isFailure(own.outcome) || own.to !== committed) return null;
  return `${own.outcome}: ${own.message}`;
}
