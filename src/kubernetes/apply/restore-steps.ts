import { isSameState } from "./action-state.ts";
import type { ActionReceipt, PlanReceipt } from "./plan-receipt.ts";
import type { ReadStep, Step } from "./plan-run.ts";

/**
 * Has the steps be as the run saw them that has left them. What they make of that is worked out by the plan again, and not taken from the
 * receipt.
 */
export function restoreSteps(read: readonly ReadStep[], { actions }: PlanReceipt): void {
  for (const [index, { step, seen }] of read.entries()) {
    const left = actions[index];
    if (left === undefined) continue;
    const { before, outcome, message } = left;
    Object.assign(step, { before, outcome, message, after: step.change.aim({ ...seen, state: before }) });
  }
}

/** What became of a step, by what stands in the cluster now. */
export function judgeOutcome({ step, seen }: ReadStep): ActionReceipt["outcome"] {
  const { before, after, outcome } = step;
  if (isSameState(before, after)) return "unchanged";
  if (isSameState(seen.state, after)) return "applied";
  if (!isSameState(seen.state, before)) return "kept";
  return outcome === "applied" || outcome === "rolled-back" ? "rolled-back" : "not-reached";
}

/** Whether what a run has left is of these steps, in the same clusters. */
export function isOfSteps({ actions }: PlanReceipt, steps: readonly Step[]): boolean {
  return (
    actions.length === steps.length &&
    steps.every(
      ({ action, change, cluster }, index) =>
        actions[index]?.action === action.action &&
        actions[index].subject === change.subject &&
        actions[index].kubeContext === cluster.context,
    )
  );
}
