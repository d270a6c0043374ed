import { z } from "zod";
import type { Cluster, Reference } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/cluster-error.ts";
import { FIELD_MANAGER } from "../cluster/field-manager.ts";
import type { Change } from "./change.ts";
import { ManagedFields, ownersOf } from "./owned-fields.ts";

const Scaled = z.object({
  metadata: z.looseObject({ uid: z.string(), generation: z.int().nullish(), managedFields: ManagedFields }),
});

/**
 * Sets the replicas through the scale subresource: it is there for custom resources too, needs no right to the object itself, and leaves
 * to others what else they apply.
 */
export function replicasChange(cluster: Cluster, reference: Reference, replicas: number): Change {
  const subject = `${reference.kind}/${reference.name}`;
  return {
    subject,
    reference,
    workload: reference,
    read: async () => {
      const scale = await cluster.readScale(reference);
      const live = await cluster.read(reference, Scaled);
      if (scale === null || live === null) {
        const message = `There is no ${subject} with replicas in the namespace ${reference.namespace} of the cluster of the context \`${cluster.context}\`.`;
        throw new ClusterError("absent", message);
      }
      const { uid, generation, managedFields } = live.metadata;
      return {
        state: { kind: "replicas", replicas: scale.replicas },
        version: { generation: generation ?? null, resourceVersion: scale.resourceVersion },
        uid,
        live,
        owners: ownersOf(managedFields, ["f:spec", "f:replicas"], FIELD_MANAGER),
      };
    },
    aim: () => ({ kind: "replicas", replicas }),
    write: async (to, { version }, mode) => {
      if (to.kind !== "replicas") return to;
      const seen = version === null ? {} : { resourceVersion: version.resourceVersion };
      const scale = await cluster.scale(reference, { replicas: to.replicas, ...seen }, mode);
      return { kind: "replicas", replicas: scale.replicas };
    },
  };
}
