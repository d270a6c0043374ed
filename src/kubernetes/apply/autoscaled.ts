import { z } from "zod";
import type { Cluster, Reference } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/cluster-error.ts";
import type { Seen } from "./change.ts";
import { orRefusal } from "./cluster-refusal.ts";

/** The manager by which the controller of HorizontalPodAutoscalers sets replicas. */
const AUTOSCALER = "kube-controller-manager";

const Scaler = z.object({
  spec: z.object({ scaleTargetRef: z.object({ kind: z.string(), name: z.string() }) }),
});

/**
 * Whether replicas are what a HorizontalPodAutoscaler has made of them that is still there; so it is taken to be where nobody may look.
 * Throws `ClusterError` where the cluster is gone.
 */
export async function isAutoscaled(
  cluster: Cluster,
  { kind, name, namespace }: Reference,
  seen: Pick<Seen, "state" | "owners">,
): Promise<boolean> {
  if (!isSetByAutoscaler(seen)) return false;
  const hpa = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" };
  const all = await orRefusal(() => cluster.list(hpa, { namespace }, Scaler));
  if (all instanceof ClusterError) return true;
  return (all ?? []).some(({ spec: { scaleTargetRef: of } }) => of.kind === kind && of.name === name);
}

/** Whether a controller of autoscalers has set replicas, whatever has become of its autoscaler. */
export function isSetByAutoscaler({ state, owners }: Pick<Seen, "state" | "owners">): boolean {
  return state.kind === "replicas" && owners.includes(AUTOSCALER);
}
