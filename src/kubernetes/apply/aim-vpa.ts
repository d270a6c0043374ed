import { resourceAmounts } from "../resource-amounts.ts";
import type { PlanAction } from "../scale-plan.ts";
import { Json } from "./action-state.ts";

export type Vpa = Extract<PlanAction, { action: "apply_vpa" }>["vpa"];

/** What stands for the containers that have no policy of their own. */
const ALL = "*";

/**
 * What a VerticalPodAutoscaler's spec is to be: with the mode, and with the bounds of all containers. Policies of single containers, which
 * are in one list with that of all, stay as they are, and so does what else is said of all.
 */
export function aimVpa(spec: Json, targetRef: Json, { mode, min, max }: Vpa): Json {
  const aimed = {
    ...spec,
    targetRef: { ...targetRef },
    updatePolicy: { ...jsonOf(spec.updatePolicy), updateMode: mode },
  };
  if (min === undefined && max === undefined) return aimed;
  const resourcePolicy = jsonOf(spec.resourcePolicy);
  const { containerPolicies } = resourcePolicy;
  const policies = Array.isArray(containerPolicies) ? containerPolicies.map(jsonOf) : [];
  const ofAll: Json = policies.find(({ containerName }) => containerName === ALL) ?? { containerName: ALL };
  const bounded = {
    ...ofAll,
    ...(min && { minAllowed: { ...jsonOf(ofAll.minAllowed), ...resourceAmounts(min) } }),
    ...(max && { maxAllowed: { ...jsonOf(ofAll.maxAllowed), ...resourceAmounts(max) } }),
  };
  const kept = policies.map((policy) => (policy === ofAll ? bounded : policy));
  return {
    ...aimed,
    resourcePolicy: {
      ...resourcePolicy,
      containerPolicies: policies.includes(ofAll) ? kept : [...kept, bounded],
    },
  };
}

/** What is no object counts as an empty one. */
function jsonOf(value: unknown): Json {
  return Json.safeParse(value).data ?? {};
}
