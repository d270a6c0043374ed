import type { Workload } from "../scale-input.ts";
import type { ClusterState } from "../scale-plan.ts";
import { matchesSelector } from "../validate/match-labels.ts";
import type { ClusterFacts } from "./cluster-facts.ts";
import type { Amounts, HpaObject } from "./kube-objects.ts";

/** What of a cluster stands in the plan beside its actions: what bears on these workloads, and the namespace's bounds. */
export function describeCluster(workloads: readonly Workload[], facts: ClusterFacts): ClusterState {
  const isPlanned = (target: { kind: string; name: string }) =>
    workloads.some(({ kind, name }) => kind === target.kind && name === target.name);
  return {
    kubeContext: facts.context,
    autoscalers: (facts.autoscalers ?? [])
      .filter(({ spec }) => isPlanned(spec.scaleTargetRef))
      .map(describeHpa),
    disruptionBudgets: (facts.budgets ?? []).flatMap(({ metadata, spec, status }) => {
      const covers = workloads
        .filter(({ name }) => {
          const found = facts.workloads.get(name);
          const labels =
            found === undefined || found === "absent" ? undefined : found.template?.metadata.labels;
          return labels !== undefined && spec.selector != null && matchesSelector(spec.selector, labels);
        })
        .map(({ kind, name }) => `${kind}/${name}`);
      const { minAvailable, maxUnavailable } = spec;
      const bounds = {
        ...(minAvailable === undefined ? {} : { minAvailable }),
        ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
      };
      const { disruptionsAllowed } = status;
      return covers.length === 0 ? [] : [{ name: metadata.name, covers, ...bounds, disruptionsAllowed }];
    }),
    quotas: (facts.quotas ?? []).map(({ metadata, spec, status }) => ({
      name: metadata.name,
      hard: spec.hard,
      used: status.used,
    })),
    limitRanges: (facts.limitRanges ?? []).flatMap(({ metadata, spec }) =>
      spec.limits.map(({ type, min, max, defaultRequest, default: limit }) => ({
        name: metadata.name,
        type,
        ...given("min", min),
        ...given("max", max),
        ...given("default", limit),
        ...given("defaultRequest", defaultRequest),
      })),
    ),
  };
}

function describeHpa({ metadata, spec }: HpaObject): ClusterState["autoscalers"][number] {
  const { minReplicas: min, maxReplicas: max, scaleTargetRef: target, metrics } = spec;
  const cpu = metrics.find(({ resource }) => resource?.name === "cpu")?.resource?.target.averageUtilization;
  const owner = metadata.ownerReferences[0];
  return {
    name: metadata.name,
    target: `${target.kind}/${target.name}`,
    min,
    max,
    ...(cpu === undefined ? {} : { targetCPU: cpu }),
    ...(owner === undefined ? {} : { owner: `${owner.kind}/${owner.name}` }),
  };
}

function given<Key extends string>(key: Key, amounts: Amounts): Partial<Record<Key, Amounts>> {
  const entry: Partial<Record<Key, Amounts>> = {};
  if (Object.keys(amounts).length > 0) entry[key] = amounts;
  return entry;
}
