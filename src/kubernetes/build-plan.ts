import type { Finding } from "./finding.ts";
import { judgeInput } from "./judge-input.ts";
import { GENERAL_ROLLBACK_HINTS } from "./rollback-hints.ts";
import { DETECT, type ScaleInput, type Workload } from "./scale-input.ts";
// By type alone: zod takes longer to load than a plan to make.
import type { PlanAction, ScalePlan } from "./scale-plan.ts";

/** What is known beside what is asked for. */
export type PlanFacts = {
  createdAtMs: number;
  /** The kubeconfig's current context; null where there is none. */
  kubeContext: string | null;
};

/** Makes the plan of what is asked for. Nothing is changed anywhere. */
export function buildPlan(input: ScaleInput, facts: PlanFacts): ScalePlan {
  const { createdAtMs, kubeContext } = facts;
  const findings = judgeInput(input);
  return {
    apiVersion: "infra.scale/v1",
    kind: "ScalePlan",
    metadata: { createdAt: new Date(createdAtMs).toISOString(), target: input.target },
    context: { kubeContext, namespace: input.namespace },
    assumptions: { autoscaling: input.autoscaling },
    actions: input.workloads.flatMap((workload) =>
      contextsOf(workload, input, kubeContext).flatMap((context) => {
        const actions = actionsOf(workload, input);
        const isPlans = context === null || context === kubeContext;
        return isPlans ? actions : actions.map((action) => ({ ...action, kubeContext: context }));
      }),
    ),
    rollbackHints: [...GENERAL_ROLLBACK_HINTS],
    risks: messagesOf(findings, "risk"),
    notes: messagesOf(findings, "note"),
  };
}

/** The contexts of the clusters in which a workload is to change; null stands for no cluster that is known. */
export function contextsOf(
  { contexts: own }: Workload,
  { contexts }: ScaleInput,
  current: string | null,
): readonly (string | null)[] {
  const named = own ?? contexts;
  return named.length === 0 ? [current] : named;
}

function actionsOf(workload: Workload, { namespace, autoscaling }: ScaleInput): PlanAction[] {
  const { kind, apiGroup, name, replicas, schedule, requests, limits, hpa, vpa } = workload;
  const group = apiGroup === undefined ? {} : { apiGroup };
  const actions: PlanAction[] = [];
  if (replicas !== undefined) {
    const action = "scale_workload";
    const move = { from: DETECT, to: replicas, reason: "requested_scale" } as const;
    actions.push({ action, kind, name, namespace, ...group, ...move });
  }
  if (schedule !== undefined) {
    actions.push({ action: "update_cronjob", kind, name, namespace, ...schedule, reason: "requested_scale" });
  }
  if (requests !== undefined || limits !== undefined) {
    const resources = { ...(requests && { requests }), ...(limits && { limits }) };
    actions.push({ action: "update_resources", kind, name, namespace, ...resources });
  }
  if (hpa !== undefined && autoscaling === "hpa") {
    actions.push({ action: "apply_hpa", kind: "HorizontalPodAutoscaler", name, namespace, hpa });
  }
  if (vpa !== undefined) {
    const action = "apply_vpa";
    actions.push({ action, kind: "VerticalPodAutoscaler", name, namespace, targetKind: kind, ...group, vpa });
  }
  return actions;
}

function messagesOf(findings: readonly Finding[], kind: Finding["kind"]): string[] {
  return findings.filter((finding) => finding.kind === kind).map(({ message }) => message);
}
