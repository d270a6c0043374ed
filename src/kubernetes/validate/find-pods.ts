import type { ClusterFacts, WorkloadFacts } from "../detect/cluster-facts.ts";
import type { PodObject } from "../detect/kube-objects.ts";
import type { Workload } from "../scale-input.ts";
import { isOf } from "./is-of.ts";
import { templateOf } from "./template-of.ts";

/** The pods that a workload keeps. Two may have the same labels. */
export type FindPods = (workload: Workload, found: WorkloadFacts) => readonly PodObject[];

/** Looks once at all pods of a cluster. What stands between a custom resource and its pods is not known: they are found by its selector. */
export function openPods(facts: ClusterFacts): FindPods {
  const here = (facts.pods ?? []).filter(({ metadata }) => metadata.namespace === facts.namespace);
  const byOwner = Map.groupBy(here, (pod) => controllerOf(pod)?.uid);
  const byDeployment = Map.groupBy(here, deploymentOf);
  return ({ kind, apiGroup, name }, found) => {
    if (apiGroup !== undefined) {
      const labels = templateOf(found, facts)?.metadata.labels ?? {};
      return here.filter((pod) => isOf(pod, facts.namespace, labels));
    }
    return (kind === "Deployment" ? byDeployment.get(name) : byOwner.get(found.metadata.uid)) ?? [];
  };
}

function controllerOf({ metadata }: PodObject) {
  return metadata.ownerReferences.find(({ controller }) => controller);
}

/** A Deployment's ReplicaSets are called after it and the hash of their template, which their pods have as a label. */
function deploymentOf(pod: PodObject): string | null {
  const owner = controllerOf(pod);
  const end = `-${pod.metadata.labels["pod-template-hash"]}`;
  return owner?.kind === "ReplicaSet" && owner.name.endsWith(end) ? owner.name.slice(0, -end.length) : null;
}
