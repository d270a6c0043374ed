import { ClusterError } from "../cluster/cluster-error.ts";
import { isSameState } from "./action-state.ts";
import { bare, waitForAll, writeWhere } from "./apply-steps.ts";
import type { ApplyWorld, Step } from "./plan-run.ts";

/** The controller of an HorizontalPodAutoscaler moves replicas on from where a plan has put them. */
const AUTOSCALER = "kube-controller-manager";

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
    const written = await writeWhere(
      step,
      before,
      (state, owners) =>
        isSameState(state, after) || (state.kind === "replicas" && owners.includes(AUTOSCALER)),
      "take-over",
    ).catch((error: unknown) => {
      if (error instanceof ClusterError && error.code === "absent")
        return { kind: "refused" as const, why: bare(error) };
      throw error;
    });
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
        step.message = `${change.subject} was changed by somebody else since, and stays as it is.`;
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
