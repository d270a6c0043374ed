import { z } from "zod";
import type { Cluster, Manifest, Reference } from "../cluster/cluster.ts";
import { ClusterError } from "../cluster/cluster-error.ts";
import { FIELD_MANAGER } from "../cluster/field-manager.ts";
import type { Seen, Version } from "./change.ts";
import { isTree, ManagedFields, projectOwned, type Tree } from "./owned-fields.ts";

/** As Kubernetes' own files have them: a whole number of cores is one. */
const Amount = z.union([z.string(), z.number().transform(String)]);
const Container = z.object({
  name: z.string(),
  resources: z
    .object({
      requests: z.record(z.string(), Amount).default({}),
      limits: z.record(z.string(), Amount).default({}),
    })
    .default({ requests: {}, limits: {} }),
});
export type Container = z.infer<typeof Container>;
const Template = z.object({ spec: z.object({ containers: z.array(Container).min(1) }) });

/** What of an object's metadata a change has to do with. */
export const ChangedMetadata = z.looseObject({
  uid: z.string(),
  generation: z.int().nullish(),
  resourceVersion: z.string(),
  managedFields: ManagedFields,
});
export type ChangedMetadata = z.infer<typeof ChangedMetadata>;

/** A workload that has its pods' template itself. */
export const TemplatedWorkload = z.looseObject({
  metadata: ChangedMetadata,
  spec: z.looseObject({ template: Template }),
});

export const TemplatedCronJob = z.looseObject({
  metadata: ChangedMetadata,
  spec: z.looseObject({
    suspend: z.boolean().default(false),
    jobTemplate: z.looseObject({
      spec: z.looseObject({ parallelism: z.int().nullish(), template: Template }),
    }),
  }),
});

export function versionOf({ generation, resourceVersion }: ChangedMetadata): Version {
  return { generation: generation ?? null, resourceVersion };
}

/** What of an object's spec we have applied already, which has to be applied again. */
export function ownedSpec({ live }: Seen): Tree {
  const { metadata } = z.object({ metadata: ChangedMetadata }).parse(live);
  return treeAt(projectOwned(live, metadata.managedFields, FIELD_MANAGER), ["spec"]);
}

/** What server-side apply is given, for the object as it was seen. */
export function manifestOf(reference: Reference, { version }: Pick<Seen, "version">, spec: Tree): Manifest {
  const { apiVersion, kind, name, namespace } = reference;
  const seen = version === null ? {} : { resourceVersion: version.resourceVersion };
  return { apiVersion, kind, metadata: { name, namespace, ...seen }, spec };
}

/** What is at a path of objects; empty where there is nothing. */
export function treeAt(tree: Tree, path: readonly string[]): Tree {
  return path.reduce<Tree>((at, key) => {
    const next = at[key];
    return isTree(next) ? next : {};
  }, tree);
}

export function absentError(cluster: Cluster, { kind, name, namespace }: Reference): ClusterError {
  const message = `There is no ${kind}/${name} in the namespace ${namespace} of the cluster of the context \`${cluster.context}\`.`;
  return new ClusterError("absent", message);
}
