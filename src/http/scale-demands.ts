import type { Intent } from "../domain/intent.ts";
import { type Reason, type ReasonCode, reason } from "../domain/reasons.ts";
import { type Demand, shownName } from "../sources/demand.ts";
import { type ScaleResult, type Scaling, type StackName, TryAgainError } from "../workflows/scaling.ts";
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

type Placed = { kind: "placed"; stack: StackName; intent: Intent };
type Unplaced = { kind: "unplaced"; result: ScaleResult };

/** Hands demands to their stacks, each stack's together. What fails for one stack is a result beside the others' results. */
export async function scaleDemands(
  demands: readonly Demand[],
  stacks: readonly StackName[],
  options: ScaleDemandsOptions,
): Promise<ScaledBatch> {
  const places = demands.map((demand) => place(demand, stacks, options.scaling));
  const shares = Map.groupBy(
    places.filter((it) => it.kind === "placed"),
    ({ stack }) => stack.id,
  );
  const scaled = await Promise.all(Array.from(shares.values(), (share) => scaleShare(share, options)));
  const resultOf = new Map(scaled.flatMap(({ pairs }) => pairs));
  const results = places.flatMap((it) => (it.kind === "unplaced" ? it.result : (resultOf.get(it) ?? [])));
  const waits = scaled.flatMap(({ retryAfterSeconds }) => retryAfterSeconds ?? []);
  if (results.some(mayStillWork)) waits.push(DEFAULT_RETRY_AFTER_SECONDS);
  return { results, retryAfterSeconds: waits.length === 0 ? null : Math.max(...waits) };
}

/** The stack and the pool of a demand among those that the caller may scale, or the result that says why not. */
function place(demand: Demand, stacks: readonly StackName[], scaling: Scaling): Placed | Unplaced {
  if (demand.kind === "refuse")
    return { kind: "unplaced", result: unmoved("refuse", demand.alias, demand.pool, demand.reason) };
  const wanted = demand.alias.toLowerCase();
  const stack = stacks.find(({ alias }) => alias.toLowerCase() === wanted);
  const unplaced = (kind: ScaleResult["kind"], code: ReasonCode, message: string): Unplaced => {
    const result = unmoved(kind, stack?.alias ?? demand.alias, demand.pool, reason(code, message));
    return { kind: "unplaced", result };
  };
  if (stack === undefined) {
    // After a start the stack may only not be listed yet.
    if (scaling.notReadyBecause().length > 0)
      return unplaced("hold", "try-again", "The stacks are still being listed.");
    return unplaced("refuse", "unknown-stack", "No stack of that name is open to this credential.");
  }
  if (!scaling.poolNames(stack.id).includes(demand.pool))
    return unplaced("refuse", "unknown-pool", `The stack ${stack.alias} has no pool of that name.`);
  const { pool, ask, source, event, summary } = demand;
  return { kind: "placed", stack, intent: { pool, ask, source, requestedBy: source, event, summary } };
}

type Share = { pairs: [Placed, ScaleResult][]; retryAfterSeconds: number | null };

async function scaleShare(
  share: readonly Placed[],
  { scaling, answerWithinMs, onUnexpected }: ScaleDemandsOptions,
): Promise<Share> {
  const [first] = share;
  if (first === undefined) return { pairs: [], retryAfterSeconds: null };
  const { stack } = first;
  const pair = (resultAt: (placed: Placed, i: number) => ScaleResult): Share["pairs"] =>
    share.map((placed, i) => [placed, resultAt(placed, i)]);
  try {
    const intents = share.map(({ intent }) => intent);
    const results = await withinTime(scaling.scale(stack.id, intents, "commit"), answerWithinMs);
    return { pairs: pair((_placed, i) => expectResult(results[i])), retryAfterSeconds: null };
  } catch (error) {
    const again =
      error instanceof TryAgainError
        ? error
        : new TryAgainError("Something failed on our side.", DEFAULT_RETRY_AFTER_SECONDS, { cause: error });
    if (again !== error) onUnexpected(error, stack);
    const why = reason("try-again", again.message);
    return {
      pairs: pair(({ intent }) => unmoved("hold", stack.alias, intent.pool, why)),
      retryAfterSeconds: again.retryAfterSeconds,
    };
  }
}

function expectResult(result: ScaleResult | undefined): ScaleResult {
  if (result === undefined) throw new Error("scaling gave fewer results than there were intents");
  return result;
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
