import type { Snapshot } from "../domain/snapshot.ts";
import { readSituation, type StackContext } from "./read-situation.ts";
import { TryAgainError } from "./scaling.ts";

/** A committed value of which no apply has reported, neither well nor badly, in the time that one may take. */
export type OverdueApply = {
  pool: string;

  committed: number;
  applied: number;
  sinceMs: number;
};

/** The pools whose apply never reported. Empty where the stack's record cannot be used: decisions tell that. No I/O. */
export function findOverdue(context: StackContext, snapshot: Snapshot, nowMs: number): OverdueApply[] {
  try {
    const { record, readState } = readSituation(context, snapshot);
    return [...record.contract.values()].flatMap((pool) => {
      const read = readState(pool);
      if (read.kind === "unusable" || read.state.applyFailure !== null) return [];
      const { committed, applied, lastChange } = read.state;
      if (applied === null || applied === committed || lastChange === null) return [];
      if (nowMs - lastChange.atMs < record.policy.inFlightSeconds * 1000) return [];
      return [{ pool: pool.name, committed, applied, sinceMs: lastChange.atMs }];
    });
  } catch (error) {
    if (error instanceof TryAgainError) return [];
    throw error;
  }
}
