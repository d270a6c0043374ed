import { heldBack } from "../domain/guardrails.ts";
import { isPartial } from "../domain/partial-rest.ts";
import { findPool } from "../domain/pool-history.ts";
import type { Scale } from "../domain/scale-commit.ts";
import type { Situation } from "./read-situation.ts";

/**
 * Why a pause or a pin keeps a move that is open from being merged, as a sentence without a full stop; null where none does. The first
 * part of a move to a pinned value, up to where a person is asked, goes the pin's way.
 */
export function whyHeld(
  { record, readState }: Situation,
  scale: Pick<Scale, "pool" | "to" | "requested" | "reasons">,
  nowMs: number,
): string | null {
  const pool = findPool(record.contract, scale.pool);
  const read = pool === undefined ? undefined : readState(pool);
  if (pool === undefined || read?.kind !== "state") return null;
  const held = heldBack(pool, read.state, scale.to, nowMs);
  if (held === null || !isPartial(scale)) return held?.message ?? null;
  const whole = Math.min(Math.max(scale.requested, pool.min), pool.max);
  return heldBack(pool, read.state, whole, nowMs)?.message ?? null;
}

/** What a pull request that is held says. */
export function heldNote(why: string): string {
  return `It is held back: ${why}. It goes on by itself once that is over.`;
}
