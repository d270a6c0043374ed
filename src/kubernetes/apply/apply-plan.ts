import { ClusterError } from "../cluster/cluster-error.ts";
import type { ScalePlan } from "../scale-plan.ts";
import { isSameState } from "./action-state.ts";
import { applySteps, bare } from "./apply-steps.ts";
import { decideStaleness } from "./decide-staleness.ts";
import type { DuePlan } from "./due-plans.ts";
import type { ReceiptKeeper } from "./keep-receipt.ts";
import { planPath } from "./plan-place.ts";
import { cutHint, cutMessage, type PlanReceipt } from "./plan-receipt.ts";
import { type ApplyWorld, readSteps, type Step, toActionReceipt } from "./plan-run.ts";
import { rollBack } from "./roll-back.ts";
import { inContext, renderRollbackCommand } from "./rollback-command.ts";

/** Of a run: its id, and where its log is. */
export type RunMarks = { id: string; url: string | null };

/**
 * Applies one plan, or goes on where a run has left it: `unfinished` is what that has written. Answers the last receipt, which is
 * written. What stood before is written down before anything is changed, so that a run that is killed is gone on with. Throws
 * `ClusterError` where nothing was applied and the same may work later, or where the cluster is gone on the way.
 */
export async function applyPlan(
  { source, plan, standing }: DuePlan,
  unfinished: PlanReceipt | null,
  keeper: ReceiptKeeper,
  world: ApplyWorld,
  run: RunMarks,
): Promise<PlanReceipt> {
  const read = await readSteps(plan, world);
  const steps = read.map(({ step }) => step);
  const isResumed = unfinished !== null && isOf(unfinished, steps);
  const startedAt = isResumed ? unfinished.startedAt : timeOf(world);
  const draft = (outcome: PlanReceipt["outcome"], message: string): PlanReceipt => ({
    apiVersion: "infra.scale/v1",
    kind: "PlanReceipt",
    plan: {
      path: planPath(source.target),
      blob: source.blob,
      createdAt: plan.metadata.createdAt,
      target: source.target,
    },
    outcome,
    message: cutMessage(world.redact(message)),
    run: run.id,
    startedAt,
    publishedAt: timeOf(world),
    finishedAt: outcome === "applying" || outcome === "rolling-back" ? null : timeOf(world),
    runUrl: run.url,
    actions: steps.map((step) => toActionReceipt(step, world)),
    rollbackHints: hintsOf(steps),
    attestation: null,
  });
  const keep = async (outcome: PlanReceipt["outcome"], message: string): Promise<PlanReceipt> => {
    const receipt = draft(outcome, message);
    await keeper.write(receipt);
    return receipt;
  };
  if (isResumed) {
    world.say(`A run that began at ${startedAt} has not ended: going on with it.`);
    for (const [index, step] of steps.entries())
      step.before = unfinished.actions[index]?.before ?? step.before;
    if (unfinished.outcome === "rolling-back") {
      await keep("rolling-back", unfinished.message);
      return await takeBack(unfinished.message);
    }
  } else {
    if (standing?.unfinished != null)
      world.say("What an earlier run has written of this plan does not count, so the plan is begun anew.");
    const stale = read.flatMap(({ step, seen }) =>
      isSameState(step.before, step.after)
        ? []
        : (decideStaleness(step.action, step.change.subject, seen) ?? []),
    );
    if (stale.length > 0) {
      for (const step of steps) step.outcome = "not-reached";
      return await keep("stale", `The plan has gone stale: ${stale.join("; ")}. Make it anew.`);
    }
    await tryOut(read, world);
  }
  await keep("applying", "");
  const applied = await applySteps(steps, world, keeper.confirm);
  if (applied.kind === "applied") {
    const notes = steps.map(({ message }) => message).filter((message) => message !== "");
    return await keep("applied", notes.join(" "));
  }
  world.say(`${applied.why}. Rolling back.`);
  await keep("rolling-back", `${applied.why}.`);
  return await takeBack(`${applied.why}.`);

  async function takeBack(why: string): Promise<PlanReceipt> {
    const isWhole = await rollBack(steps, world);
    return await keep(isWhole ? "rolled-back" : "failed", why);
  }
}

/** Has the cluster check each change before the first is made. Throws `ClusterError` where one is refused. */
async function tryOut(
  read: Awaited<ReturnType<typeof readSteps>>,
  { onConflict }: Pick<ApplyWorld, "onConflict">,
): Promise<void> {
  for (const { step, seen } of read) {
    if (isSameState(step.before, step.after)) continue;
    try {
      await step.change.write(step.after, seen, "dry-run", onConflict);
    } catch (error) {
      if (!(error instanceof ClusterError) || error.code !== "conflict") throw error;
      const owners = seen.owners.length === 0 ? "" : ` It was set by ${seen.owners.join(", ")}.`;
      throw new ClusterError(
        "conflict",
        `${bare(error)}.${owners} To take it over, run with force-conflicts (--force-conflicts).`,
      );
    }
  }
}

/** An unfinished receipt is of the same file, so that its actions are the plan's. */
function isOf({ actions }: PlanReceipt, steps: readonly Step[]): boolean {
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

function hintsOf(steps: readonly Step[]): string[] {
  return steps
    .filter(({ before, after }) => !isSameState(before, after))
    .toReversed()
    .flatMap(({ change, before, cluster }) => {
      const command = renderRollbackCommand(change.reference, before);
      return command === null ? [] : [cutHint(inContext(command, cluster.context), change.subject)];
    });
}

function timeOf({ clock }: Pick<ApplyWorld, "clock">): string {
  return new Date(clock()).toISOString();
}

/** The namespaces and clusters of a plan, for people. */
export function renderPlanName({ metadata, context }: ScalePlan): string {
  return `the plan of ${metadata.target} (${metadata.createdAt}, namespace ${context.namespace})`;
}
