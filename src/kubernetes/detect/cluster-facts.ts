import type { Finding } from "../finding.ts";
import type {
  BudgetObject,
  HpaObject,
  LimitRangeObject,
  NodeObject,
  ObjectMetadata,
  PodObject,
  QuotaObject,
  ScaledObject,
  Template,
  VpaObject,
} from "./kube-objects.ts";

/**
 * What a cluster says that bears on the workloads of a plan. Null is what could not be read: `unchecked` says why. A kind that the cluster
 * does not know is an empty list.
 */
export type ClusterFacts = {
  context: string;
  namespace: string;
  /** By name. Missing from it: what could not be read. */
  workloads: ReadonlyMap<string, WorkloadFacts | "absent">;
  autoscalers: readonly HpaObject[] | null;
  scaledObjects: readonly ScaledObject[] | null;
  verticalAutoscalers: readonly VpaObject[] | null;
  budgets: readonly BudgetObject[] | null;
  quotas: readonly QuotaObject[] | null;
  limitRanges: readonly LimitRangeObject[] | null;
  nodes: readonly NodeObject[] | null;
  /** Of all namespaces, those that have not ended. */
  pods: readonly PodObject[] | null;
  unchecked: readonly Finding[];
};

export type WorkloadFacts = {
  metadata: ObjectMetadata;
  /** Null of what has none: a DaemonSet, a CronJob. */
  replicas: number | null;
  schedule: { suspend: boolean; parallelism: number } | null;
  /** How its pods are replaced, where new ones may start beside old ones; null where all go first, one after the other or by hand. */
  rollout: { maxSurge: number | string; maxUnavailable: number | string } | null;
  /** Null of a custom resource: where its pods' template stands is not known. */
  template: Template | null;
  /** Of a custom resource, as its scale subresource tells it: `app=web`. */
  selector: string | null;
};
