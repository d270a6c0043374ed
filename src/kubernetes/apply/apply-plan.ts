import type { OnConflict } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/cluster-error.ts";
import type { ScalePlan } from "../scale-plan.ts";
import { isSameState } from "./action-state.ts";
import { applySteps } from "./apply-steps.ts";
import { isAutoscaled } from "./autoscaled.ts";
import { bare } from "./cluster-refusal.ts";
import type { Opening } from "./decide-opening.ts";
import { decideStaleness } from "./decide-staleness.ts";
import type { DuePlan } from "./due-plans.ts";
import { endRun } from "./end-run.ts";
import type { ReceiptKeeper } from "./keep-receipt.ts";
import type { PlanReceipt } from "./plan-receipt.ts";
import { type ApplyWorld, type ReadStep, readSteps, type Step } from "./plan-run.ts";
import { type RunMarks, receiptWriter, type WriteReceipt } from "./receipt-writer.ts";
import { isOfSteps, judgeOutcome, restoreSteps } from "./restore-steps.ts";
import { rollBack } from "./roll-back.ts";
import { tellAdmission } from "./tell-admission.ts";

/**
 * Applies one plan, or goes on where a run has left it. Answers the last receipt, which is written. What stood before is written down
 * before anything is changed, so that a run that is killed is gone on with. Throws `ClusterError` where nothing was applied and the same
 * may work later, or where the cluster is gone on the way.
 */
export async function applyPlan(
  due: DuePlan,
  opening: Exclude<Opening, { kind: "end" }>,
  keeper: ReceiptKeeper,
  world: ApplyWorld,
  run: RunMarks,
): Promise<PlanReceipt> {
  const read = await readSteps(due.plan, world);
  const steps = read.map(({ step }) => step);
  const startedAt = opening.kind === "resume" ? opening.unfinished.startedAt : null;
  const keep = receiptWriter(due, steps, startedAt, keeper, world, run);
  const work: Work = { due, read, steps, keep, keeper, world, run };
  if (opening.kind === "refuse") return await refuse(work, opening.why);
  if (opening.kind === "resume") return await resume(work, opening.unfinished);
  const stale = findStale(read);
  if (stale.length > 0) return await refuse(work, `${stale.join("; ")}.`);
  await tryOut(read, world);
  return await applyRead(work);
}

/** A plan that is taken up. */
type Work = {
  due: DuePlan;
  read: readonly ReadStep[];
  steps: readonly Step[];
  keep: WriteReceipt;
  keeper: ReceiptKeeper;
  world: ApplyWorld;
  run: RunMarks;
};

async function refuse({ steps, keep }: Work, why: string): Promise<PlanReceipt> {
  for (const step of steps) step.outcome = "not-reached";
  return await keep("stale", `The plan has gone stale: ${why} Make it anew.`);
}

async function resume(work: Work, unfinished: PlanReceipt): Promise<PlanReceipt> {
  const { due, read, steps, keep, keeper, world, run } = work;
  const { startedAt, outcome, message } = unfinished;
  if (!isOfSteps(unfinished, steps)) {
    const contexts = [...new Set(unfinished.actions.map(({ kubeContext }) => kubeContext))].join(", ");
    throw new ClusterError(
      "refused",
      `The run that began at ${startedAt} has not ended, and was of other clusters (${contexts}). Run it with the same contexts.`,
    );
  }
  world.say(`A run that began at ${startedAt} has not ended: going on with it.`);
  restoreSteps(read, unfinished);
  if (outcome === "rolling-back") {
    await keep("rolling-back", message);
    return await takeBack(work, message);
  }
  const changed: string[] = [];
  for (const { step, seen } of read) {
    if (judgeOutcome({ step, seen }) !== "kept") continue;
    const { subject, reference } = step.change;
    if (await isAutoscaled(step.cluster, reference, seen)) leaveToAutoscaler(step);
    else changed.push(subject);
  }
  if (changed.length > 0) {
    const why = `The run that began at ${startedAt} had not ended, and is not gone on with, since somebody else has changed ${changed.join(", ")} meanwhile. Make the plan anew.`;
    return await endRun(unfinished, why, due.plan, keeper, world, run);
  }
  return await applyRead(work);
}

function leaveToAutoscaler(step: Step): void {
  step.outcome = "left-to-autoscaler";
  step.message = `${step.change.subject}: its autoscaler has set the replicas since, and they stay.`;
}

async function applyRead(work: Work): Promise<PlanReceipt> {
  const { steps, keep, keeper, world } = work;
  await keep("applying", "");
  const applied = await applySteps(steps, world, keeper.confirm);
  if (applied.kind === "applied") {
    const notes = steps.map(({ message }) => message).filter((message) => message !== "");
    return await keep("applied", notes.join(" "));
  }
  world.say(`${applied.why}. Rolling back.`);
  await keep("rolling-back", `${applied.why}.`);
  return await takeBack(work, `${applied.why}.`);
}

async function takeBack({ steps, keep, world }: Work, why: string): Promise<PlanReceipt> {
  const isWhole = await rollBack(steps, world);
  return await keep(isWhole ? "rolled-back" : "failed", why);
}

/** What has changed since the plan was made, each without a full stop. */
function findStale(read: readonly ReadStep[]): string[] {
  return read.flatMap(({ step, seen }) =>
    isSameState(step.before, step.after)
      ? []
      : (decideStaleness(step.action, step.change.subject, seen) ?? []),
  );
}

/** Has the cluster check each change before the first is made. Throws `ClusterError` where one is refused, or would not stand as planned. */
async function tryOut(
  read: readonly ReadStep[],
  { onConflict }: Pick<ApplyWorld, "onConflict">,
): Promise<void> {
  for (const one of read)
    if (!isSameState(one.step.before, one.step.after)) await tryStep(one, onConflict, TRIES);
}

/** An object moves between read and write as often as its controllers speak of it. */
const TRIES = 10;

async function tryStep({ step, seen }: ReadStep, onConflict: OnConflict, tries: number): Promise<void> {
  const { change, before, after } = step;
  try {
    const made = await change.write(after, seen, "dry-run", onConflict);
    const changed = tellAdmission(change.subject, after, made);
    if (changed !== null) throw new ClusterError("refused", changed);
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code !== "conflict") throw error;
    const now = await change.read();
    const hasMoved = now.version?.resourceVersion !== seen.version?.resourceVersion;
    if (hasMoved && tries > 1 && isSameState(now.state, before))
      return await tryStep({ step, seen: now }, onConflict, tries - 1);
    const owners = now.owners.length === 0 ? "" : ` It was set by ${now.owners.join(", ")}.`;
    throw new ClusterError(
      "conflict",
      `${bare(error)}.${owners} To take it over, run with force-conflicts (--force-conflicts).`,
    );
  }
}

/** The namespaces and clusters of a plan, for people. */
export function renderPlanName({ metadata, context }: ScalePlan): string {
  return `the plan of ${metadata.target} (${metadata.createdAt}, namespace ${context.namespace})`;
}
