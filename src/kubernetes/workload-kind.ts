import { isSubdomainName } from "./kubernetes-name.ts";

/**
 * What a kind of workload takes. `replicas` and `resources` say why not where it does not; null: it does. `apiGroup` is null for the
 * kinds that Kubernetes brings itself.
 */
export type WorkloadKind = {
  kind: string;
  apiGroup: string | null;
  replicas: string | null;
  resources: string | null;
  longestName: number;
};

/**
 * The kind that is named: one of Kubernetes' own, or any other as `Kind.group`, which is scaled through its scale subresource. Null where
 * it is neither.
 */
export function parseWorkloadKind(text: string): WorkloadKind | null {
  const own = OWN.find(({ kind }) => kind === text);
  if (own !== undefined) return own;
  const dot = text.indexOf(".");
  const [kind, apiGroup] = [text.slice(0, dot), text.slice(dot + 1)];
  if (dot < 1 || !/^[A-Z][A-Za-z0-9]{0,62}$/.test(kind) || !isGroup(apiGroup)) return null;
  return { ...scalable(kind), apiGroup, resources: UNKNOWN_TEMPLATE };
}

const scalable = (kind: string): WorkloadKind => ({
  kind,
  apiGroup: null,
  replicas: null,
  resources: null,
  longestName: 253,
});

const OWN: readonly WorkloadKind[] = [
  scalable("Deployment"),
  scalable("StatefulSet"),
  scalable("ReplicaSet"),
  {
    ...scalable("DaemonSet"),
    replicas: "a DaemonSet runs one pod on each of its nodes, so it has no replicas",
  },
  {
    ...scalable("CronJob"),
    replicas: "a CronJob has no replicas; give it suspend=true or suspend=false, or parallelism=<n>",
    longestName: 52,
  },
];

const UNKNOWN_TEMPLATE =
  "it is a custom resource, which is scaled through its scale subresource; where its containers stand is not known";

/** What is expected of a kind, for sentences. */
export const KIND_RULE = `${OWN.map(({ kind }) => kind).join(", ")}, or a custom resource as Kind.group`;

/** A group of custom resources has a dot: `argoproj.io`. */
function isGroup(text: string): boolean {
  return isSubdomainName(text) && text.includes(".");
}
