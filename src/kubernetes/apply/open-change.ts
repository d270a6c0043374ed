import type { Cluster, Reference } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/cluster-error.ts";
import type { PlanAction, ScalePlan } from "../scale-plan.ts";
import { hpaChange, vpaChange } from "./autoscaler-change.ts";
import type { Change } from "./change.ts";
import { cronJobChange } from "./cronjob-change.ts";
import { replicasChange } from "./replicas-change.ts";
import { resourcesChange } from "./resources-change.ts";

/** The change of one action of a plan. Throws `ClusterError` where the cluster knows no such kind. */
export async function openChange(cluster: Cluster, plan: ScalePlan, action: PlanAction): Promise<Change> {
  const { name, namespace } = action;
  const referenceTo = async (kind: string, group = groupOf(kind)): Promise<Reference> => {
    const apiVersion = await cluster.findVersion(kind, group);
    if (apiVersion !== null) return { apiVersion, kind, namespace, name };
    const message = `The cluster of the context \`${cluster.context}\` has no kind ${kind} of ${group}.`;
    throw new ClusterError("absent", message);
  };
  switch (action.action) {
    case "scale_workload":
      return replicasChange(cluster, await referenceTo(action.kind, action.apiGroup), action.to);
    case "update_cronjob":
      return cronJobChange(cluster, await referenceTo(action.kind), action);
    case "update_resources":
      return resourcesChange(cluster, await referenceTo(action.kind), action);
    case "apply_hpa": {
      const scaled = plan.actions.find((one) => one.action === "scale_workload" && one.name === name);
      const group = scaled !== undefined && "apiGroup" in scaled ? scaled.apiGroup : undefined;
      const target = scaled === undefined ? null : targetOf(await referenceTo(scaled.kind, group));
      const reference = { apiVersion: "autoscaling/v2", kind: action.kind, namespace, name };
      return hpaChange(cluster, reference, target, action.hpa);
    }
    case "apply_vpa": {
      const target = targetOf(await referenceTo(action.targetKind, action.apiGroup));
      return vpaChange(cluster, await referenceTo(action.kind, VPA_GROUP), target, action.vpa);
    }
  }
}

const VPA_GROUP = "autoscaling.k8s.io";

function groupOf(kind: string): string {
  return kind === "CronJob" ? "batch" : "apps";
}

function targetOf({ apiVersion, kind, name }: Reference) {
  return { apiVersion, kind, name };
}
