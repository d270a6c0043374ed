import type { Pool } from "../domain/contract.ts";
import { describeHold, pausesOf, pinOf } from "../domain/hold-of.ts";
import type { PoolState } from "../domain/pool-state.ts";
import type { ServedStack } from "./given-command.ts";
import { readSituation, type Situation } from "./read-situation.ts";
import { TryAgainError } from "./scaling.ts";

/** A change of a pool that is not on the base branch yet. */
export type WaitingChange = { to: number; pullRequest: number | null; waitsFor: "merge" | "approval" };

/** How a pool stands, as far as it changes with what happens alone: nothing here changes because time passes. */
export type PoolRow = {
  kind: "pool";
  stack: string;
  pool: string;
  min: number;
  max: number;
  committed: number | null;
  applied: number | null;
  waiting: WaitingChange[];
  /** Pauses and a pin, as sentences without a full stop. */
  held: string[];
  failure: string | null;
  last: { from: number; to: number; by: string; commit: string; pullRequest: number | null } | null;
};

/** A stack that nothing can be said of, and why. */
export type StackRow = { kind: "stack"; stack: string; problem: string };

export type StatusRow = PoolRow | StackRow;
export type RepositoryStatus = {
  rows: StatusRow[];
  /** Stacks that were not looked at. */
  moreStacks: number;
};

/** Each is a read of its own. */
const MOST_STACKS = 20;

/** How the pools of a repository stand, sorted by name. Throws what a read throws that may work the next time. */
export async function readStatus(served: readonly ServedStack[]): Promise<RepositoryStatus> {
  const sorted = served.toSorted((one, other) => compare(one.name.alias, other.name.alias));
  const meant = sorted.slice(0, MOST_STACKS);
  const rows = await Promise.all(meant.map(readStack));
  return { rows: rows.flat(), moreStacks: sorted.length - meant.length };
}

async function readStack({ context, name }: ServedStack): Promise<StatusRow[]> {
  const snapshot = await context.snapshots.get();
  try {
    const situation = readSituation(context, snapshot);
    const pools = [...situation.record.contract.values()];
    pools.sort((one, other) => compare(one.name, other.name));
    return pools.map((pool) => readPool(name.alias, pool, situation, context.clock()));
  } catch (error) {
    if (!(error instanceof TryAgainError)) throw error;
    return [{ kind: "stack", stack: name.alias, problem: error.message }];
  }
}

function readPool(stack: string, pool: Pool, { readState }: Situation, nowMs: number): PoolRow {
  const row = { kind: "pool" as const, stack, pool: pool.name, min: pool.min, max: pool.max };
  const read = readState(pool);
  if (read.kind === "unusable")
    return {
      ...row,
      committed: null,
      applied: null,
      waiting: [],
      held: [],
      failure: read.message,
      last: null,
    };
  const { committed, applied, applyFailure } = read.state;
  const change = read.history.find(({ from, to }) => from !== null && to !== null);
  const last =
    change?.from == null || change.to === null
      ? null
      : {
          ...{ from: change.from, to: change.to, by: change.author },
          ...{ commit: change.commit, pullRequest: change.pullRequest },
        };
  return {
    ...{ ...row, committed, applied, last, failure: applyFailure },
    waiting: waitingOf(read.state),
    held: heldBy(read.state, pool, nowMs),
  };
}

function waitingOf({ pending, awaitingApproval }: PoolState): WaitingChange[] {
  return [
    ...(pending === null ? [] : [{ ...pending, waitsFor: "merge" as const }]),
    ...(awaitingApproval === null ? [] : [{ ...awaitingApproval, waitsFor: "approval" as const }]),
  ].map(({ to, pullRequest, waitsFor }) => ({ to, pullRequest, waitsFor }));
}

function heldBy({ paused, holds }: PoolState, { name }: Pool, nowMs: number): string[] {
  const pin = pinOf(holds, nowMs);
  const [pause] = pausesOf(holds, nowMs);
  return [
    ...(paused === null ? [] : [paused]),
    ...(pin === null ? [] : [describeHold(pin, name)]),
    ...(pause === undefined ? [] : [describeHold(pause, name)]),
  ];
}

/** The same on every machine. */
function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
