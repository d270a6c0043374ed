import { endRun } from "./end-run.ts";
import { judgePlan } from "./judge-plan.ts";
import type { ReceiptKeeper } from "./keep-receipt.ts";
import type { PlanLedger, ReceiptTrust } from "./plan-ledger.ts";
import type { PlanReceipt } from "./plan-receipt.ts";
import type { ApplyWorld } from "./plan-run.ts";
import type { RunMarks } from "./receipt-writer.ts";

/** A receipt that stands in its place; `unfinished` is what it says where it is of a run that has not ended. */
export type Standing = { text: string; unfinished: PlanReceipt | null };

/** What a run has left, where that counts. */
export async function findUnfinished(
  trust: ReceiptTrust,
  standing: Standing | null,
  { say }: Pick<ApplyWorld, "say">,
): Promise<PlanReceipt | null> {
  if (standing?.unfinished == null) return null;
  const refusal = await trust.judge(standing.unfinished, standing.text);
  if (refusal === null) return standing.unfinished;
  say(`The receipt of an unfinished run is not accepted, since ${refusal}.`);
  return null;
}

/** Ends what a run has left of a plan that is not the newest any more. `when` goes on after "had not ended when". */
export async function endFormer(
  ledger: PlanLedger,
  left: PlanReceipt,
  when: string,
  keeper: ReceiptKeeper,
  world: ApplyWorld,
  run: RunMarks,
): Promise<PlanReceipt> {
  const text = await ledger.readPlan(left.plan.blob);
  const judged = text === null ? null : judgePlan(text, left.plan.target);
  const plan = judged?.kind === "plan" ? judged.plan : null;
  const why = `The run that began at ${left.startedAt} had not ended when ${when}.`;
  return await endRun(left, why, plan, keeper, world, run);
}
