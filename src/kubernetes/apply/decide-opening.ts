import type { ScalePlan } from "../scale-plan.ts";
import { isUnfinished, type PlanReceipt } from "./plan-receipt.ts";

/** How a run takes a plan up. `why` is a sentence. */
export type Opening =
  | { kind: "begin" }
  /** It is not begun any more. */
  | { kind: "refuse"; why: string }
  | { kind: "resume"; unfinished: PlanReceipt }
  /** What a run has left is not gone on with. */
  | { kind: "end"; unfinished: PlanReceipt; why: string };

const HOUR_MS = 60 * 60_000;
/** For so long a plan that says not of each object what it was made for is taken to be of the cluster. */
const BEGIN_DAYS = 7;
/** What a run has left is gone on with for so long: later nobody expects it to be. */
const RESUME_HOURS = 24;

/**
 * Decides how a plan is taken up. `blob` is the plan's; `unfinished` is what a run of it has left, and counts; `earlier` are the receipts
 * that have stood in its place. A receipt that counts counts for ever, and whoever may push to the ledger branch can put an old one back
 * there, or remove the one that stands. Of the earlier ones it is not asked who has written them, since their keys may be gone: a forged one
 * only holds a plan back, which has to be made anew then.
 */
export function decideOpening(
  { plan, blob }: { plan: ScalePlan; blob: string },
  unfinished: PlanReceipt | null,
  earlier: readonly PlanReceipt[],
  nowMs: number,
): Opening {
  if (unfinished === null) {
    const why = whyNotBegun(plan, blob, earlier, nowMs);
    return why === null ? { kind: "begin" } : { kind: "refuse", why };
  }
  const why = whyNotResumed(unfinished, earlier, nowMs);
  return why === null ? { kind: "resume", unfinished } : { kind: "end", unfinished, why };
}

/** Whether what a run has left is gone on with no more, however it stands. */
export function isTooLate({ startedAt }: Pick<PlanReceipt, "startedAt">, nowMs: number): boolean {
  return nowMs - Date.parse(startedAt) > RESUME_HOURS * HOUR_MS;
}

function whyNotBegun(
  { metadata: { createdAt }, actions }: ScalePlan,
  blob: string,
  earlier: readonly PlanReceipt[],
  nowMs: number,
): string | null {
  const ended = earlier.find((receipt) => receipt.plan.blob === blob && !isUnfinished(receipt));
  if (ended !== undefined)
    return `it ended as ${ended.outcome} at ${ended.publishedAt}, and is applied once.`;
  if (actions.every(({ observed }) => observed !== undefined)) return null;
  const ageMs = nowMs - Date.parse(createdAt);
  if (ageMs < -HOUR_MS) return `it says that it was made at ${createdAt}, which is yet to come.`;
  if (ageMs <= BEGIN_DAYS * 24 * HOUR_MS) return null;
  return `it was made at ${createdAt}, over ${BEGIN_DAYS} days ago, and does not say of each object what it was made for.`;
}

function whyNotResumed(
  { plan, startedAt }: PlanReceipt,
  earlier: readonly PlanReceipt[],
  nowMs: number,
): string | null {
  const begunMs = Date.parse(startedAt);
  const begun = `The run that began at ${startedAt} had not ended`;
  if (isTooLate({ startedAt }, nowMs))
    return `${begun}, and is not gone on with after ${RESUME_HOURS} hours.`;
  const ended = earlier.find(
    (receipt) =>
      !isUnfinished(receipt) && (receipt.plan.blob === plan.blob || Date.parse(receipt.startedAt) > begunMs),
  );
  if (ended === undefined) return null;
  const which = ended.plan.blob === plan.blob ? "the plan" : "a newer plan";
  return `${begun} by its receipt, but ${which} ended as ${ended.outcome} at ${ended.publishedAt}: an old receipt was put back.`;
}
