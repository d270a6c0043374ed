import type { ClusterFacts } from "./detect/cluster-facts.ts";
import type { PodSpec } from "./detect/kube-objects.ts";
import { formatQuantity } from "./format-quantity.ts";
import type { CostRow, PricedPods } from "./plan-cost.ts";
import type { Autoscaling, Workload } from "./scale-input.ts";
import { planDemands } from "./validate/plan-demand.ts";
import { requestsOf } from "./validate/pod-size.ts";

/** What a cluster tells of the pods of a plan's workloads. `isPlans`: it is the plan's own cluster, which no row names. */
export function clusterCostRows(
  workloads: readonly Workload[],
  autoscaling: Autoscaling,
  facts: ClusterFacts,
  isPlans: "plan's own" | "another",
): CostRow[] {
  const where = isPlans === "another" ? { kubeContext: facts.context } : {};
  return planDemands(workloads, autoscaling, facts).map(({ kind, subject, before, after, ...pods }) => ({
    ...{ kind, name: subject.slice(kind.length + 1) },
    ...where,
    before: podsOf(before, pods.old),
    after: podsOf(after, pods.new),
  }));
}

function podsOf(replicas: number, pod: PodSpec): PricedPods {
  const requests = requestsOf(pod);
  const amount = (resource: string) => formatQuantity(resource, requests.get(resource) ?? 0n);
  return { replicas, cpu: amount("cpu"), mem: amount("memory") };
}
