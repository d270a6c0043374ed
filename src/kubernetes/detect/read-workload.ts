import type { z } from "zod";
import type { Cluster, Reference } from "../cluster/cluster.ts";
import type { Workload } from "../scale-input.ts";
import type { WorkloadFacts } from "./cluster-facts.ts";
import { AnyObject, CronJobObject, WorkloadObject } from "./kube-objects.ts";

/** Reads a workload as it stands. Throws `ClusterError`. */
export async function readWorkload(
  cluster: Cluster,
  namespace: string,
  { kind, apiGroup, name }: Workload,
): Promise<WorkloadFacts | "absent"> {
  if (apiGroup !== undefined) {
    const apiVersion = await cluster.findVersion(kind, apiGroup);
    return apiVersion === null ? "absent" : await readCustom(cluster, { apiVersion, kind, namespace, name });
  }
  if (kind === "CronJob") {
    const read = await cluster.read({ apiVersion: "batch/v1", kind, namespace, name }, CronJobObject);
    if (read === null) return "absent";
    const { suspend, jobTemplate } = read.spec;
    const { parallelism, template } = jobTemplate.spec;
    return {
      metadata: read.metadata,
      replicas: null,
      schedule: { suspend, parallelism },
      rollout: null,
      template,
      selector: null,
    };
  }
  const read = await cluster.read({ apiVersion: "apps/v1", kind, namespace, name }, WorkloadObject);
  if (read === null) return "absent";
  const { metadata, spec } = read;
  const replicas = kind === "DaemonSet" ? null : (spec.replicas ?? 1);
  const rollout = readRollout(kind, spec);
  return { metadata, replicas, schedule: null, rollout, template: spec.template, selector: null };
}

/** The numbers that are not given are those that the API server fills in. */
function readRollout(
  kind: string,
  { strategy, updateStrategy }: z.infer<typeof WorkloadObject>["spec"],
): WorkloadFacts["rollout"] {
  const usual = ROLLOUTS[kind];
  const given = kind === "DaemonSet" ? updateStrategy : strategy;
  if (usual === undefined || (given?.type ?? "RollingUpdate") !== "RollingUpdate") return null;
  const { maxSurge = usual.maxSurge, maxUnavailable = usual.maxUnavailable } = given?.rollingUpdate ?? {};
  return { maxSurge, maxUnavailable };
}

const ROLLOUTS: Readonly<Record<string, NonNullable<WorkloadFacts["rollout"]>>> = {
  Deployment: { maxSurge: "25%", maxUnavailable: "25%" },
  DaemonSet: { maxSurge: 0, maxUnavailable: 1 },
};

/** What is common to all that can be scaled. */
async function readCustom(cluster: Cluster, reference: Reference): Promise<WorkloadFacts | "absent"> {
  const read = await cluster.read(reference, AnyObject);
  if (read === null) return "absent";
  const scale = await cluster.readScale(reference);
  const { replicas = null, selector = null } = scale ?? {};
  return { metadata: read.metadata, replicas, schedule: null, rollout: null, template: null, selector };
}
