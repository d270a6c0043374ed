import type { z } from "zod";
import type { Cluster } from "../cluster/cluster.ts";
import type { Finding } from "../finding.ts";
import type { Workload } from "../scale-input.ts";
import { attempt, throwUnlessAnswered } from "./attempt.ts";
import type { ClusterFacts, WorkloadFacts } from "./cluster-facts.ts";
import {
  BudgetObject,
  HpaObject,
  LimitRangeObject,
  NodeObject,
  PodObject,
  QuotaObject,
  ScaledObject,
  VpaObject,
} from "./kube-objects.ts";
import { readWorkload } from "./read-workload.ts";

/**
 * Reads what a cluster has that bears on workloads of a namespace. What its user may not read is missing, and said to be so. Throws
 * `ClusterError` where the cluster does not answer at all.
 */
export async function readFacts(
  cluster: Cluster,
  namespace: string,
  workloads: readonly Workload[],
): Promise<ClusterFacts> {
  // The first request alone: where there is no cluster, one answer is enough.
  await cluster.findVersion("Pod", "").catch(throwUnlessAnswered);
  const unchecked: Finding[] = [];
  const listOf = async <T>(
    group: string,
    kind: string,
    where: { namespace: string } | "everywhere",
    schema: z.ZodType<T>,
  ) =>
    await attempt(unchecked, TOPICS[kind] ?? kind, async () => {
      const apiVersion = VERSIONS[kind] ?? (await cluster.findVersion(kind, group));
      return apiVersion === null ? [] : ((await cluster.list({ apiVersion, kind }, where, schema)) ?? []);
    });
  const here = { namespace };
  const [autoscalers, scaledObjects, verticalAutoscalers, budgets, quotas, limitRanges, nodes, pods] =
    await Promise.all([
      listOf("autoscaling", "HorizontalPodAutoscaler", here, HpaObject),
      listOf("keda.sh", "ScaledObject", here, ScaledObject),
      listOf("autoscaling.k8s.io", "VerticalPodAutoscaler", here, VpaObject),
      listOf("policy", "PodDisruptionBudget", here, BudgetObject),
      listOf("", "ResourceQuota", here, QuotaObject),
      listOf("", "LimitRange", here, LimitRangeObject),
      listOf("", "Node", "everywhere", NodeObject),
      listOf("", "Pod", "everywhere", PodObject),
    ]);
  const read = new Map<string, WorkloadFacts | "absent">();
  for (const workload of workloads) {
    const subject = `${workload.kind}/${workload.name}`;
    const found = await attempt(unchecked, subject, () => readWorkload(cluster, namespace, workload));
    if (found !== null) read.set(workload.name, found);
  }
  return {
    context: cluster.context,
    namespace,
    workloads: read,
    autoscalers,
    scaledObjects,
    verticalAutoscalers,
    budgets,
    quotas,
    limitRanges,
    nodes,
    pods: pods?.filter(({ status }) => !ENDED.includes(status.phase)) ?? null,
    unchecked,
  };
}

/** What a finding calls that which could not be read. */
const TOPICS: Readonly<Record<string, string>> = {
  HorizontalPodAutoscaler: "Ownership by HPAs",
  ScaledObject: "Ownership by KEDA",
  VerticalPodAutoscaler: "Ownership by VerticalPodAutoscalers",
  PodDisruptionBudget: "Disruption budgets",
  ResourceQuota: "Quotas",
  LimitRange: "Limit ranges",
  Node: "Room on the nodes",
  Pod: "Room beside other pods",
};

/** The schemas are of these versions. */
const VERSIONS: Readonly<Record<string, string>> = {
  HorizontalPodAutoscaler: "autoscaling/v2",
  PodDisruptionBudget: "policy/v1",
};
const ENDED: readonly string[] = ["Succeeded", "Failed"];
