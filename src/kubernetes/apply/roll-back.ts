import { setTimeout as sleep } from "node:timers/promises";
import { ClusterError } from "../cluster/cluster-error.ts";
import { isSameState } from "./action-state.ts";
import { type Written, waitForAll, writeWhere } from "./apply-steps.ts";
import { isAutoscaled, isSetByAutoscaler } from "./autoscaled.ts";
import type { Seen } from "./change.ts";
import { isOutage } from "./cluster-refusal.ts";
import { nameOwners } from "./owned-fields.ts";
import type { ApplyWorld, Step } from "./plan-run.ts";

/**
 * Takes back what of the steps stands in the cluster, the last one first, and waits for the workloads; each step tells its outcome.
 * What somebody else has changed since stays theirs. Answers whether everything stands as before. Throws where the cluster is gone.
 */
export async function rollBack(steps: readonly Step[], world: ApplyWorld): Promise<boolean> {
  const taken: Step[] = [];
  for (const step of steps.toReversed()) {
    const { change, before, after } = step;
    if (isSameState(before, after)) {
      step.outcome = "unchanged";
      continue;
    }
    const written = await writeBack(step, world);
    switch (written.kind) {
      case "written":
        step.outcome = "rolled-back";
        taken.push(step);
        world.say(`${change.subject}: rolled back.`);
        break;
      case "unchanged":
        step.outcome = step.outcome === "applied" ? "rolled-back" : "not-reached";
        break;
      case "other":
        step.outcome = "kept";
        step.message = `${change.subject} was changed by ${nameOwners(written.owners)} since, and stays as it is.`;
        break;
      case "refused":
        step.outcome = "kept";
        step.message = `${change.subject} could not be rolled back: ${written.why}.`;
        break;
    }
    if (step.outcome === "kept") world.say(step.message);
  }
  const waited = await waitForAll(taken, world);
  if (waited.kind === "failed") {
    world.say(`Rolled back, and not ready yet: ${waited.why}.`);
    for (const step of taken) step.message = `Rolled back, and not ready yet: ${waited.why}.`;
  }
  return steps.every(({ outcome }) => outcome !== "kept");
}

const TRIES = 5;

/**
 * Writes what stood before. Nothing else takes back a change that is left standing, so what a cluster refuses or does not answer is tried
 * again: a webhook that was not there, an API server that restarts.
 */
async function writeBack(step: Step, { pollMs, signal }: ApplyWorld): Promise<Written> {
  for (let attempt = 1; ; attempt++) {
    const written = await tryBack(step);
    const isLast = attempt >= TRIES;
    if (written instanceof ClusterError) {
      if (isLast) throw written;
    } else if (isLast || written.kind !== "refused" || written.code !== "refused") return written;
    await sleep(pollMs * 2 ** (attempt - 1), undefined, { signal });
  }
}

/** An outage is an answer here. */
async function tryBack(step: Step): Promise<Written | ClusterError> {
  const { before, after, change, cluster } = step;
  // What an autoscaler has made of the replicas is no number of ours; it is where the autoscaler was ours, and is gone.
  const isOurs = async (seen: Seen) =>
    isSameState(seen.state, after) ||
    (isSetByAutoscaler(seen) && !(await isAutoscaled(cluster, change.reference, seen)));
  try {
    return await writeWhere(step, before, isOurs, "take-over");
  } catch (error) {
    if (error instanceof ClusterError && isOutage(error)) return error;
    throw error;
  }
}
