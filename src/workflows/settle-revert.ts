import { prepareScale, type ScaleDecision } from "../delivery/prepare-scale.ts";
import { openRevertPull } from "../delivery/revert-pull.ts";
import { approvalOf } from "../domain/approval.ts";
import { findPool } from "../domain/pool-history.ts";
import type { PoolReceipt } from "../domain/receipt.ts";
import { parseScaleCommit, type Scale } from "../domain/scale-commit.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { closeScalePull } from "./close-scale-pull.ts";
import { gateOf } from "./gate-of.ts";
import { HANDS_OFF } from "./hands-off.ts";
import { holdsOnly } from "./holds-only.ts";
import { mergeIntoBase } from "./merge-into-base.ts";
import { mergeRequest } from "./merge-request.ts";
import { readSituation, type ScaleContext, type Situation } from "./read-situation.ts";
import { AGAIN, type OpenBranch, type Settled } from "./settled.ts";
import { takeBack, whyNotYet } from "./take-back.ts";
import { waitWithNote } from "./wait-with-note.ts";
import { heldNote, whyHeld } from "./why-held.ts";

/** What is to be put back, as the ledger's last receipt says. */
type Failed = { decision: ScaleDecision; line: PoolReceipt };

/** Opens a pull request for each value that could not be applied and that nobody has said "no" to taking back. */
export async function openReverts(context: ScaleContext): Promise<Settled[]> {
  const snapshot = await context.snapshots.get();
  const situation = readSituation(context, snapshot);
  const opened: Settled[] = [];
  for (const failed of findFailed(situation)) {
    const { pool } = failed.decision.intent;
    if (snapshot.reverts.get(pool)?.pull != null || wasRejected(situation, failed.decision)) continue;
    if (whyNotYet(situation, failed.decision, context.clock()) !== null) continue;
    const number = await open(context, situation, failed);
    if (number !== null) opened.push({ kind: "opened", pullRequest: number });
  }
  if (opened.length > 0) context.snapshots.invalidate();
  return opened;
}

/**
 * Merges a revert, by itself where the repository says so and else once a person has approved it; makes it anew where the file has moved,
 * and closes it where the value is applied by now, or another one.
 */
export async function settleRevert(
  context: ScaleContext,
  snapshot: Snapshot,
  branch: OpenBranch,
): Promise<Settled | typeof AGAIN> {
  const { forge, place } = context;
  const situation = readSituation(context, snapshot);
  const { record } = situation;
  const { pull } = branch;
  const standing = await forge.readStanding(place, pull.number);
  const say = async (sentence: string) => {
    if (pull.isAutoMerging) await forge.withdrawAutoMerge(place, pull.nodeId);
    if (standing.isQueued) await forge.dequeuePull(place, pull.nodeId);
    return waitWithNote(context, branch, sentence, standing.note);
  };
  if (standing.headOid !== branch.headOid || pull.headOid !== branch.headOid) return AGAIN;
  if (!pull.isOurs) return say(HANDS_OFF);
  const [scale] = parseScaleCommit(branch.headMessage)?.scales ?? [];
  const failed = findFailed(situation).find(({ decision }) => isSame(decision, scale));
  if (scale === undefined || failed === undefined)
    return closeScalePull(context, snapshot, branch, whyOver(situation, scale));
  const held = whyHeld(situation, scale, context.clock());
  if (held !== null) return say(heldNote(held));
  const remake = async () => {
    await open(context, situation, failed);
    return AGAIN;
  };
  const stack = { ...place, contract: record.contract };
  const prepared = prepareScale(snapshot, stack, [], { scales: [scale], requestedBy: "pulumiscale" });
  if (prepared.kind === "unusable") return say(prepared.message);
  if (!holdsOnly(branch, prepared.scale.text) || standing.isConflicting) return remake();
  const needed = record.policy.onFailure === "revert" ? gateOf(record, scale) : "onFailure is open";
  const approval = approvalOf(standing.reviews, branch.headOid, []);
  if (needed !== null && approval.kind === "missing")
    return say(`A person merges or approves it (${needed}): ${approval.message}.`);
  if (pull.isDraft) return say("It is a draft: mark it ready for review, and it merges.");
  const by = needed === null || approval.kind === "missing" ? null : approval.by;
  const { mergeMethod } = record.policy;
  const request = mergeRequest({ ...branch, number: pull.number }, mergeMethod, snapshot.mergeMethods, by);
  const auto = needed === null ? "may-merge-by-itself" : "never";
  const merged = await mergeIntoBase(context, branch, request, auto, snapshot.headOid, standing);
  return merged.kind === "behind" ? remake() : merged;
}

function findFailed({ record, ...situation }: Situation): Failed[] {
  if (record.policy.onFailure === "none") return [];
  return (record.facts.receipt?.pools ?? []).flatMap((line) => {
    const decision = takeBack({ record, ...situation }, line);
    return decision === null ? [] : [{ decision, line }];
  });
}

/** Answers the pull request's number; null where the stack file does not take it. */
async function open(
  { forge, place }: ScaleContext,
  { snapshot, record }: Situation,
  { decision, line }: Failed,
): Promise<number | null> {
  const { alias, project } = place;
  const prepared = prepareScale(snapshot, { alias, project, contract: record.contract }, [decision]);
  if (prepared.kind === "unusable") return null;
  const { commitPrefix: prefix, onFailure } = record.policy;
  const failed = { line, runUrl: record.facts.receipt?.runUrl ?? null, onFailure, prefix };
  return (await openRevertPull(forge, place, snapshot, prepared.scale, decision, failed)).number;
}

/** A "no" to taking this failure back holds as long as the failure: nothing new has come to ask about. */
function wasRejected({ record, readState }: Situation, { intent, from, to }: ScaleDecision): boolean {
  const pool = record.contract.get(intent.pool);
  const read = pool === undefined ? undefined : readState(pool);
  const sinceMs = Date.parse(record.facts.receipt?.startedAt ?? "");
  return (
    read?.kind === "state" &&
    read.state.rejections.some((no) => no.from === from && no.to === to && no.atMs >= sinceMs)
  );
}

function isSame({ intent, from, to }: ScaleDecision, scale: Scale | undefined): boolean {
  return scale?.pool === intent.pool && scale.from === from && scale.to === to;
}

function whyOver({ record, readState }: Situation, scale: Scale | undefined): string {
  if (record.policy.onFailure === "none") return "`onFailure` is none by now: nothing is taken back.";
  const pool = scale === undefined ? undefined : findPool(record.contract, scale.pool);
  const read = pool === undefined ? undefined : readState(pool);
  if (scale === undefined || read?.kind !== "state") return "The pool's value cannot be used any more.";
  const { committed } = read.state;
  return committed === scale.from
    ? `${committed} is applied by now.`
    : `The value has moved on: it is ${committed} now.`;
}
