import { quoteText } from "../cluster/quote-text.ts";
import type { ClusterFacts } from "../detect/cluster-facts.ts";
import type { Finding } from "../finding.ts";
import type { Autoscaling, Workload } from "../scale-input.ts";
import { judgeBudgets } from "./judge-budgets.ts";
import { judgeCapacity } from "./judge-capacity.ts";
import { judgeLimitRanges } from "./judge-limit-ranges.ts";
import { judgeOwners } from "./judge-owners.ts";
import { judgeQuotas } from "./judge-quotas.ts";
import { planDemands } from "./plan-demand.ts";
import { templateOf } from "./template-of.ts";

/** What a cluster's own state says of the plan for these workloads. */
export function judgeCluster(
  workloads: readonly Workload[],
  autoscaling: Autoscaling,
  facts: ClusterFacts,
): Finding[] {
  const demands = planDemands(workloads, autoscaling, facts);
  return [
    ...workloads.flatMap((workload) => judgeThere(workload, facts)),
    ...judgeCapacity(demands, facts),
    ...judgeQuotas(demands, facts),
    ...judgeLimitRanges(demands, facts),
    ...judgeBudgets(demands, facts),
    ...judgeOwners(workloads, autoscaling, facts),
    ...facts.unchecked,
  ];
}

function judgeThere({ kind, name, apiGroup, replicas }: Workload, facts: ClusterFacts): Finding[] {
  const subject = `${kind}/${name}`;
  const found = facts.workloads.get(name);
  if (found === "absent") {
    const where = `in the namespace ${facts.namespace} of the cluster of the context ${quoteText(facts.context, 100)}`;
    const message = `There is no ${subject} ${where}: the plan cannot be applied.`;
    return [{ kind: "risk", code: "no-such-workload", subject, message, numbers: {} }];
  }
  if (found === undefined || apiGroup === undefined || replicas === undefined) return [];
  if (found.replicas === null) {
    const message = `${subject} has no scale subresource: its replicas cannot be set.`;
    return [{ kind: "risk", code: "not-scalable", subject, message, numbers: {} }];
  }
  if (replicas <= found.replicas || templateOf(found, facts) !== null) return [];
  const message = `What the pods of ${subject} request is not known, since it is a custom resource of which no pod was found: whether there is room for ${replicas - found.replicas} more has not been weighed.`;
  const numbers = { before: found.replicas, after: replicas };
  return [{ kind: "note", code: "capacity-unknown", subject, message, numbers }];
}
