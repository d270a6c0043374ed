/**
 * Every reason that a decision can carry, with what it means for whom. One registry: the answer, the commit,
 * the pull request and the documentation are written from it.
 */
export const REASONS = {
  requested: "the demand as it was asked",
  "above-max": "the demand was over the pool's max and was lowered to it",
  "below-min": "the demand was under the pool's min and was raised to it",
  unchanged: "the pool stands at that value already",
  paused: "scaling is paused",
  pinned: "the pool is pinned at another value",
  duplicate: "this event has scaled already",
  "in-flight": "an earlier change of the pool is not applied yet",
  "apply-failed": "the last apply of this pool failed",
  cooldown: "the pool was scaled a short while ago",
  "manual-change": "a person changed the value a short while ago",
  "over-threshold": "the change needs a person's approval",
  "awaiting-approval": "the same change waits for approval already",
  rejected: "a person has said no to this very change a short while ago",
  "value-needed": "an absolute pool needs a value",
  "bad-value": "the alert's value is not an integer",
  "no-amount": "the resolved alert does not say how much",
  "unknown-pool": "no pool has that name",
  "unknown-stack": "no stack has that name",
  "no-pool": "the alert names no pool",
  "no-stack": "the alert names no stack and the route leaves it open",
  "pool-mismatch": "the URL and the alert name different pools",
  "stack-mismatch": "the URL and the alert name different stacks",
  "truncated-alerts": "Alertmanager left alerts out of its message",
  "stack-file": "the pool's value in the stack file cannot be used",
  "try-again": "it did not work this time; the same request may work later",
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof REASONS;

/** One reason of a decision: a code for machines, a sentence for people. */
export type Reason = { code: ReasonCode; message: string };

/** Builds a reason; the message is a full sentence with the numbers in it. */
export function reason(code: ReasonCode, message: string): Reason {
  return { code, message };
}
