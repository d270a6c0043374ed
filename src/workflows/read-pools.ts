import type { Pool } from "../domain/contract.ts";
import { cooldownEndsAtMs } from "../domain/cooldown.ts";
import { describeHold, pausesOf, pinOf } from "../domain/hold-of.ts";
import { findPool } from "../domain/pool-history.ts";
import type { PoolState } from "../domain/pool-state.ts";
import { readSituation, type StackContext } from "./read-situation.ts";
import type { HistoryView, PoolView } from "./scaling.ts";
import { toTryAgain } from "./to-try-again.ts";

/** What every pool of a stack looks like now, or the one of that name or former name. */
export async function viewPools(context: StackContext, poolName?: string): Promise<PoolView[]> {
  const { record, readState } = await situationNow(context);
  const nowMs = context.clock();
  const pools =
    poolName === undefined
      ? [...record.contract.values()]
      : [findPool(record.contract, poolName)].filter((pool) => pool !== undefined);
  return pools.map((pool): PoolView => {
    const read = readState(pool);
    const state = read.kind === "state" ? read.state : null;
    const ends = (["up", "down"] as const).map(
      (direction) => cooldownEndsAtMs(pool, state?.lastChange ?? null, direction) ?? 0,
    );
    const endsAtMs = Math.min(...ends);
    return {
      stack: context.place.alias,
      pool: pool.name,
      strategy: pool.strategy,
      min: pool.min,
      max: pool.max,
      step: pool.step,
      cooldownSeconds: pool.cooldownSeconds,
      committed: state?.committed ?? null,
      applied: state?.applied ?? null,
      pending: state?.pending?.to ?? null,
      awaitingApproval: state?.awaitingApproval?.to ?? null,
      cooldownUntil: endsAtMs > nowMs ? new Date(endsAtMs).toISOString() : null,
      ...controlsOf(pool, state, nowMs),
      problem: read.kind === "unusable" ? read.message : (state?.applyFailure ?? null),
    };
  });
}

function controlsOf(
  { name }: Pool,
  state: PoolState | null,
  nowMs: number,
): Pick<PoolView, "paused" | "pinned"> {
  if (state === null) return { paused: null, pinned: null };
  const { paused, holds } = state;
  const pin = pinOf(holds, nowMs);
  const [pause] = pausesOf(holds, nowMs);
  return {
    paused: paused ?? (pause === undefined ? null : describeHold(pause, name)),
    pinned: pin === null ? null : { value: pin.value, until: pin.until, message: describeHold(pin, name) },
  };
}

/** The changes of a pool's value on the base branch, newest first, as far back as the snapshot reaches. */
export async function viewHistory(context: StackContext, poolName: string): Promise<HistoryView[]> {
  const { record, readState } = await situationNow(context);
  const pool = findPool(record.contract, poolName);
  const read = pool === undefined ? undefined : readState(pool);
  if (read?.kind !== "state") return [];
  return read.history.map((change) => ({
    commit: change.commit,
    at: new Date(change.atMs).toISOString(),
    from: change.from,
    to: change.to,
    by: change.author,
    reasons: change.scale?.reasons ?? (change.by === "scale" ? [] : ["manual-change"]),
    source: change.scale?.source ?? null,
    pullRequest: change.pullRequest,
    approvedBy: change.approvedBy,
  }));
}

async function situationNow(context: StackContext) {
  try {
    return readSituation(context, await context.snapshots.get());
  } catch (error) {
    throw toTryAgain(error);
  }
}
