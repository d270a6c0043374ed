import type { Cluster } from "./cluster.ts";
import { ClusterError } from "./cluster-error.ts";
import { readCurrentContext } from "./kube-config.ts";
import { openCluster } from "./open-cluster.ts";

/**
 * The clusters of a kubeconfig by context, each opened once, a failure not kept; null is that of the current context. `files` are those of KUBECONFIG. What it
 * answers throws `ClusterError`.
 */
export function openClusters(files: readonly string[]): (kubeContext: string | null) => Promise<Cluster> {
  const opened = new Map<string, Promise<Cluster>>();
  return async (kubeContext) => {
    const context = kubeContext ?? (await readCurrentContext(files));
    if (context === null) {
      const message = "There is no kubeconfig with a current context; set KUBECONFIG, or name a context.";
      throw new ClusterError("kubeconfig", message);
    }
    const cluster = opened.get(context) ?? openCluster(files, context);
    opened.set(context, cluster);
    try {
      return await cluster;
    } catch (error) {
      if (opened.get(context) === cluster) opened.delete(context);
      throw error;
    }
  };
}
