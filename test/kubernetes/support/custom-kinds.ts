import { z } from "zod";
import type { ClusterClient, Manifest } from "./cluster-client.ts";

const Established = z.object({
  status: z.object({
    conditions: z
      .array(z.object({ type: z.string(), status: z.string() }))
      .refine((all) => all.some(({ type, status }) => type === "Established" && status === "True")),
  }),
});

/** A kind of custom resources that takes any spec; `isScalable`: by `spec.replicas`. */
export async function addKind(
  client: ClusterClient,
  group: string,
  version: string,
  kind: string,
  subresources: object,
): Promise<void> {
  const plural = `${kind.toLowerCase()}s`;
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const schema = { openAPIV3Schema: { type: "object", properties: { spec: open, status: open } } };
  const definition: Manifest = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    // Groups of Kubernetes' own domain are asked whether their kinds have been agreed on.
    metadata: {
      name: `${plural}.${group}`,
      annotations: { "api-approved.kubernetes.io": "unapproved, for tests alone" },
    },
    spec: {
      group,
      scope: "Namespaced",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema, subresources }],
    },
  };
  await client.apply(definition);
  const reference = { apiVersion: definition.apiVersion, kind: definition.kind, name: `${plural}.${group}` };
  await client.waitFor(reference, Established);
}

export const scalable = {
  scale: {
    specReplicasPath: ".spec.replicas",
    statusReplicasPath: ".status.replicas",
    labelSelectorPath: ".status.selector",
  },
};
