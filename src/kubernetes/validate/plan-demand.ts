import type { ClusterFacts, WorkloadFacts } from "../detect/cluster-facts.ts";
import type { PodObject, PodSpec } from "../detect/kube-objects.ts";
import type { Autoscaling, Workload } from "../scale-input.ts";
import { openPods } from "./find-pods.ts";
import { hasSameNeeds, resolvePod } from "./pod-size.ts";
import { shareOf } from "./share-of.ts";
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
  /** How many more than `after` there may be meanwhile, and how many fewer that are ready; null where none starts beside an old one. */
  rollout: { surge: number; unavailable: number } | null;
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
    const own = findPods(workload, found);
    const [before, next] = [resolvePod(spec, {}, ranges), resolvePod(spec, { requests, limits }, ranges)];
    const demand = {
      subject: `${kind}/${name}`,
      kind,
      labels: metadata.labels,
      pods: own,
      old: before,
      new: next,
      isReplaced: !hasSameNeeds(before, next),
    };
    if (found.schedule !== null) {
      const { suspend, parallelism } = { ...found.schedule, ...workload.schedule };
      // All pods of a run are to find room.
      const after = suspend ? 0 : parallelism;
      return [{ ...demand, pods: [], isReplaced: false, rollout: null, before: 0, after, most: after }];
    }
    if (found.replicas === null) {
      const counts = { before: own.length, after: own.length, most: own.length };
      return [{ ...demand, ...counts, rollout: rolloutOf(found.rollout, own.length) }];
    }
    const hpa = autoscaling === "hpa" ? workload.hpa : undefined;
    const wanted = workload.replicas ?? found.replicas;
    // At 0 replicas an HPA does nothing.
    const bounds = wanted === 0 ? undefined : hpa;
    const after = bounds === undefined ? wanted : Math.min(Math.max(wanted, bounds.min), bounds.max);
    const counts = { before: found.replicas, after, most: Math.max(after, bounds?.max ?? 0) };
    return [{ ...demand, ...counts, rollout: rolloutOf(found.rollout, after) }];
  });
}

/** As Kubernetes rounds them: more pods up, fewer pods down, and one of both at least. */
function rolloutOf(rollout: WorkloadFacts["rollout"], of: number): Demand["rollout"] {
  if (rollout === null) return null;
  const surge = shareOf(rollout.maxSurge, of, Math.ceil) ?? 0;
  const unavailable = shareOf(rollout.maxUnavailable, of, Math.floor) ?? 0;
  return { surge, unavailable: surge === 0 ? Math.max(1, unavailable) : unavailable };
}
