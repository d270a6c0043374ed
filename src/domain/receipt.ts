import { z } from "zod";

/**
 * What became of one pool in an apply.
 * - `applied`: the engine changed the pool's resources (or found them at the value already after a change that it had made).
 * - `no-effect`: the value differs but no resource of the pool changed: a failure.
 * - `target-missing`: a target URN is not in the stack's state.
 * - `failed`: the engine reported a failure on a resource of the pool, or the update failed before it.
 * - `policy-denied`: a policy pack objected.
 * - `out-of-range`: the committed value is outside the contract's [min, max]; nothing was applied.
 * - `unexpected-change`: older undeployed code would delete, replace or create something; nothing was applied.
 */
export const PoolOutcome = z.enum([
  "applied",
  "no-effect",
  "target-missing",
  "failed",
  "policy-denied",
  "out-of-range",
  "unexpected-change",
]);
export type PoolOutcome = z.infer<typeof PoolOutcome>;

export const PoolReceipt = z.object({
  pool: z.string(),
  outcome: PoolOutcome,
  /** The value that was applied before; null where nothing is known of it. */
  from: z.int().nullable(),
  to: z.int(),
  /** The engine's diagnostics or our sentence, cleaned of secrets, at most 2,000 characters; empty when applied. */
  message: z.string(),
});
export type PoolReceipt = z.infer<typeof PoolReceipt>;

/** What an apply did: pools, from, to, duration, outcome. */
export const Receipt = z.object({
  /** The commit whose values were applied. */
  commit: z.string(),
  /** The scale commits on the base branch that this apply covered, newest first. */
  covers: z.array(z.string()),
  startedAt: z.iso.datetime(),
  durationSeconds: z.number().min(0),
  outcome: z.enum(["applied", "failed", "partial"]),
  pools: z.array(PoolReceipt),
  /** Where to read more: the workflow run's page; null outside GitHub Actions. */
  runUrl: z.string().nullable(),
});
export type Receipt = z.infer<typeof Receipt>;

/** True when this outcome leaves the pool held as `apply-failed`. */
export function isFailure(outcome: PoolOutcome): boolean {
  return outcome !== "applied";
}
