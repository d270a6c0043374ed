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
/** What a run has left is gone on with for so long: later nobody expects it to be. */
const RESUME_HOURS = 24;

/**
 * Decides how a plan is taken up. `unfinished` is what a run of it has left, and counts; `earlier` are the receipts that have stood in its
 * place. A receipt that counts counts for ever, and whoever may push to the ledger branch can put an old one back there.
 */
export function decideOpening(
  unfinished: PlanReceipt | null,
  earlier: readonly PlanReceipt[],
  nowMs: number,
): Opening {
  if (unfinished === null) return { kind: "begin" };
  const why = whyNotResumed(unfinished, earlier, nowMs);
  return why === null ? { kind: "resume", unfinished } : { kind: "end", unfinished, why };
}

function whyNotResumed(
  { plan, startedAt }: PlanReceipt,
  earlier: readonly PlanReceipt[],
  nowMs: number,
): string | null {
  const begunMs = Date.parse(startedAt);
  const begun = `The run that began at ${startedAt} had not ended`;
  if (nowMs - begunMs > RESUME_HOURS * HOUR_MS)
    return `${begun}, and is not gone on with after ${RESUME_HOURS} hours.`;
  const ended = earlier.find(
    (receipt) =>
      !isUnfinished(receipt) && (receipt.plan.blob === plan.blob || Date.parse(receipt.startedAt) > begunMs),
  );
  if (ended === undefined) return null;
  const which = ended.plan.blob === plan.blob ? "the plan" : "a newer plan";
  return `${begun} by its receipt, but ${which} ended as ${ended.outcome} at ${ended.publishedAt}: an old receipt was put back.`;
}
