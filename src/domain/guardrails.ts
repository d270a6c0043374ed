import { cleanLine } from "./clean-text.ts";
import { type Approval, cooldownSeconds, countOf, type Pool } from "./contract.ts";
import { cooldownEndsAtMs, duplicateWindowMs, MAX_DUPLICATE_SECONDS } from "./cooldown.ts";
import { holdOf } from "./hold-of.ts";
import type { Intent } from "./intent.ts";
import type { PoolState } from "./pool-state.ts";
import { type Reason, reason } from "./reasons.ts";
import { rejectionInForce } from "./rejection.ts";
import type { Gate } from "./repository-file.ts";

/** What the guardrails look at. Time is handed in; nothing here reads a clock. */
export type Situation = {
  pool: Pool;
  state: PoolState;
  intent: Intent;
  nowMs: number;
  /** For how long a change that is not applied yet holds further moves. */
  inFlightSeconds: number;
  /** For how long a sender may retry one event; a cooldown may make it longer. */
  duplicateSeconds: number;
  /** Thresholds from the contract and from the repository file; each one gates, so the stricter wins. */
  approvals: readonly Approval[];
  /** What becomes of a change over a threshold. */
  gate: Gate;
};

/** The value a demand has become so far, and why. */
export type Candidate = { to: number; requested: number; reasons: readonly Reason[]; gated: boolean };

/** A guardrail passes the candidate on, perhaps lowered or gated, or stops it. */
export type Verdict = { kind: "pass"; candidate: Candidate } | { kind: "hold"; reason: Reason };

type Guardrail = (candidate: Candidate, situation: Situation) => Verdict;

/**
 * In the order in which they apply. A fresh duplicate must be told before the unchanged value that it caused, and a change
 * in flight before the cooldown that it will start.
 */
export const GUARDRAILS: readonly Guardrail[] = [
  bounds,
  pause,
  duplicate,
  applyFailed,
  inFlight,
  unchanged,
  cooldown,
  approval,
  handsOff,
  rejected,
];

function bounds(candidate: Candidate, { pool }: Situation): Verdict {
  if (candidate.to > pool.max) {
    const why = reason("above-max", `${candidate.requested} was asked; max is ${pool.max}`);
    return pass({ ...candidate, to: pool.max, reasons: [...candidate.reasons, why] });
  }
  if (candidate.to < pool.min) {
    const why = reason("below-min", `${candidate.requested} was asked; min is ${pool.min}`);
    return pass({ ...candidate, to: pool.min, reasons: [...candidate.reasons, why] });
  }
  return pass(candidate);
}

function pause(candidate: Candidate, { pool, state, nowMs }: Situation): Verdict {
  const held = heldBack(pool, state, candidate.to, nowMs);
  return held === null ? pass(candidate) : hold(held);
}

/** Why a person's pause or pin keeps the pool from that value; null where none does. */
export function heldBack(pool: Pool, state: PoolState, to: number, nowMs: number): Reason | null {
  const { committed: from, paused: everything, holds } = state;
  return holdOf({ everything, holds }, pool, { from, to }, nowMs);
}

function duplicate(
  candidate: Candidate,
  { pool, state, intent, nowMs, duplicateSeconds }: Situation,
): Verdict {
  // CloudWatch tells a change of state once: what comes again is a retry, and SNS retries for an hour.
  const retriedSeconds = intent.source === "cloudwatch" ? MAX_DUPLICATE_SECONDS : duplicateSeconds;
  const windowMs = duplicateWindowMs(pool, retriedSeconds);
  const seen = state.seenEvents.find(({ event, atMs }) => event === intent.event && nowMs - atMs < windowMs);
  if (seen === undefined) return pass(candidate);
  return hold(
    reason("duplicate", `this event scaled the pool at ${iso(seen.atMs)} already (event ${intent.event})`),
  );
}

function applyFailed(candidate: Candidate, { state }: Situation): Verdict {
  if (state.applyFailure === null) return pass(candidate);
  const why = `the last apply failed, so nothing is added to it until an apply succeeds: ${state.applyFailure}`;
  return hold(reason("apply-failed", why));
}

/** A larger scale-out replaces what is in flight; everything else waits for it, but not for ever. */
function inFlight(candidate: Candidate, situation: Situation): Verdict {
  const flight = flightOf(situation);
  if (flight === null) return pass(candidate);
  const isLargerScaleOut = candidate.to > flight.to && candidate.to > situation.state.committed;
  return isLargerScaleOut ? pass(candidate) : hold(reason("in-flight", flight.sentence));
}

function unchanged(candidate: Candidate, { state }: Situation): Verdict {
  if (candidate.to !== state.committed) return pass(candidate);
  const bound = candidate.reasons.find(({ code }) => code === "above-max" || code === "below-min");
  const why = bound === undefined ? "" : `: ${bound.message}`;
  return hold(reason("unchanged", `the value is ${state.committed} already${why}`));
}

function cooldown(candidate: Candidate, { pool, state, nowMs }: Situation): Verdict {
  const direction = candidate.to > state.committed ? "up" : "down";
  const endsAtMs = cooldownEndsAtMs(pool, state.lastChange, direction);
  if (endsAtMs === null || nowMs >= endsAtMs || state.lastChange === null) return pass(candidate);
  const { by, author, atMs, from, to } = state.lastChange;
  const change = `${from ?? "?"} → ${to ?? "?"} at ${iso(atMs)}`;
  const wait = `the next move ${direction} may come at ${iso(endsAtMs)}`;
  return by === "manual"
    ? hold(reason("manual-change", `${author || "someone"} changed the value ${change}; ${wait}`))
    : hold(reason("cooldown", `the pool was scaled ${change}; ${wait}`));
}

/**
 * What is over a threshold waits for a person in a pull request of its own, whose head moves at most once per cooldown. With
 * `partial` the pool moves to the threshold now; the rest is asked for once that is merged.
 */
function approval(candidate: Candidate, situation: Situation): Verdict {
  const { pool, state, approvals, nowMs } = situation;
  const over = approvalNeeded(approvals, pool, state.committed, candidate.to);
  if (over === null) return pass(candidate);
  if (situation.gate === "open")
    return pass({ ...candidate, reasons: [...candidate.reasons, reason("over-threshold", over)] });
  const partial = partialTarget(approvals, pool, state.committed, candidate.to);
  const flight = flightOf(situation);
  const isUnderWay = flight !== null && isAtLeastAsFar(flight.to, partial, state.committed);
  if (partial !== state.committed && !isUnderWay) {
    const rest = situation.gate === "hold" ? "needs a person" : "waits for approval after that";
    const why = `${over}: ${partial} now, ${candidate.to} ${rest}`;
    return pass({
      ...candidate,
      to: partial,
      reasons: [...candidate.reasons, reason("over-threshold", why)],
    });
  }
  if (situation.gate === "hold") {
    const how = `whoever may decide that runs \`pulumiscale scale ${pool.name} ${candidate.to} --approve\` in the program's directory`;
    return hold(reason("over-threshold", `${over}: ${how}`));
  }
  const waiting = state.awaitingApproval;
  if (waiting !== null) {
    const where = waiting.pullRequest === null ? "this very batch" : `pull request #${waiting.pullRequest}`;
    const sentence = `${waiting.to} waits for approval already in ${where}`;
    if (waiting.to === candidate.to) return hold(reason("awaiting-approval", sentence));
    const movesAtMs =
      waiting.sinceMs + cooldownSeconds(pool, candidate.to > state.committed ? "up" : "down") * 1000;
    if (waiting.pullRequest !== null && nowMs < movesAtMs) {
      const next = `it may become ${candidate.to} at ${iso(movesAtMs)}, so that a person can read it in peace`;
      return hold(reason("awaiting-approval", `${sentence}; ${next}`));
    }
  }
  const reasons = [...candidate.reasons, reason("over-threshold", over)];
  return pass({ ...candidate, reasons, gated: true });
}

/** What somebody has pushed to is theirs: nothing is pushed over it. */
function handsOff(candidate: Candidate, { state }: Situation): Verdict {
  const number = candidate.gated ? state.handsOff.gated : state.handsOff.inRange;
  if (number === null) return pass(candidate);
  const why = `somebody has pushed to pull request #${number}, so it is left alone until it is merged or closed`;
  return hold(reason(candidate.gated ? "awaiting-approval" : "in-flight", why));
}

/** Last: what may come of the demand by now is what a person may have said "no" to. */
function rejected(candidate: Candidate, { pool, state, nowMs }: Situation): Verdict {
  const move = { from: state.committed, to: candidate.to };
  const found = rejectionInForce(state.rejections, pool, move, nowMs);
  if (found === null) return pass(candidate);
  const { by, atMs, pullRequest } = found.rejection;
  const who = by === null ? "somebody" : cleanLine(by, 80);
  const why = `${who} closed pull request #${pullRequest} (${move.from} → ${move.to}) at ${iso(atMs)}; it is not asked for again before ${iso(found.untilMs)}`;
  return hold(reason("rejected", why));
}

function isAtLeastAsFar(to: number, target: number, from: number): boolean {
  return target > from ? to >= target : to <= target;
}

/**
 * The change that is under way: an open in-range pull request, or a committed value that is not applied yet. What is held back by a
 * pause or a pin goes nowhere, so it is in nobody's way.
 */
export function flightOf(situation: Situation): { to: number; sentence: string } | null {
  const { pool, state, nowMs, inFlightSeconds } = situation;
  const isFresh = (sinceMs: number) => nowMs - sinceMs < inFlightSeconds * 1000;
  if (
    state.pending !== null &&
    isFresh(state.pending.sinceMs) &&
    heldBack(pool, state, state.pending.to, nowMs) === null
  ) {
    const { to, pullRequest } = state.pending;
    const where = pullRequest === null ? "with this very batch" : `in pull request #${pullRequest}`;
    return { to, sentence: `${state.committed} → ${to} is on its way ${where}` };
  }
  if (isBeingApplied(situation)) {
    return {
      to: state.committed,
      sentence: `${state.committed} is committed and not applied yet (applied: ${state.applied})`,
    };
  }
  return null;
}

/** True while the committed value waits for its apply, and has not waited for too long. */
export function isBeingApplied({ state, nowMs, inFlightSeconds }: Situation): boolean {
  if (state.applied === null || state.applied === state.committed || state.lastChange === null) return false;
  return nowMs - state.lastChange.atMs < inFlightSeconds * 1000;
}

/** Why a move needs a person under these rules, as a sentence; null where it does not. */
export function approvalNeeded(
  rules: readonly Approval[],
  pool: Pool,
  from: number,
  to: number,
): string | null {
  return rules.map((rule) => thresholdPassed(rule, pool, from, to)).find((why) => why !== null) ?? null;
}

function thresholdPassed(rule: Approval, pool: Pool, from: number, to: number): string | null {
  if (rule.above !== undefined) {
    const limit = countOf(rule.above, pool.max);
    // A move down is never gated by `above`: it takes the pool towards what needs no approval.
    if (to > limit && to > from) return `${to} is above ${limit}, from where on a person approves`;
  }
  if (rule.changeOver !== undefined) {
    const limit = countOf(rule.changeOver, from);
    if (Math.abs(to - from) > limit)
      return `a change by ${Math.abs(to - from)} is over ${limit}, from where on a person approves`;
  }
  return null;
}

/**
 * How far a pool may move towards a value without a person: to the nearest threshold, where every rule that is passed says
 * `partial`; nowhere, which is `from`, where one does not.
 */
function partialTarget(rules: readonly Approval[], pool: Pool, from: number, to: number): number {
  const passed = rules.filter((rule) => thresholdPassed(rule, pool, from, to) !== null);
  if (!passed.every(({ partial }) => partial === true)) return from;
  const limits = passed.flatMap((rule) => limitsOf(rule, pool, from, to));
  const nearest = to > from ? Math.min(...limits) : Math.max(...limits);
  const target = Math.min(Math.max(nearest, pool.min), pool.max);
  // The least that the pool may have may be beyond a threshold itself.
  if (approvalNeeded(rules, pool, from, target) !== null) return from;
  // A pool that stands beyond a threshold already goes no further by itself.
  return (to > from ? target > from : target < from) ? target : from;
}

/** The last values that these thresholds let through, on the way from one value to another. */
function limitsOf({ above, changeOver }: Approval, pool: Pool, from: number, to: number): number[] {
  const limits: number[] = [];
  if (above !== undefined && to > from) limits.push(countOf(above, pool.max));
  if (changeOver !== undefined)
    limits.push(from + (to > from ? countOf(changeOver, from) : -countOf(changeOver, from)));
  return limits;
}

function pass(candidate: Candidate): Verdict {
  return { kind: "pass", candidate };
}

function hold(why: Reason): Verdict {
  return { kind: "hold", reason: why };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
