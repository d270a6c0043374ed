import type { Intent } from "../domain/intent.ts";
import { type Reason, reason } from "../domain/reasons.ts";
import { findCalled } from "../domain/stack-name.ts";
import { type Demand, shownName } from "../sources/demand.ts";
import {
  type ScaleMode,
  type ScaleResult,
  type Scaling,
  type StackName,
  TryAgainError,
} from "../workflows/scaling.ts";
import { DEFAULT_RETRY_AFTER_SECONDS, withinTime } from "./within-time.ts";

export type ScaleDemandsOptions = {
  scaling: Scaling;
  /** Nothing is waited for longer than this. */
  answerWithinMs: number;
  /** Told of what nobody expected; the demands of that stack are answered "try again". */
  onUnexpected: (error: unknown, stack: StackName) => void;
};

/** One result per demand in their order, and when to send them again where that may help. */
export type ScaledBatch = { results: ScaleResult[]; retryAfterSeconds: number | null };

/** What is asked of one stack. */
type Share = { stack: StackName; intents: Intent[] };

/** Hands demands to their stacks, each stack's together. What fails for one stack is a result beside the others' results. */
export async function scaleDemands(
  demands: readonly Demand[],
  stacks: readonly StackName[],
  mode: ScaleMode,
  options: ScaleDemandsOptions,
): Promise<ScaledBatch> {
  const shares: Share[] = [];
  const slots = demands.map((demand) => {
    const placed = place(demand, stacks, options.scaling);
    if (placed.kind === "told") return placed;
    const { stack, intent } = placed;
    const known = shares.findIndex((share) => share.stack === stack);
    const share = known === -1 ? shares.push({ stack, intents: [] }) - 1 : known;
    return { kind: "asked", share, position: (shares[share]?.intents.push(intent) ?? 0) - 1 } as const;
  });
  const scaled = await Promise.all(shares.map((share) => scaleShare(share, mode, options)));
  const results = slots.flatMap((slot) =>
    slot.kind === "told" ? slot.result : (scaled[slot.share]?.results[slot.position] ?? []),
  );
  const retryAfterSeconds = scaled.reduce((max, it) => Math.max(max, it.retryAfterSeconds ?? 0), 0);
  if (retryAfterSeconds > 0) return { results, retryAfterSeconds };
  return { results, retryAfterSeconds: results.some(mayStillWork) ? DEFAULT_RETRY_AFTER_SECONDS : null };
}

type Placed = { kind: "placed"; stack: StackName; intent: Intent } | { kind: "told"; result: ScaleResult };

/** The stack and the pool of a demand among those that the caller may scale, or the result that says why not. */
function place(demand: Demand, stacks: readonly StackName[], scaling: Scaling): Placed {
  const { alias, pool } = demand;
  if (demand.kind === "refuse") return told("refuse", alias, pool, demand.reason);
  const stack = findCalled(stacks, alias);
  if (stack === undefined) {
    // After a start the stack may only not be listed yet.
    return scaling.mayListMore()
      ? told("hold", alias, pool, reason("try-again", "The stacks are still being listed."))
      : told(
          "refuse",
          alias,
          pool,
          reason("unknown-stack", "No stack of that name is open to this credential."),
        );
  }
  if (!scaling.hasPool(stack.id, pool)) {
    const message = `The stack ${stack.alias} has no pool of that name.`;
    return told("refuse", stack.alias, pool, reason("unknown-pool", message));
  }
  const { ask, source, event, summary } = demand;
  return { kind: "placed", stack, intent: { pool, ask, source, requestedBy: source, event, summary } };
}

async function scaleShare(
  { stack, intents }: Share,
  mode: ScaleMode,
  options: ScaleDemandsOptions,
): Promise<ScaledBatch> {
  const { scaling, answerWithinMs, onUnexpected } = options;
  try {
    const results = await withinTime(scaling.scale(stack.id, intents, mode), answerWithinMs);
    if (results.length === intents.length) return { results, retryAfterSeconds: null };
    throw new Error(`${intents.length} intents got ${results.length} results`);
  } catch (error) {
    const again =
      error instanceof TryAgainError
        ? error
        : new TryAgainError("Something failed on our side.", DEFAULT_RETRY_AFTER_SECONDS, { cause: error });
    if (again !== error) onUnexpected(error, stack);
    const why = reason("try-again", again.message);
    return {
      results: intents.map(({ pool }) => unmoved("hold", stack.alias, pool, why)),
      retryAfterSeconds: again.retryAfterSeconds,
    };
  }
}

function told(kind: "hold" | "refuse", alias: string, pool: string, why: Reason): Placed {
  return { kind: "told", result: unmoved(kind, alias, pool, why) };
}

/** True for a result that the same request may turn into another one later. */
export function mayStillWork(result: ScaleResult): boolean {
  return result.reasons.some(({ code }) => code === "try-again");
}

/** What a demand comes to that never reached a decision. */
function unmoved(kind: ScaleResult["kind"], alias: string, pool: string, why: Reason): ScaleResult {
  return {
    stack: shownName(alias),
    pool: shownName(pool),
    kind,
    from: null,
    to: null,
    requested: null,
    reasons: [why],
    delivery: null,
    commit: null,
    pullRequest: null,
  };
}
