import type { Clock } from "../clock.ts";
import type { Pool } from "../domain/contract.ts";
import { type ReadPoolState, readPoolState } from "../domain/read-pool-state.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { snapshotReader } from "../domain/snapshot-reader.ts";
import type { Forge, MergeRequest, StackPlace } from "../forge/forge.ts";
import type { SnapshotCache } from "./snapshot-cache.ts";
import type { StackRecord } from "./stack-record.ts";

/** What decisions on one stack need. */
export type StackContext = {
  place: StackPlace;
  snapshots: SnapshotCache;
  clock: Clock;
  /** Why everything is paused; null when it is not. */
  paused: string | null;
  /** The rules that hold, and what is applied, with this snapshot. Throws `TryAgainError` where they cannot be used. */
  readRecord: (snapshot: Snapshot) => StackRecord;
};

/** A stack in a place with pull requests. `settle` goes on with an opened in-range pull request after the answer. */
export type ScaleContext = StackContext & {
  forge: Forge;
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
export function readSituation(context: StackContext, snapshot: Snapshot): Situation {
  const known = situations.get(snapshot);
  if (known !== undefined) return known;
  const record = context.readRecord(snapshot);
  const held = { everything: context.paused ?? record.policy.paused, holds: record.holds };
  const states = new Map<string, ReadPoolState>();
  const readValue = snapshotReader(snapshot);
  const readState = (pool: Pool): ReadPoolState => {
    const state =
      states.get(pool.name) ?? readPoolState(snapshot, pool, context.place, record.facts, held, readValue);
    states.set(pool.name, state);
    return state;
  };
  const situation = { snapshot, record, readState };
  situations.set(snapshot, situation);
  return situation;
}
