import type { Contract, Pool } from "../domain/contract.ts";
import { type Decision, decide } from "../domain/decision.ts";
import type { Intent } from "../domain/intent.ts";
import { findPool } from "../domain/pool-history.ts";
import type { ReadPoolState } from "../domain/read-pool-state.ts";
import { reason } from "../domain/reasons.ts";
import { approvalRules, type StackPolicy } from "../domain/repository-file.ts";

export type BatchSituation = {
  contract: Contract;
  policy: StackPolicy;
  nowMs: number;
  readState: (pool: Pool) => ReadPoolState;
};

/**
 * Decides intents that arrived together, one after the other, so that they end as if they had come in sequence: for one pool
 * the first scales, a later larger scale-out replaces it, everything else is held behind it. What waits for a person and what is
 * in range stand side by side: the one is no reason to hold back the other. Pure; one decision per intent, same order.
 */
export function decideBatch(intents: readonly Intent[], situation: BatchSituation): Decision[] {
  const { contract, policy, nowMs } = situation;
  const decisions: Decision[] = [];
  const inRange = new Map<string, number>();
  const gated = new Map<string, number>();
  for (const intent of intents) {
    const pool = findPool(contract, intent.pool);
    if (pool === undefined) {
      decisions.push(refused(intent, "unknown-pool", `the stack's contract has no pool ${intent.pool}`));
      continue;
    }
    const read = situation.readState(pool);
    if (read.kind === "unusable") {
      decisions.push(refused(intent, "stack-file", read.message));
      continue;
    }
    const earlier = [inRange.get(pool.name), gated.get(pool.name)].flatMap((index) =>
      index === undefined ? [] : (decisions[index] ?? []),
    );
    const decision = decide({
      pool,
      state: earlier.reduce((state, decided) => withPending(state, decided, nowMs), own(read.state, policy)),
      intent: { ...intent, pool: pool.name },
      nowMs,
      inFlightSeconds: policy.inFlightSeconds,
      duplicateSeconds: policy.duplicateSeconds,
      gate: policy.gate,
      approvals: approvalRules(policy, pool),
    });
    if (decision.kind === "scale") {
      const winners = decision.gated ? gated : inRange;
      const index = winners.get(pool.name);
      if (index !== undefined) decisions[index] = overtaken(decisions[index], decision);
      winners.set(pool.name, decisions.length);
    }
    decisions.push(decision);
  }
  return decisions;
}

type State = Extract<ReadPoolState, { kind: "state" }>["state"];

/** What is committed directly is in nobody's pull request. */
function own(state: State, { delivery }: StackPolicy): State {
  return delivery === "direct" ? { ...state, handsOff: { ...state.handsOff, inRange: null } } : state;
}

function withPending(state: State, earlier: Decision, nowMs: number): State {
  if (earlier.kind !== "scale") return state;
  const proposed = { to: earlier.to, sinceMs: nowMs, pullRequest: null };
  const seenEvents = [...state.seenEvents, { event: earlier.intent.event, atMs: nowMs }];
  return earlier.gated
    ? { ...state, awaitingApproval: proposed, seenEvents }
    : { ...state, pending: proposed, seenEvents };
}

function overtaken(earlier: Decision | undefined, by: Extract<Decision, { kind: "scale" }>): Decision {
  if (earlier?.kind !== "scale") return by;
  const { intent, from, requested } = earlier;
  const why = `${from} → ${by.to}, asked at the same moment, takes the place of ${earlier.to}`;
  return { kind: "hold", intent, from, requested, reasons: [reason("in-flight", why)] };
}

function refused(intent: Intent, code: "unknown-pool" | "stack-file", message: string): Decision {
  return { kind: "refuse", intent, from: null, requested: null, reasons: [reason(code, message)] };
}
