import { z } from "zod";
import type { Cluster, Reference } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/cluster-error.ts";
import { judgeRollout, type Rollout, RolloutObject } from "./judge-rollout.ts";

/** How far a workload is. Throws `ClusterError`, `absent` where it is gone. */
export async function readRollout(cluster: Cluster, workload: Reference): Promise<Rollout> {
  const isOwn = workload.apiVersion === "apps/v1";
  const rollout = isOwn ? await readOwn(cluster, workload) : await readScaled(cluster, workload);
  if (rollout !== null) return rollout;
  const message = `${workload.kind}/${workload.name} is gone from the cluster of the context \`${cluster.context}\`.`;
  throw new ClusterError("absent", message);
}

async function readOwn(cluster: Cluster, workload: Reference): Promise<Rollout | null> {
  const object = await cluster.read(workload, RolloutObject);
  return object === null ? null : judgeRollout(workload.kind, object);
}

const Observed = z.object({
  metadata: z.object({ generation: z.int().nullish() }),
  status: z.object({ observedGeneration: z.unknown().optional() }).nullish(),
});

/** Of a custom resource nothing is known but its scale: as many run as are asked for. */
async function readScaled(cluster: Cluster, workload: Reference): Promise<Rollout | null> {
  const object = await cluster.read(workload, Observed);
  const scale = await cluster.readScale(workload);
  if (object === null || scale === null) return null;
  const seen = object.status?.observedGeneration;
  const isSeen = typeof seen !== "number" || seen >= (object.metadata.generation ?? 0);
  const { replicas: wanted, running: ready } = scale;
  const isDone = isSeen && ready === wanted;
  return { kind: isDone ? "done" : "moving", ready, wanted, hasGivenUp: false, why: [] };
}
