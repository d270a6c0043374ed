import { DETECT } from "../scale-input.ts";
import type { PlanAction } from "../scale-plan.ts";
import type { Seen } from "./change.ts";
import { cpuTargetOf } from "./cpu-target.ts";

/**
 * Why an action is not of the cluster as it stands any more; null where it is. A plan that was made without a cluster says nothing of it,
 * and is never stale. The sentence has no full stop.
 */
export function decideStaleness(
  action: PlanAction,
  subject: string,
  { state, version, uid }: Pick<Seen, "state" | "version" | "uid">,
): string | null {
  const { observed } = action;
  if (action.action === "scale_workload" && action.from !== DETECT && state.kind === "replicas") {
    if (state.replicas !== action.from)
      return `${subject} has ${state.replicas} replicas, and the plan was made when it had ${action.from}`;
  }
  if (observed === undefined) return null;
  if (observed === "absent")
    return version === null ? null : `${subject} has come to be since the plan was made`;
  if (version === null) return `${subject} is gone since the plan was made`;
  if (uid !== observed.uid) return `${subject} is another one than when the plan was made`;
  if (observed.generation !== undefined && version.generation !== null) {
    return version.generation === observed.generation
      ? null
      : `${subject} has changed since the plan was made (generation ${version.generation}, then ${observed.generation})`;
  }
  if (version.resourceVersion === observed.resourceVersion || isAsBefore(action, state)) return null;
  return `${subject} has changed since the plan was made (resourceVersion ${version.resourceVersion}, then ${observed.resourceVersion})`;
}

/**
 * Where a kind counts no generations, its version moves with each word on how it stands: what the plan changes of it decides. Other metrics
 * stay as they are, whatever they are.
 */
function isAsBefore(action: PlanAction, state: Seen["state"]): boolean {
  if (action.action !== "apply_hpa" || action.previous === undefined || state.kind !== "hpa") return false;
  const { min, max, targetCPU = null } = action.previous;
  return state.max === max && (state.min ?? 1) === min && cpuTargetOf(state.metrics) === targetCPU;
}
