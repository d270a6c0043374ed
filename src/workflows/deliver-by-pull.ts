import { directCommit } from "../delivery/direct-commit.ts";
import {
  type Carried,
  carriedScales,
  type PreparedScale,
  prepareScale,
  type ScaleDecision,
  type StackToScale,
} from "../delivery/prepare-scale.ts";
import { openApprovalPull, openInRangePull } from "../delivery/pull-request.ts";
import { renderCommit } from "../delivery/render-scale.ts";
import type { Decision } from "../domain/decision.ts";
import { isPartial } from "../domain/partial-rest.ts";
import type { Scale } from "../domain/scale-commit.ts";
import { ForgeError, inRangeBranch, type MergeRequest, type OpenedPull } from "../forge/forge.ts";
import { askForRests } from "./ask-for-rests.ts";
import { gateOf } from "./gate-of.ts";
import { mergeRequest } from "./merge-request.ts";
import { readSituation, type ScaleContext, type Situation } from "./read-situation.ts";
import { type Deliverer, type DeliveryResult, unusable } from "./scale-pool.ts";
import { whyHeld } from "./why-held.ts";

/**
 * Delivers to a place with pull requests: what is in range as one commit, on the base branch or in the living pull request; what is
 * over a threshold in a gated pull request each.
 */
export function deliverByPull(context: ScaleContext): Deliverer {
  return {
    deliver: (situation, scales) => deliver(context, situation, scales),
    settle: () => context.settle(undefined),
  };
}

async function deliver(
  context: ScaleContext,
  situation: Situation,
  scales: readonly ScaleDecision[],
): Promise<Map<Decision, DeliveryResult>> {
  const deliveries = new Map<Decision, DeliveryResult>();
  const inRange = scales.filter(({ gated }) => !gated);
  if (inRange.length > 0) {
    const delivered = await deliverInRange(context, situation, inRange);
    for (const decision of inRange) deliveries.set(decision, delivered);
  }
  for (const decision of scales.filter(({ gated }) => gated)) {
    deliveries.set(decision, await deliverGated(context, situation, decision));
  }
  return deliveries;
}

async function deliverInRange(
  context: ScaleContext,
  situation: Situation,
  decisions: ScaleDecision[],
): Promise<DeliveryResult> {
  const { forge, place } = context;
  const { snapshot, record } = situation;
  const stack = { ...place, contract: record.contract };
  const isDirect = record.policy.delivery === "direct";
  const carried = isDirect ? undefined : carriedInRange(situation, stack, decisions, context.clock());
  const prepared = prepareScale(snapshot, stack, decisions, carried);
  if (prepared.kind === "unusable") return unusable(prepared.message);
  const prefix = record.policy.commitPrefix;
  if (isDirect) {
    const committed = await directCommit(forge, place, snapshot, prepared.scale, decisions, prefix);
    context.snapshots.invalidate();
    if (decisions.some(stopsAtThreshold)) await askForRests(context);
    return committed;
  }
  const opened = await openInRangePull(forge, place, snapshot, prepared.scale, decisions, prefix);
  if (opened.baseOid !== snapshot.headOid) await checkStillRight(context, decisions, opened);
  context.settle(mergeAtOnce(situation, prepared.scale, decisions, opened));
  return { delivery: "pull-request", commit: opened.headOid, pullRequest: opened.number };
}

/**
 * What has to wait for a person by now, or is held back by a pause or a pin, would keep all that goes along with it from merging: it is
 * asked for anew, if it lasts.
 */
function carriedInRange(
  situation: Situation,
  stack: StackToScale,
  decisions: readonly ScaleDecision[],
  nowMs: number,
): Carried {
  const { snapshot, record } = situation;
  const { scales, requestedBy } = carriedScales(snapshot, stack, decisions);
  const mayGoAlong = (scale: Scale) =>
    gateOf(record, scale) === null && whyHeld(situation, scale, nowMs) === null;
  return { scales: scales.filter(mayGoAlong), requestedBy };
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
 * The merge that may be tried without another read: only where the base and, as far as is known, the ledger with the pauses stand where
 * the snapshot saw them, and where nothing gated has to be looked after too.
 */
function mergeAtOnce(
  { snapshot, record }: Situation,
  prepared: PreparedScale,
  decisions: readonly ScaleDecision[],
  opened: OpenedPull,
): MergeRequest | undefined {
  const isGatedOpen = [...snapshot.gated.values()].some(({ pull }) => pull !== null);
  const { baseOid, ledgerHeadOid = snapshot.ledgerHeadOid } = opened;
  const isNews = baseOid !== snapshot.headOid || ledgerHeadOid !== snapshot.ledgerHeadOid;
  if (isNews || isGatedOpen || decisions.some(stopsAtThreshold)) return undefined;
  const { headline, body } = renderCommit(prepared, decisions, record.policy.commitPrefix);
  const pull = { number: opened.number, headOid: opened.headOid, headMessage: `${headline}\n\n${body}` };
  return mergeRequest(pull, record.policy.mergeMethod, snapshot.mergeMethods);
}

async function deliverGated(
  context: ScaleContext,
  situation: Situation,
  decision: ScaleDecision,
): Promise<DeliveryResult> {
  const { forge, place } = context;
  const { snapshot, record } = situation;
  const stack = { ...place, contract: record.contract };
  const prepared = prepareScale(snapshot, stack, [decision]);
  if (prepared.kind === "unusable") return unusable(prepared.message);
  const opened = await openApprovalPull(
    forge,
    place,
    snapshot,
    prepared.scale,
    [decision],
    record.policy.commitPrefix,
  );
  return { delivery: "needs-approval", commit: opened.headOid, pullRequest: opened.number };
}

function stopsAtThreshold({ to, requested, reasons }: ScaleDecision): boolean {
  return isPartial({ to, requested, reasons: reasons.map(({ code }) => code) });
}
