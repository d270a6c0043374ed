import type { ScaleDecision } from "../delivery/prepare-scale.ts";
import { eventIdentity } from "../domain/event-identity.ts";
import { findPool } from "../domain/pool-history.ts";
import { reason } from "../domain/reasons.ts";
import { isFailure, type PoolReceipt } from "../domain/receipt.ts";
import type { Situation } from "./read-situation.ts";
import { whyHeld } from "./why-held.ts";

/**
 * The move that puts back the value before one that could not be applied and is still the committed one; null where there is nothing to
 * take back. What was put back itself is never taken back: two values that both fail would follow each other for ever.
 */
export function takeBack(
  { snapshot, record, readState }: Situation,
  line: PoolReceipt,
): ScaleDecision | null {
  if (!isFailure(line.outcome)) return null;
  const pool = findPool(record.contract, line.pool);
  const read = pool === undefined ? undefined : readState(pool);
  if (pool === undefined || read?.kind !== "state") return null;
  if (read.history[0]?.scale?.source === "revert") return null;
  const { from: to, to: from } = line;
  const isInRange = to !== null && to >= pool.min && to <= pool.max;
  if (!isInRange || to === from || read.state.committed !== from) return null;
  const event = eventIdentity(["revert", pool.name, snapshot.headOid]);
  const why = reason("apply-failed", `${from} could not be applied (${line.outcome}), so ${to} is put back`);
  const intent = {
    pool: pool.name,
    ask: { kind: "value", value: to },
    source: "revert",
    requestedBy: "pulumiscale",
    event,
    summary: "",
  } as const;
  return { kind: "scale", intent, from, to, requested: to, reasons: [why], gated: false };
}

/** Why a pause or a pin keeps a value from being put back for now, as `whyHeld`; null where none does. */
export function whyNotYet(situation: Situation, { intent, to }: ScaleDecision, nowMs: number): string | null {
  return whyHeld(situation, { pool: intent.pool, to, requested: to, reasons: [] }, nowMs);
}
