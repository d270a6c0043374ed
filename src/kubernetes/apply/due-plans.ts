import type { ScalePlan } from "../scale-plan.ts";
import { judgePlan } from "./judge-plan.ts";
import type { Standing } from "./left-runs.ts";
import type { PlanLedgerRead, PlanSource } from "./plan-ledger.ts";
import { planPath, receiptPath } from "./plan-place.ts";
import { isUnfinished, type PlanReceipt, parseReceipt } from "./plan-receipt.ts";

/** A plan that is to be applied. */
export type DuePlan = {
  source: PlanSource;
  plan: ScalePlan;
  /** The receipt in its place, of this plan or of an earlier one; null where there is none. */
  standing: Standing | null;
};

/** What a run has left of a plan that is not there any more. */
export type RemovedPlan = { target: string; standing: Standing };

export type DuePlans = {
  /** As they are to be applied: the oldest first. */
  due: DuePlan[];
  removed: RemovedPlan[];
  /** What is wrong with others, a sentence each. */
  problems: string[];
};

/** Decides which plans are to be applied. `target` is the only one; null: all. */
export function decideDue({ plans, receipts }: PlanLedgerRead, target: string | null): DuePlans {
  const due: DuePlan[] = [];
  const problems: string[] = [];
  for (const source of plans) {
    if (target !== null && source.target !== target) continue;
    const text = receipts.get(source.target);
    const receipt = text === undefined ? null : parseReceipt(text);
    if (text !== undefined && receipt === null) {
      const path = receiptPath(source.target);
      problems.push(
        `${path} on the ledger branch cannot be read, so that nobody knows whether its plan is applied; it may be of a newer version. Update, or delete it.`,
      );
      continue;
    }
    if (receipt?.plan.blob === source.blob && !isUnfinished(receipt)) continue;
    const judged =
      source.text === null
        ? ({ kind: "bad", why: "is no text, or too long" } as const)
        : judgePlan(source.text, source.target);
    if (judged.kind === "bad") {
      problems.push(`The plan ${planPath(source.target)} ${judged.why}, so it was not applied.`);
      continue;
    }
    const standing = text === undefined ? null : { text, unfinished: unfinishedOf(receipt, source.target) };
    due.push({ source, plan: judged.plan, standing });
  }
  const timeOf = ({ plan }: DuePlan) => Date.parse(plan.metadata.createdAt);
  due.sort((one, other) => timeOf(one) - timeOf(other) || (one.source.target < other.source.target ? -1 : 1));
  return { due, removed: findRemoved({ plans, receipts }, target), problems };
}

function findRemoved(
  { plans, receipts }: Pick<PlanLedgerRead, "plans" | "receipts">,
  only: string | null,
): RemovedPlan[] {
  const there = new Set(plans.map(({ target }) => target));
  return [...receipts].flatMap(([target, text]) => {
    if (there.has(target) || (only !== null && target !== only)) return [];
    const unfinished = unfinishedOf(parseReceipt(text), target);
    return unfinished === null ? [] : [{ target, standing: { text, unfinished } }];
  });
}

/** One that is put into another folder keeps its signature. */
function unfinishedOf(receipt: PlanReceipt | null, target: string): PlanReceipt | null {
  return receipt !== null && isUnfinished(receipt) && receipt.plan.target === target ? receipt : null;
}
