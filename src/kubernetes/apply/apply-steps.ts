import type { OnConflict, Reference } from "../cluster/cluster.ts";
import { ClusterError, type ClusterErrorCode } from "../cluster/cluster-error.ts";
import { type ActionState, isSameState } from "./action-state.ts";
import type { Seen } from "./change.ts";
import { bare, isOutage } from "./cluster-refusal.ts";
import { findReverted } from "./find-reverted.ts";
import { nameOwners } from "./owned-fields.ts";
import type { ApplyWorld, Step } from "./plan-run.ts";
import { type Waited, waitForRollout } from "./wait-for-rollout.ts";

export type Applied = { kind: "applied" } | { kind: "failed"; why: string };

/**
 * Applies the steps in their order, and waits for each workload before the next one is touched. `confirm` is asked before that whether
 * this run is still the one that applies the plan. Throws where nothing can be said, as when the cluster is gone.
 */
export async function applySteps(
  steps: readonly Step[],
  world: ApplyWorld,
  confirm: () => Promise<void>,
): Promise<Applied> {
  for (const group of groupByWorkload(steps)) {
    world.signal.throwIfAborted();
    await confirm();
    for (const step of group) {
      const why = await applyStep(step, world);
      if (why !== null) return { kind: "failed", why };
    }
    const waited = await waitForAll(group, world);
    if (waited.kind === "failed") return waited;
  }
  const why = await findReverted(steps);
  return why === null ? { kind: "applied" } : { kind: "failed", why };
}

/** Waits for the workloads of these steps, each once. */
export async function waitForAll(steps: readonly Step[], world: ApplyWorld): Promise<Waited> {
  const workloads = new Map<string, { step: Step; workload: Reference }>();
  for (const step of steps) {
    const { workload } = step.change;
    if (workload !== null)
      workloads.set(`${step.cluster.context}\n${workload.kind}/${workload.name}`, { step, workload });
  }
  for (const { step, workload } of workloads.values()) {
    const waited = await waitForRollout(step.cluster, workload, world);
    if (waited.kind === "failed") return waited;
  }
  return { kind: "ready" };
}

/** Neighbours of one name are of one workload. */
function groupByWorkload(steps: readonly Step[]): Step[][] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    const isSame =
      last?.[0]?.action.name === step.action.name && last[0].cluster.context === step.cluster.context;
    if (last !== undefined && isSame) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** Answers why it could not be applied; null where it was, or is left to others. */
async function applyStep(step: Step, world: ApplyWorld): Promise<string | null> {
  if (step.outcome === "left-to-autoscaler") return null;
  const { change, before, after } = step;
  const written = await writeWhere(step, after, ({ state }) => isSameState(state, before), world.onConflict);
  if (written.kind === "refused") return written.why;
  if (written.kind === "other") {
    return `${change.subject} was changed by ${nameOwners(written.owners)} while the plan was being applied`;
  }
  step.outcome = isSameState(before, after) ? "unchanged" : "applied";
  step.message = [step.message, written.owners].filter((text) => text !== "").join(" ");
  world.say(`${change.subject}: ${step.outcome === "applied" ? "applied" : "is so already"}.`);
  return null;
}

export type Written =
  /** `owners`: a sentence on who else has set it; empty where nobody has. */
  | { kind: "written" | "unchanged"; owners: string }
  /** `owners`: those who have set it, beside us. */
  | { kind: "other"; owners: readonly string[] }
  | { kind: "refused"; code: ClusterErrorCode; why: string };

/** An object changes between read and write as often as its controllers speak of it. */
const ATTEMPTS = 10;

/** Writes a state over one that `may` be replaced; where it is there already, nothing. Throws where the cluster is gone. */
export async function writeWhere(
  { change }: Step,
  to: ActionState,
  may: (seen: Seen) => boolean | Promise<boolean>,
  onConflict: OnConflict,
): Promise<Written> {
  for (let attempt = 1; ; attempt++) {
    try {
      const seen = await change.read();
      if (isSameState(seen.state, to)) return { kind: "unchanged", owners: "" };
      if (!(await may(seen))) return { kind: "other", owners: seen.owners };
      await change.write(to, seen, "commit", onConflict);
      return { kind: "written", owners: tellOwners(change.subject, to, seen.owners) };
    } catch (error) {
      if (!(error instanceof ClusterError) || isOutage(error)) throw error;
      // Whether its owner or its version is in the way, the next look tells.
      const { code } = error;
      if (code !== "conflict" || attempt >= ATTEMPTS) return { kind: "refused", code, why: bare(error) };
    }
  }
}

/** The scale subresource refuses nobody: whoever else holds the number may put it back. */
function tellOwners(subject: string, to: ActionState, owners: readonly string[]): string {
  if (to.kind !== "replicas" || owners.length === 0) return "";
  return `${subject}: ${owners.join(", ")} has set the replicas too, and may put them back.`;
}
