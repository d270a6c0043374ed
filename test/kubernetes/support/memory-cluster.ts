import type { Cluster } from "../../../src/kubernetes/cluster/cluster.ts";
import { ClusterError } from "../../../src/kubernetes/cluster/cluster-error.ts";

/** What stands in a cluster of one workload; `answer` is asked before each request, and may throw. */
export type MemoryCluster = {
  context?: string;
  replicas: number;
  /** How often something else of it has changed. */
  changes?: number;
  object?: object;
  lists?: Readonly<Record<string, readonly object[]>>;
  answer?: (verb: "read" | "scale") => void;
};

/** A cluster of one Deployment, whose pods are ready as soon as they are asked for. */
export function memoryCluster(state: MemoryCluster): Cluster {
  const scaleNow = () => ({
    replicas: state.replicas,
    running: state.replicas,
    selector: null,
    resourceVersion: `${state.replicas}.${state.changes ?? 0}`,
  });
  const refuse = async () => {
    throw new ClusterError("refused", "This cluster takes nothing of the kind.");
  };
  return {
    context: state.context ?? "prod",
    findVersion: async () => "apps/v1",
    read: async (_, schema) => {
      state.answer?.("read");
      return schema.parse(state.object ?? deploymentOf(state.replicas));
    },
    list: async ({ kind }, _, schema) => (state.lists?.[kind] ?? []).map((item) => schema.parse(item)),
    apply: refuse,
    readScale: async () => {
      state.answer?.("read");
      return scaleNow();
    },
    scale: async (_, { replicas }, mode) => {
      state.answer?.("scale");
      if (mode === "commit") state.replicas = replicas;
      return { ...scaleNow(), replicas };
    },
    remove: refuse,
  };
}

function deploymentOf(replicas: number): object {
  const counts = { updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
  return {
    metadata: { uid: "web", generation: 1, managedFields: [] },
    spec: { replicas },
    status: { observedGeneration: 1, replicas, ...counts },
  };
}
