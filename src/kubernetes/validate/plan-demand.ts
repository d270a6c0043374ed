import type { ClusterFacts } from "../detect/cluster-facts.ts";
import type { PodSpec } from "../detect/kube-objects.ts";
import type { Autoscaling, Workload } from "../scale-input.ts";
import { isOf } from "./is-of.ts";
import { resolvePod } from "./pod-size.ts";
import { templateOf } from "./template-of.ts";

/** The pods of a workload before and after its plan. */
export type Demand = {
  subject: string;
  kind: string;
  labels: Readonly<Record<string, string>>;
  /** How many. Of a DaemonSet both are those that run. */
  before: number;
  after: number;
  /** What an HPA may make of them in time; at least `after`. */
  most: number;
  /** What one is like. */
  old: PodSpec;
  new: PodSpec;
  /** Whether all are made anew. */
  isReplaced: boolean;
};

/** What a plan makes of the pods of those workloads that a cluster has told of, with their templates. */
export function planDemands(
  workloads: readonly Workload[],
  autoscaling: Autoscaling,
  facts: ClusterFacts,
): Demand[] {
  return workloads.flatMap((workload) => {
    const { kind, name, requests, limits } = workload;
    const found = facts.workloads.get(name);
    const template = found === undefined || found === "absent" ? null : templateOf(found, facts);
    if (found === undefined || found === "absent" || template === null) return [];
    const { metadata, spec } = template;
    const ranges = facts.limitRanges ?? [];
    const isReplaced = requests !== undefined || limits !== undefined;
    const pods = {
      subject: `${kind}/${name}`,
      kind,
      labels: metadata.labels,
      old: resolvePod(spec, {}, ranges),
      new: resolvePod(spec, { requests, limits }, ranges),
      isReplaced,
    };
    if (found.schedule !== null) {
      const { suspend, parallelism } = { ...found.schedule, ...workload.schedule };
      // Its pods come and go: all of a run are to find room.
      const after = suspend ? 0 : parallelism;
      return [{ ...pods, isReplaced: false, before: 0, after, most: after }];
    }
    if (found.replicas === null) {
      const running = (facts.pods ?? []).filter((pod) => isOf(pod, facts.namespace, metadata.labels)).length;
      return [{ ...pods, before: running, after: running, most: running }];
    }
    const hpa = autoscaling === "hpa" ? workload.hpa : undefined;
    const wanted = workload.replicas ?? found.replicas;
    const after = hpa === undefined ? wanted : Math.min(Math.max(wanted, hpa.min), hpa.max);
    return [{ ...pods, before: found.replicas, after, most: Math.max(after, hpa?.max ?? 0) }];
  });
}
