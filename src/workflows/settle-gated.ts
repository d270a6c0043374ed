import { prepareScale } from "../delivery/prepare-scale.ts";
import { openApprovalPull } from "../delivery/pull-request.ts";
import { approvalOf } from "../domain/approval.ts";
import type { Pool } from "../domain/contract.ts";
import { approvalNeeded } from "../domain/guardrails.ts";
import { APPROVAL_LABEL } from "../domain/labels.ts";
import { findPool } from "../domain/pool-history.ts";
import { approvalRules } from "../domain/repository-file.ts";
import { parseScaleCommit, type Scale } from "../domain/scale-commit.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { readPoolValue } from "../domain/stack-file.ts";
import type { PullStanding } from "../forge/forge.ts";
import { closeScalePull } from "./close-scale-pull.ts";
import { HANDS_OFF } from "./hands-off.ts";
import { mergeIntoBase } from "./merge-into-base.ts";
import { mergeRequest } from "./merge-request.ts";
import { readSituation, type ScaleContext } from "./read-situation.ts";
import { AGAIN, type OpenBranch, type Settled, waiting } from "./settled.ts";
import type { StackRecord } from "./stack-record.ts";
import { waitWithNote } from "./wait-with-note.ts";
import { heldNote, whyHeld } from "./why-held.ts";

/**
 * Merges a gated pull request once a person has approved exactly its head; makes it anew when the value it starts from has moved or
 * another change is in its way (so that it must be approved again), and closes it when nothing of it is left.
 */
export async function settleGated(
  context: ScaleContext,
  snapshot: Snapshot,
  branch: OpenBranch,
): Promise<Settled | typeof AGAIN> {
  const { forge, place } = context;
  const situation = readSituation(context, snapshot);
  const { record } = situation;
  const { pull } = branch;
  const standing = await forge.readStanding(place, pull.number);
  if (standing.headOid !== branch.headOid || pull.headOid !== branch.headOid) return AGAIN;
  const say = (sentence: string) => waitWithNote(context, branch, sentence, standing.note);
  // The queue would merge what was right when it went there.
  const leaveQueue = async () => {
    if (standing.isQueued) await forge.dequeuePull(place, pull.nodeId);
  };
  if (!standing.isOurs || pull.commitCount !== 1) {
    await leaveQueue();
    return say(HANDS_OFF);
  }
  // A process that died right after opening it has left it without.
  if (!standing.labels.includes(APPROVAL_LABEL)) await forge.addLabel(place, pull.number, APPROVAL_LABEL);
  const paused = context.paused ?? record.policy.paused;
  if (paused !== null) {
    await leaveQueue();
    return say(`Scaling is paused: ${paused}.`);
  }
  const commit = parseScaleCommit(branch.headMessage);
  const [scale, ...others] = commit?.scales ?? [];
  const pool = scale === undefined ? undefined : findPool(record.contract, scale.pool);
  if (commit?.alias !== place.alias || scale === undefined || pool === undefined || others.length > 0)
    return closeScalePull(context, snapshot, branch, "The contract has no such pool any more.");
  const read = situation.readState(pool);
  if (read.kind === "unusable") return say(`The pool's value cannot be used: ${read.message}.`);
  if (branch.file.kind !== "text") return say("The stack file on this branch cannot be read.");
  const { committed } = read.state;
  const over = whyClosed(record, pool, scale, committed);
  if (over !== null) {
    await leaveQueue();
    return closeScalePull(context, snapshot, branch, over);
  }
  const held = whyHeld(situation, scale, context.clock());
  if (held !== null) {
    await leaveQueue();
    return say(heldNote(held));
  }
  const remake = async () => {
    await leaveQueue();
    const stack = { ...place, contract: record.contract };
    const carried = { scales: [{ ...scale, from: committed }], requestedBy: commit.requestedBy };
    const prepared = prepareScale(snapshot, stack, [], carried);
    if (prepared.kind === "unusable") return say(prepared.message);
    await openApprovalPull(forge, place, snapshot, prepared.scale, [], record.policy.commitPrefix);
    return AGAIN;
  };
  if (
    committed !== scale.from ||
    standing.isConflicting ||
    !standing.isWorded ||
    !holds(branch.file.text, pool, place.project, scale)
  )
    return remake();
  const approval = approvalOf(standing.reviews, branch.headOid, commit.requestedBy.split(", "));
  if (approval.kind === "missing") {
    await leaveQueue();
    return notApproved(context, branch, standing, approval.message);
  }
  if (pull.isDraft && !standing.isQueued)
    return say("It is approved, and a draft: mark it ready for review, and it merges.");
  const { mergeMethod } = record.policy;
  const request = mergeRequest(
    { ...branch, number: pull.number },
    mergeMethod,
    snapshot.mergeMethods,
    approval.by,
  );
  const merged = await mergeIntoBase(context, branch, request, "never", snapshot.headOid, standing);
  return merged.kind === "behind" ? remake() : merged;
}

/** Whether its file has the value where the contract says today that it stands. */
function holds(text: string, pool: Pool, project: string, { to }: Scale): boolean {
  const read = readPoolValue(text, { ...pool.location, project });
  return read.kind === "value" && read.value === to;
}

/** Why nothing is left of a gated move, given the value as it is now. */
function whyClosed(
  { policy }: StackRecord,
  pool: Pool,
  { from, to }: Scale,
  committed: number,
): string | null {
  if (committed === to) return `The value is ${to} already.`;
  if (to < pool.min || to > pool.max)
    return `${to} is outside the pool's limits of today, ${pool.min} to ${pool.max}.`;
  if (committed === from) return null;
  if (Math.sign(to - committed) !== Math.sign(to - from))
    return `The value has moved beyond it: it is ${committed} now.`;
  // The next demand moves it without a person.
  return approvalNeeded(approvalRules(policy, pool), pool, committed, to) === null
    ? `The value is ${committed} now, from where ${to} needs no approval.`
    : null;
}

/** Said only where somebody has reviewed it, or where what was said is over: the pull request's own text asks for the approval. */
function notApproved(
  context: ScaleContext,
  branch: OpenBranch,
  { reviews, note }: PullStanding,
  message: string,
): Promise<Settled> | Settled {
  const isReviewed = reviews.some(({ state }) => state !== "comment");
  return isReviewed || note !== null
    ? waitWithNote(context, branch, `It is not merged yet: ${message}.`, note)
    : waiting(branch.pull, message);
}
