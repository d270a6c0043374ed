import { setTimeout as sleep } from "node:timers/promises";
import { createTwoFilesPatch } from "diff";
import { type PreparedScale, prepareScale, type ScaleDecision } from "../delivery/prepare-scale.ts";
import type { Decision } from "../domain/decision.ts";
import type { Intent } from "../domain/intent.ts";
import { reason } from "../domain/reasons.ts";
import { ForgeError } from "../forge/forge.ts";
import { decideBatch } from "./decide-batch.ts";
import { readSituation, type Situation, type StackContext } from "./read-situation.ts";
import type { ScaleResult } from "./scaling.ts";
import { toTryAgain } from "./to-try-again.ts";

/** How often a lost compare-and-swap is read and decided again before the sender is asked to come again. */
const ATTEMPTS = 6;
/** The first wait after a lost one, in milliseconds; it doubles each time, so that all fit into an answer's 8 s. */
const FIRST_WAIT_MS = 100;

/** What became of a decided change: where it stands by now, or that it could not be written. */
export type DeliveryResult = Partial<
  Pick<ScaleResult, "kind" | "to" | "reasons" | "delivery" | "commit" | "pullRequest">
>;

/** How decided changes of one stack leave for its base branch. */
export interface Deliverer {
  /** Writes them, by compare-and-swap on the situation's snapshot. Throws `ForgeError`. */
  deliver(
    situation: Situation,
    scales: readonly ScaleDecision[],
  ): Promise<ReadonlyMap<Decision, DeliveryResult>>;
  /** Looks after what a lost race may have left. */
  settle(): void;
}

/** A change that the stack file does not take. */
export function unusable(message: string): DeliveryResult {
  return { kind: "refuse", to: null, reasons: [reason("stack-file", message)] };
}

/**
 * Decides intents of one stack and delivers what is to be done, as one commit for all that is in range. On a lost
 * compare-and-swap everything is read and decided again. One result per intent, same order.
 * Throws `TryAgainError` when the same request may work later.
 */
export async function scalePools(
  context: StackContext,
  deliverer: Deliverer,
  intents: readonly Intent[],
): Promise<ScaleResult[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const situation = readSituation(context, await context.snapshots.get());
      const decisions = decideAll(context, situation, intents);
      const scales = decisions.filter((decision) => decision.kind === "scale");
      const delivered = scales.length === 0 ? null : await deliverer.deliver(situation, scales);
      if (delivered !== null) context.snapshots.invalidate();
      // A lost race may have left something that no longer says what is right.
      if (attempt > 1) deliverer.settle();
      return decisions.map((decision) => ({ ...resultOf(context, decision), ...delivered?.get(decision) }));
    } catch (error) {
      context.snapshots.invalidate();
      const isConflict = error instanceof ForgeError && error.code === "conflict";
      if (!isConflict || attempt === ATTEMPTS) throw toTryAgain(error);
      await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

/** Decides from the snapshot in hand without I/O; null where a decision needs a fresh read or would write. */
export function holdAtOnce(context: StackContext, intents: readonly Intent[]): ScaleResult[] | null {
  const snapshot = context.snapshots.current();
  if (snapshot === null) return null;
  const decisions = decideAll(context, readSituation(context, snapshot), intents);
  return decisions.some(({ kind }) => kind === "scale")
    ? null
    : decisions.map((decision) => resultOf(context, decision));
}

/** What the same request would do now, and the exact change of the file; writes nothing. */
export async function dryRun(context: StackContext, intents: readonly Intent[]): Promise<ScaleResult[]> {
  try {
    const snapshot = await context.snapshots.get();
    const situation = readSituation(context, snapshot);
    return decideAll(context, situation, intents).map((decision) => {
      const result = resultOf(context, decision);
      if (decision.kind !== "scale") return { ...result, diff: "" };
      const delivery = decision.gated ? "needs-approval" : situation.record.policy.delivery;
      return { ...result, delivery, diff: diffOf(context, situation, decision) };
    });
  } catch (error) {
    throw toTryAgain(error);
  }
}

function decideAll(
  context: StackContext,
  { record, readState }: Situation,
  intents: readonly Intent[],
): Decision[] {
  return decideBatch(intents, {
    contract: record.contract,
    policy: record.policy,
    nowMs: context.clock(),
    readState,
  });
}

function diffOf(context: StackContext, { snapshot, record }: Situation, decision: ScaleDecision): string {
  const { place } = context;
  const stack = { ...place, contract: record.contract };
  const prepared = prepareScale(snapshot, stack, [decision]);
  if (prepared.kind === "unusable" || snapshot.file.kind !== "text") return "";
  return filePatch(place.path, snapshot.file.text, prepared.scale);
}

function filePatch(path: string, before: string, prepared: PreparedScale): string {
  return createTwoFilesPatch(`a/${path}`, `b/${path}`, before, prepared.text, "", "", { context: 3 });
}

function resultOf({ place }: StackContext, decision: Decision): ScaleResult {
  return {
    stack: place.alias,
    pool: decision.intent.pool,
    kind: decision.kind,
    from: decision.from,
    to: decision.kind === "scale" ? decision.to : decision.from,
    requested: decision.requested,
    reasons: [...decision.reasons],
    delivery: null,
    commit: null,
    pullRequest: null,
  };
}
