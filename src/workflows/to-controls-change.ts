import type { Contract } from "../domain/contract.ts";
import type { ControlsChange, ControlsTarget } from "../domain/controls-change.ts";
import { findPool } from "../domain/pool-history.ts";
import type { ControlsResult, StackControl } from "./scaling.ts";

/** What somebody asks of a stack as a change of its controls; or the answer, where it has no such pool. */
export function toControlsChange(
  wish: StackControl,
  { alias, contract }: { alias: string; contract: Contract },
  nowMs: number,
): { kind: "change"; change: ControlsChange } | { kind: "answer"; result: ControlsResult } {
  if (wish.kind !== "pin" && wish.pool === null) {
    const target: ControlsTarget = { kind: "stack", alias };
    return { kind: "change", change: { ...wish, target, nowMs } };
  }
  const pool = findPool(contract, wish.pool ?? "");
  if (pool === undefined) {
    const message = `The stack ${alias} has no pool of that name.`;
    const nothing = { replaced: [], stillHeld: [], unapplied: [], scale: null };
    return { kind: "answer", result: { kind: "refused", message, ...nothing } };
  }
  return { kind: "change", change: { ...wish, target: { kind: "pool", alias, pool }, nowMs } };
}
