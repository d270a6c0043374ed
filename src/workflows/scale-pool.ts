import { setTimeout as sleep } from "node:timers/promises";
import { createTwoFilesPatch } from "diff";
import { directCommit } from "../delivery/direct-commit.ts";
import { openApprovalPull, openInRangePull } from "../delivery/pull-request.ts";
import { renderCommit } from "../delivery/render-scale.ts";
import {
  type Carried,
  carriedScales,
  type PlanStack,
  planScale,
  type ScaleDecision,
  type ScalePlan,
} from "../delivery/scale-plan.ts";
import type { Decision } from "../domain/decision.ts";
import type { Intent } from "../domain/intent.ts";
import { isPartial } from "../domain/partial-rest.ts";
import { reason } from "../domain/reasons.ts";
import { ForgeError, inRangeBranch, type MergeRequest, type OpenedPull } from "../forge/forge.ts";
import { askForRests } from "./ask-for-rests.ts";
import { decideBatch } from "./decide-batch.ts";
import { gateOf } from "./gate-of.ts";
import { mergeRequest } from "./merge-request.ts";
import { readSituation, type ScaleContext, type Situation } from "./read-situation.ts";
import type { ScaleResult } from "./scaling.ts";
import { toTryAgain } from "./to-try-again.ts";

/** How often a lost compare-and-swap is read and decided again before the sender is asked to come again. */
const ATTEMPTS = 6;
/** The first wait after a lost one, in milliseconds; it doubles each time, so that all fit into an answer's 8 s. */
const FIRST_WAIT_MS = 100;

/**
 * Decides intents of one stack and delivers what is to be done, as one commit for all that is in range. On a lost
 * compare-and-swap everything is read and decided again. One result per intent, same order.
 * Throws `TryAgainError` when the same request may work later.
 */
export async function scalePools(context: ScaleContext, intents: readonly Intent[]): Promise<ScaleResult[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      const snapshot = await context.snapshots.get();
      const situation = readSituation(context, snapshot);
      const results = await deliver(context, situation, decideAll(context, situation, intents));
      // A lost race may have left an open pull request that no longer says what is right.
      if (attempt > 1) context.settle(undefined);
      return results;
    } catch (error) {
      context.snapshots.invalidate();
      const isConflict = error instanceof ForgeError && error.code === "conflict";
      if (!isConflict || attempt === ATTEMPTS) throw toTryAgain(error);
      await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}

/** Decides from the snapshot in hand without I/O; null where a decision needs a fresh read or would write. */
export function holdAtOnce(context: ScaleContext, intents: readonly Intent[]): ScaleResult[] | null {
  const snapshot = context.snapshots.current();
  if (snapshot === null) return null;
  const decisions = decideAll(context, readSituation(context, snapshot), intents);
  return decisions.some(({ kind }) => kind === "scale")
    ? null
    : decisions.map((decision) => resultOf(context, decision));
}

/** What the same request would do now, and the exact change of the file; writes nothing. */
export async function dryRun(context: ScaleContext, intents: readonly Intent[]): Promise<ScaleResult[]> {
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
  context: ScaleContext,
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

async function deliver(
  context: ScaleContext,
  situation: Situation,
  decisions: readonly Decision[],
): Promise<ScaleResult[]> {
  const scales = decisions.filter((decision) => decision.kind === "scale");
  const deliveries = new Map<Decision, Delivery>();
  const inRange = scales.filter(({ gated }) => !gated);
  if (inRange.length > 0) {
    const delivered = await deliverInRange(context, situation, inRange);
    for (const decision of inRange) deliveries.set(decision, delivered);
  }
  for (const decision of scales.filter(({ gated }) => gated)) {
    deliveries.set(decision, await deliverGated(context, situation, decision));
  }
  if (scales.length > 0) context.snapshots.invalidate();
  return decisions.map((decision) => ({ ...resultOf(context, decision), ...deliveries.get(decision) }));
}

type Delivery =
  | Pick<ScaleResult, "delivery" | "commit" | "pullRequest">
  | Pick<ScaleResult, "kind" | "to" | "reasons">;

async function deliverInRange(
  context: ScaleContext,
  situation: Situation,
  decisions: ScaleDecision[],
): Promise<Delivery> {
  const { forge, place } = context;
  const { snapshot, record } = situation;
  const stack = { alias: place.alias, project: place.project, contract: record.contract };
  const isDirect = record.policy.delivery === "direct";
  const carried = isDirect ? undefined : carriedInRange(situation, stack, decisions);
  const planned = planScale(snapshot, stack, decisions, carried);
  if (planned.kind === "unusable") return unusable(planned.message);
  const prefix = record.policy.commitPrefix;
  if (isDirect) {
    const committed = await directCommit(forge, place, snapshot, planned.plan, decisions, prefix);
    context.snapshots.invalidate();
    if (decisions.some(stopsAtThreshold)) await askForRests(context);
    return committed;
  }
  const opened = await openInRangePull(forge, place, snapshot, planned.plan, decisions, prefix);
  if (opened.baseOid !== snapshot.headOid) await checkStillRight(context, decisions, opened);
  context.settle(mergeAtOnce(situation, planned.plan, decisions, opened));
  return { delivery: "pull-request", commit: opened.headOid, pullRequest: opened.number };
}

/** What has to wait for a person by now would keep all that goes along with it from merging: it is asked for anew, if it lasts. */
function carriedInRange(
  { snapshot, record }: Situation,
  stack: PlanStack,
  decisions: readonly ScaleDecision[],
): Carried {
  const { scales, requestedBy } = carriedScales(snapshot, stack, decisions);
  return { scales: scales.filter((scale) => gateOf(record, scale) === null), requestedBy };
}

/**
 * The base is not, or not known to be, where the decision saw it. Where a value has moved too, nothing would come of the pull
 * request, and the sender would have been told otherwise: throws a conflict, so that it is decided again.
 */
async function checkStillRight(
  context: ScaleContext,
  decisions: readonly ScaleDecision[],
  opened: OpenedPull,
): Promise<void> {
  context.snapshots.invalidate();
  const snapshot = await context.snapshots.get();
  const { repositoryId } = snapshot;
  const { record, readState } = readSituation(context, snapshot);
  const hasMoved = decisions.some(({ intent, from }) => {
    const pool = record.contract.get(intent.pool);
    const read = pool === undefined ? undefined : readState(pool);
    return read?.kind !== "state" || read.state.committed !== from;
  });
  if (!hasMoved) return;
  // One that was open before may hold other pools' moves.
  const { branch } = context.place;
  if (opened.baseOid !== null) {
    const { number, headOid } = opened;
    const pull = { repositoryId, number, headOid, branch: inRangeBranch(context.place.alias) };
    await context.forge.closePull(context.place, pull, `The value on ${branch} moved while this was opened.`);
  }
  throw new ForgeError("conflict", `The value on ${branch} moved while its pull request was opened.`);
}

/**
 * The merge that may be tried without another read: only where the base stands where the snapshot saw it, and where nothing gated
 * has to be looked after too.
 */
function mergeAtOnce(
  { snapshot, record }: Situation,
  plan: ScalePlan,
  decisions: readonly ScaleDecision[],
  opened: OpenedPull,
): MergeRequest | undefined {
  const isGatedOpen = [...snapshot.gated.values()].some(({ pull }) => pull !== null);
  if (opened.baseOid !== snapshot.headOid || isGatedOpen || decisions.some(stopsAtThreshold))
    return undefined;
  const { headline, body } = renderCommit(plan.commit, decisions, record.policy.commitPrefix);
  const pull = { number: opened.number, headOid: opened.headOid, headMessage: `${headline}\n\n${body}` };
  return mergeRequest(pull, record.policy.mergeMethod, snapshot.mergeMethods);
}

async function deliverGated(
  context: ScaleContext,
  situation: Situation,
  decision: ScaleDecision,
): Promise<Delivery> {
  const { forge, place } = context;
  const { snapshot, record } = situation;
  const stack = { alias: place.alias, project: place.project, contract: record.contract };
  const planned = planScale(snapshot, stack, [decision]);
  if (planned.kind === "unusable") return unusable(planned.message);
  const { from, intent } = decision;
  const open = snapshot.gated.get(intent.pool)?.pull;
  if (open != null && !(await forge.readStanding(place, open.number)).isOurs) {
    const why = `somebody has pushed to pull request #${open.number}, so it is left alone until it is merged or its branch is deleted`;
    return { kind: "hold", to: from, reasons: [reason("awaiting-approval", why)] };
  }
  const opened = await openApprovalPull(
    forge,
    place,
    snapshot,
    planned.plan,
    [decision],
    record.policy.commitPrefix,
  );
  return { delivery: "needs-approval", commit: opened.headOid, pullRequest: opened.number };
}

function diffOf(context: ScaleContext, { snapshot, record }: Situation, decision: ScaleDecision): string {
  const { place } = context;
  const stack = { alias: place.alias, project: place.project, contract: record.contract };
  const planned = planScale(snapshot, stack, [decision]);
  if (planned.kind === "unusable" || snapshot.file.kind !== "text") return "";
  return filePatch(place.path, snapshot.file.text, planned.plan);
}

function filePatch(path: string, before: string, plan: ScalePlan): string {
  return createTwoFilesPatch(`a/${path}`, `b/${path}`, before, plan.text, "", "", { context: 3 });
}

function stopsAtThreshold({ to, requested, reasons }: ScaleDecision): boolean {
  return isPartial({ to, requested, reasons: reasons.map(({ code }) => code) });
}

function unusable(message: string): Delivery {
  return { kind: "refuse", to: null, reasons: [reason("stack-file", message)] };
}

function resultOf({ place }: ScaleContext, decision: Decision): ScaleResult {
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
