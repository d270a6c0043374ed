import { approvalOf } from "../domain/approval.ts";
import { APPROVAL_LABEL } from "../domain/labels.ts";
import { parseRepositoryFile, policyOf } from "../domain/repository-file.ts";
import type { MergeRequest, PullStanding } from "../forge/forge.ts";
import { mergeIntoBase } from "./merge-into-base.ts";
import { mergeRequest } from "./merge-request.ts";
import { type FoundPlan, type PlanContext, readPlan } from "./read-plan.ts";
import { AGAIN, type Settled, type StandingPull, waiting } from "./settled.ts";
import { waitWithNote } from "./wait-with-note.ts";
import { heldNote } from "./why-held.ts";
import { whyPlanHeld } from "./why-plan-held.ts";

/**
 * Marks the draft of a plan ready and merges it once a person has approved exactly its head. What cannot go on says why on it. Null where
 * the pull request is none of a plan any more. Throws `ForgeError`.
 */
export async function settlePlan(
  context: PlanContext,
  number: number,
): Promise<Settled | typeof AGAIN | null> {
  const { forge, plans, place } = context;
  const found = await readPlan(context, number);
  if (found.kind === "none") return null;
  const { subject } = found;
  const standing = await forge.readStanding(place, number);
  if (!standing.isOpen) return null;
  if (standing.headOid !== subject.headOid) return AGAIN;
  const branch: StandingPull = { pull: { number, nodeId: subject.nodeId }, parentOid: null };
  // The queue would merge what was right when it went there.
  const leaveQueue = async () => {
    if (standing.isQueued) await forge.dequeuePull(place, subject.nodeId);
  };
  const stay = async (why: string) => {
    await leaveQueue();
    return waitWithNote(context, branch, why, standing.note);
  };
  if (found.kind === "plan") context.onFound(found);
  if (found.kind === "unfit") return stay(`PulumiScale does not merge this: ${found.message}.`);
  if (!standing.labels.includes(APPROVAL_LABEL)) await forge.addLabel(place, number, APPROVAL_LABEL);
  const held = whyPlanHeld(context, subject);
  if (held !== null) return stay(heldNote(held));
  if (standing.isConflicting)
    return stay("Another plan of this target was merged since: run infra.scale again, or close this one.");
  const approval = await approvalOfPlan(found, standing);
  if (approval.kind === "missing") {
    const isReviewed = standing.reviews.some(({ commitOid }) => commitOid === subject.headOid);
    if (standing.note?.text === BROUGHT_UP_TO_DATE && !isReviewed)
      return waiting(branch.pull, approval.message);
    // Said only where somebody has said yes or no, or where what was said is over.
    if (approval.isTold || standing.note !== null) return stay(`It is not merged yet: ${approval.message}.`);
    await leaveQueue();
    return waiting(branch.pull, approval.message);
  }
  if (subject.isDraft) await plans.markReady(place, subject.nodeId);
  const request = requestOf(found, approval.by);
  // Of a draft GitHub does not tell whether it is behind.
  const known = subject.isDraft ? undefined : standing;
  const merged = await mergeIntoBase(context, branch, request, "never", subject.baseOid ?? "", known);
  if (merged.kind !== "behind") return merged;
  const refusal = await plans.updateBranch(place, number, subject.headOid);
  if (refusal !== null) return stay(`Its branch has to stand on the newest base first: ${refusal}`);
  return waitWithNote(context, branch, BROUGHT_UP_TO_DATE);
}

const BROUGHT_UP_TO_DATE =
  "The base takes only what stands on its newest head, so the base was merged into this branch. The new head has to be approved once more.";

type PlanApproval =
  | { kind: "approved"; by: string }
  /** `isTold`: somebody has reviewed it. */
  | { kind: "missing"; message: string; isTold: boolean };

/** Who has pushed it is only asked for where it matters. */
async function approvalOfPlan(
  { subject, readOrigin }: FoundPlan,
  { reviews, headOid }: PullStanding,
): Promise<PlanApproval> {
  const isTold = reviews.some(({ state }) => state !== "comment");
  const first = approvalOf(reviews, headOid, [subject.author]);
  if (first.kind === "missing") return { ...first, isTold };
  const origin = await readOrigin();
  if (origin !== null) {
    const approval = approvalOf(reviews, headOid, origin.requesters);
    return approval.kind === "missing" ? { ...approval, isTold } : approval;
  }
  const message =
    "GitHub does not tell who has pushed its head, or a bot has pushed to its branch what another person may have wanted, so nobody is known to be another person; it is looked at again, and where that does not help, delete the branch and plan again, or merge it by hand";
  return { kind: "missing", message, isTold };
}

/** The words are of the plan's content: what people write into the pull request is theirs. */
function requestOf({ subject, verdict }: FoundPlan, approvedBy: string): MergeRequest {
  const { number, headOid, repositoryFile, mergeMethods } = subject;
  const parsed = parseRepositoryFile(repositoryFile.kind === "text" ? repositoryFile.text : null);
  const { mergeMethod } = policyOf(parsed.kind === "good" ? parsed.file : {}, "");
  const headMessage = `${verdict.title}\n\n${verdict.message}`;
  return mergeRequest({ number, headOid, headMessage }, mergeMethod, mergeMethods, approvedBy);
}
