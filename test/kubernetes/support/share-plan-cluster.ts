import { afterAll } from "vitest";
import { requireProgram } from "../../setup/require-program.ts";
import { type Cluster, openCluster } from "./open-cluster.ts";
import { openPlanWorld } from "./plan-world.ts";

/** For a test file: what opens its one cluster of one node where the first test asks for it, with a world of plans for each. */
export function sharePlanCluster() {
  let opening: Promise<Cluster> | undefined;
  afterAll(async () => {
    const opened = await opening?.catch(() => undefined);
    await opened?.stop();
  });
  return async (skip: (note: string) => never) => {
    const apiServer = requireProgram("kube-apiserver", skip);
    opening ??= openCluster(apiServer).then(async (cluster) => {
      await cluster.addNode({ name: "node-1", cpu: "4", memory: "8Gi" });
      return cluster;
    });
    const cluster = await opening;
    return { cluster, admin: cluster.admin, world: await openPlanWorld(cluster.kubeconfig) };
  };
}
