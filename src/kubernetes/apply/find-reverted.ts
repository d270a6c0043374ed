import { ClusterError } from "../cluster/cluster-error.ts";
import { isSameState } from "./action-state.ts";
import { isSetByAutoscaler } from "./autoscaled.ts";
import { bare, orRefusal } from "./cluster-refusal.ts";
import { nameOwners } from "./owned-fields.ts";
import type { Step } from "./plan-run.ts";

/**
 * Looks again at what was applied, since a controller may have put it back while the pods got ready. Answers who has, a sentence without
 * its full stop; null where all stands as applied. What an autoscaler of the same plan makes of the replicas is only noted. Throws
 * where the cluster is gone.
 */
export async function findReverted(steps: readonly Step[]): Promise<string | null> {
  for (const step of steps) {
    if (step.outcome !== "applied" && step.outcome !== "unchanged") continue;
    const { change, before, after } = step;
    const { subject } = change;
    const seen = await orRefusal(change.read);
    if (seen instanceof ClusterError) return bare(seen);
    if (isSameState(seen.state, after)) continue;
    if (seen.state.kind === "replicas" && isSetByAutoscaler(seen) && hasAutoscaler(step, steps)) {
      const note = `${subject}: its autoscaler has set ${seen.state.replicas} replicas since.`;
      step.message = [step.message, note].filter((text) => text !== "").join(" ");
      continue;
    }
    const how = isSameState(seen.state, before) ? "put back" : "set to another value";
    return `${subject} was ${how} by ${nameOwners(seen.owners)} after it was applied`;
  }
  return null;
}

function hasAutoscaler({ action: { name }, cluster }: Step, steps: readonly Step[]): boolean {
  return steps.some(
    (other) =>
      other.action.action === "apply_hpa" &&
      other.action.name === name &&
      other.cluster.context === cluster.context,
  );
}
