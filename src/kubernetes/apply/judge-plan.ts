import { isLabelName, isSubdomainName } from "../kubernetes-name.ts";
import { parsePlanFile } from "../read-plan-file.ts";
import type { PlanAction, ScalePlan } from "../scale-plan.ts";
import { parseWorkloadKind } from "../workload-kind.ts";

/** More than a person can have looked at. */
const MOST_ACTIONS = 200;

/**
 * Reads a plan that is to be merged, or was, by whomever. `target` is the folder in which it is. A plan that `infra.scale` would not have made is told,
 * and not applied. The sentence goes on after "the plan".
 */
export function judgePlan(
  text: string,
  target: string,
): { kind: "plan"; plan: ScalePlan } | { kind: "bad"; why: string } {
  const parsed = parsePlanFile(text);
  if (parsed.kind === "bad")
    return bad(`cannot be read (${parsed.path === "" ? "" : `${parsed.path}: `}${parsed.message})`);
  const { plan } = parsed;
  if (plan.metadata.target !== target)
    return bad(`is of the target ${JSON.stringify(plan.metadata.target)}, and not of its folder's`);
  if (!isLabelName(plan.context.namespace)) return bad("is of a namespace that has no Kubernetes name");
  if (plan.actions.length > MOST_ACTIONS)
    return bad(`has ${plan.actions.length} actions; ${MOST_ACTIONS} are the most`);
  const seen = new Set<string>();
  for (const [index, action] of plan.actions.entries()) {
    const key = [action.action, action.name, action.kubeContext ?? ""].join("\n");
    const why = seen.has(key) ? "is there twice" : judgeAction(action, plan.context.namespace);
    if (why !== null) return bad(`cannot be applied: actions.${index} ${why}`);
    seen.add(key);
  }
  return { kind: "plan", plan };
}

function judgeAction(action: PlanAction, namespace: string): string | null {
  if (action.namespace !== namespace) return "is of another namespace than the plan";
  if (!isSubdomainName(action.name)) return "has no Kubernetes name";
  switch (action.action) {
    case "scale_workload":
      return judgeKind(action.kind, action.apiGroup, "replicas");
    case "update_resources":
      return judgeKind(action.kind, undefined, "resources");
    case "update_cronjob":
      return action.kind === "CronJob" ? null : "is of no CronJob";
    case "apply_hpa":
      return action.hpa.min <= action.hpa.max ? null : "has a min over its max";
    case "apply_vpa":
      return judgeKind(action.targetKind, action.apiGroup, null);
  }
}

function judgeKind(
  kind: string,
  apiGroup: string | undefined,
  what: "replicas" | "resources" | null,
): string | null {
  const known = parseWorkloadKind(apiGroup === undefined ? kind : `${kind}.${apiGroup}`);
  if (known === null || known.kind !== kind) return "is of no kind that can be scaled";
  const refusal = what === null ? null : known[what];
  return refusal === null ? null : `is impossible: ${refusal}`;
}

function bad(why: string): { kind: "bad"; why: string } {
  return { kind: "bad", why };
}
