import type { ClusterFacts } from "../detect/cluster-facts.ts";
import type { PodObject, PodSpec } from "../detect/kube-objects.ts";
import type { Autoscaling, Workload } from "../scale-input.ts";
import { openPods } from "./find-pods.ts";
import { resolvePod } from "./pod-size.ts";
import { templateOf } from "./template-of.ts";

/** The pods of a workload before and after its plan. */
export type Demand = {
  subject: string;
  kind: string;
  labels: Readonly<Record<string, string>>;
  /** Those that there are; none of a CronJob, whose pods come and go. */
  pods: readonly PodObject[];
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
  const findPods = openPods(facts);
  return workloads.flatMap((workload) => {
    const { kind, name, requests, limits } = workload;
    const found = facts.workloads.get(name);
    const template = found === undefined || found === "absent" ? null : templateOf(found, facts);
    if (found === undefined || found === "absent" || template === null) return [];
    const { metadata, spec } = template;
    const ranges = facts.limitRanges ?? [];
    const isReplaced = requests !== undefined || limits !== undefined;
    const own = findPods(workload, found);
    const demand = {
      subject: `${kind}/${name}`,
      kind,
      labels: metadata.labels,
      pods: own,
      old: resolvePod(spec, {}, ranges),
      new: resolvePod(spec, { requests, limits }, ranges),
      isReplaced,
    };
    if (found.schedule !== null) {
      const { suspend, parallelism } = { ...found.schedule, ...workload.schedule };
      // All pods of a run are to find room.
      const after = suspend ? 0 : parallelism;
      return [{ ...demand, pods: [], isReplaced: false, before: 0, after, most: after }];
    }
    if (found.replicas === null) {
      return [{ ...demand, before: own.length, after: own.length, most: own.length }];
    }
    const hpa = autoscaling === "hpa" ? workload.hpa : undefined;
    const wanted = workload.replicas ?? found.replicas;
    const after = hpa === undefined ? wanted : Math.min(Math.max(wanted, hpa.min), hpa.max);
    return [{ ...demand, before: found.replicas, after, most: Math.max(after, hpa?.max ?? 0) }];
  });
}
