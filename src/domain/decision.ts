import { type Candidate, GUARDRAILS, isBeingApplied, type Situation } from "./guardrails.ts";
import { type Intent, isAlert } from "./intent.ts";
import { type Reason, reason } from "./reasons.ts";

/** What is done about an intent, in the words that the answer, the commit and the pull request use. */
export type Decision =
  | {
      kind: "scale";
      intent: Intent;
      from: number;
      to: number;
      requested: number;
      reasons: readonly Reason[];
      /** Gated: over the approval threshold, so a person merges it. */
      gated: boolean;
    }
  | { kind: "hold"; intent: Intent; from: number; requested: number; reasons: readonly Reason[] }
  | {
      kind: "refuse";
      intent: Intent;
      from: number | null;
      requested: number | null;
      reasons: readonly Reason[];
    };

/**
 * Decides one intent. A pure function of the contract, the pool's state, the intent and the time.
 * Guardrails run in order; each may lower, stop or gate, and each that acts leaves a reason.
 */
export function decide(situation: Situation): Decision {
  const { pool, state, intent } = situation;
  const { ask } = intent;
  if (pool.strategy === "absolute" && isAlert(intent.source) && ask.kind !== "value") {
    const why = `the pool ${pool.name} is absolute, and the alert gives no value; set the annotation pulumiscale_value or ?value=`;
    return {
      kind: "refuse",
      intent,
      from: state.committed,
      requested: null,
      reasons: [reason("value-needed", why)],
    };
  }
  const demand = requestedBy(situation);
  let candidate: Candidate = {
    to: demand.value,
    requested: demand.value,
    reasons: [demand.reason],
    gated: false,
  };
  for (const guardrail of GUARDRAILS) {
    const verdict = guardrail(candidate, situation);
    if (verdict.kind === "hold") {
      const clamped = candidate.reasons.filter(({ code }) => code !== "requested");
      const reasons = verdict.reason.code === "unchanged" ? [verdict.reason, ...clamped] : [verdict.reason];
      return { kind: "hold", intent, from: state.committed, requested: candidate.requested, reasons };
    }
    candidate = verdict.candidate;
  }
  const { to, requested, reasons, gated } = candidate;
  return { kind: "scale", intent, from: state.committed, to, requested, reasons, gated };
}

/**
 * The value that the demand means. A difference counts from the committed value; while that is not applied yet it counts
 * from the applied one, since the sender measured what is really there: a repeated "+1" must not climb ahead of its effect.
 */
function requestedBy(situation: Situation): { value: number; reason: Reason } {
  const { pool, state, intent } = situation;
  if (intent.ask.kind === "value") {
    return {
      value: intent.ask.value,
      reason: reason("requested", `${intent.ask.value} was asked by ${intent.requestedBy}`),
    };
  }
  const delta = intent.ask.kind === "delta" ? intent.ask.delta : pool.step;
  const base = state.applied !== null && isBeingApplied(situation) ? state.applied : state.committed;
  const sign = delta < 0 ? "−" : "+";
  const why = `${sign}${Math.abs(delta)} from ${base} was asked by ${intent.requestedBy}`;
  return { value: base + delta, reason: reason("requested", why) };
}
