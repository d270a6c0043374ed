import { ClusterError } from "../cluster/cluster-error.ts";
import type { ScalePlan } from "../scale-plan.ts";
import { isOutage } from "./cluster-refusal.ts";
import { isTooLate } from "./decide-opening.ts";
import type { ReceiptKeeper } from "./keep-receipt.ts";
import { type ActionReceipt, cutMessage, type PlanReceipt } from "./plan-receipt.ts";
import { type ApplyWorld, type ReadStep, readSteps } from "./plan-run.ts";
import type { RunMarks } from "./receipt-writer.ts";
import { isOfSteps, judgeOutcome, restoreSteps } from "./restore-steps.ts";

/**
 * Ends what a run has left, with nothing written to a cluster: the receipt tells what of it stands there. `plan` is the run's;
 * null where it is not to be had. Throws where the cluster is gone; past the time in which a run is gone on with, it may be gone for ever,
 * and what it would tell is not known.
 */
export async function endRun(
  unfinished: PlanReceipt,
  why: string,
  plan: ScalePlan | null,
  keeper: ReceiptKeeper,
  world: ApplyWorld,
  run: RunMarks,
): Promise<PlanReceipt> {
  const read = plan === null ? [] : await readLeft(unfinished, plan, world);
  const actions = tellActions(unfinished, read instanceof ClusterError ? [] : read);
  const unread = read instanceof ClusterError && isOutage(read) ? read.message : "";
  const now = new Date(world.clock()).toISOString();
  const told = [unfinished.message, why, unread, summarize(actions)];
  const message = told.filter((text) => text !== "").join(" ");
  const receipt: PlanReceipt = {
    ...unfinished,
    outcome: decideOutcome(unfinished, actions),
    message: cutMessage(world.redact(message)),
    ...{ run: run.id, runUrl: run.url, publishedAt: now, finishedAt: now, actions, attestation: null },
  };
  await keeper.write(receipt);
  return receipt;
}

/** What stands of it, or why that cannot be told. */
async function readLeft(
  unfinished: PlanReceipt,
  plan: ScalePlan,
  world: ApplyWorld,
): Promise<ReadStep[] | ClusterError> {
  try {
    return await readSteps(plan, world);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    if (isOutage(error) && !isTooLate(unfinished, world.clock())) throw error;
    return error;
  }
}

function tellActions(unfinished: PlanReceipt, read: readonly ReadStep[]): ActionReceipt[] {
  const steps = read.map(({ step }) => step);
  if (!isOfSteps(unfinished, steps)) {
    return unfinished.actions.map((action) =>
      action.outcome === "pending"
        ? { ...action, outcome: "kept", message: "Whether it was applied is not known." }
        : action,
    );
  }
  restoreSteps(read, unfinished);
  return unfinished.actions.map((action, index) => {
    const looked = read[index];
    const outcome = looked === undefined ? action.outcome : judgeOutcome(looked);
    const message = outcome === "kept" ? `${action.subject} was changed by somebody else since.` : "";
    return { ...action, outcome, message: message || action.message };
  });
}

function decideOutcome({ outcome }: PlanReceipt, actions: readonly ActionReceipt[]): PlanReceipt["outcome"] {
  const standing: readonly ActionReceipt["outcome"][] = ["applied", "kept", "left-to-autoscaler"];
  if (actions.some((action) => standing.includes(action.outcome))) return "failed";
  return outcome === "rolling-back" ? "rolled-back" : "stale";
}

/** `Applied: Deployment/web (scale_workload). Not applied: Deployment/api (scale_workload).` */
function summarize(actions: readonly ActionReceipt[]): string {
  const parts = WORDS.flatMap(([outcome, word]) => {
    const named = actions
      .filter((action) => action.outcome === outcome)
      .map(({ action, subject }) => `${subject} (${action})`);
    return named.length === 0 ? [] : [`${word}: ${named.join(", ")}.`];
  });
  return parts.join(" ");
}

const WORDS: readonly [ActionReceipt["outcome"], string][] = [
  ["applied", "Applied"],
  ["kept", "Not as it was left, or not known"],
  ["left-to-autoscaler", "Left to its autoscaler"],
  ["rolled-back", "Rolled back"],
  ["not-reached", "Not applied"],
];
