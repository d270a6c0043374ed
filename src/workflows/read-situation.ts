import type { Clock } from "../clock.ts";
import type { Pool } from "../domain/contract.ts";
import { type ReadPoolState, readPoolState } from "../domain/read-pool-state.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { createStackFileReader } from "../domain/stack-file.ts";
import type { Forge, MergeRequest, StackPlace } from "../forge/forge.ts";
import type { SnapshotCache } from "./snapshot-cache.ts";
import { readStackRecord, type StackRecord } from "./stack-record.ts";

/** What scaling one stack needs. `settle` goes on with an opened in-range pull request after the answer. */
export type ScaleContext = {
  forge: Forge;
  place: StackPlace;
  snapshots: SnapshotCache;
  clock: Clock;
  paused: string | null;
  settle: (justOpened: MergeRequest | undefined) => void;
};

/** What one snapshot says of a stack: its record, and the state of each pool, read when it is asked for. */
export type Situation = {
  snapshot: Snapshot;
  record: StackRecord;
  readState: (pool: Pool) => ReadPoolState;
};

/** Many requests are decided from one snapshot: what holds for it is read once. */
const situations = new WeakMap<Snapshot, Situation>();

/** Reads a snapshot for decisions. Throws `TryAgainError` where the stack's record cannot be used. */
export function readSituation(context: ScaleContext, snapshot: Snapshot): Situation {
  const known = situations.get(snapshot);
  if (known !== undefined) return known;
  const record = readStackRecord(snapshot, context.place);
  const paused = context.paused ?? record.policy.paused;
  const states = new Map<string, ReadPoolState>();
  const readValue = createStackFileReader();
  const readState = (pool: Pool): ReadPoolState => {
    const state =
      states.get(pool.name) ?? readPoolState(snapshot, pool, context.place, record.entry, paused, readValue);
    states.set(pool.name, state);
    return state;
  };
  const situation = { snapshot, record, readState };
  situations.set(snapshot, situation);
  return situation;
}
