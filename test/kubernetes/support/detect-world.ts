import { afterAll } from "vitest";
import { z } from "zod";
import { parsePlanFile } from "../../../src/kubernetes/read-plan-file.ts";
import { requireProgram } from "../../setup/require-program.ts";
import { infraScale, makeFolder, readArtifacts } from "../../support/infra-scale-world.ts";
import type { Manifest } from "./cluster-client.ts";
import { addKind, scalable } from "./custom-kinds.ts";
import { type Cluster, openCluster } from "./open-cluster.ts";

let opening: Promise<Cluster> | undefined;

/** One for all tests of this file, with a node of 4 cores and one that is for batches alone. */
export async function sharedCluster(skip: (note: string) => never): Promise<Cluster> {
  const apiServer = requireProgram("kube-apiserver", skip);
  opening ??= openCluster(apiServer).then(async (cluster) => {
    await cluster.addNode({ name: "node-1", cpu: "4", memory: "8Gi" });
    const taints = [{ key: "dedicated", value: "batch", effect: "NoSchedule" }] as const;
    await cluster.addNode({ name: "node-2", cpu: "64", memory: "64Gi", taints });
    await addKind(cluster.admin, "argoproj.io", "v1alpha1", "Rollout", scalable);
    await addKind(cluster.admin, "autoscaling.k8s.io", "v1", "VerticalPodAutoscaler", {});
    await addKind(cluster.admin, "keda.sh", "v1alpha1", "ScaledObject", {});
    return cluster;
  });
  return await opening;
}

afterAll(async () => {
  const opened = await opening?.catch(() => undefined);
  await opened?.stop();
});

/** Makes objects in a namespace of their own. */
export async function inNamespace(cluster: Cluster, namespace: string) {
  await cluster.admin.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  return (apiVersion: string, kind: string, name: string, spec: object) => {
    const manifest: Manifest = { apiVersion, kind, metadata: { name, namespace }, spec };
    return cluster.admin.apply(manifest);
  };
}

/** The spec of a workload whose pods are labelled with its name. */
export function workload(name: string, replicas: number | undefined, requests: object, labels: object = {}) {
  const all = { app: name, ...labels };
  return {
    ...(replicas === undefined ? {} : { replicas }),
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: all },
      spec: { containers: [{ name: "main", image: "shop:1", resources: { requests } }] },
    },
  };
}

export const hpa = (name: string, min: number, max: number) => ({
  minReplicas: min,
  maxReplicas: max,
  scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
  metrics: [
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
  ],
});

/** A run in a folder of its own, with the plan that it has written. */
export async function run(cluster: Cluster, ...args: string[]) {
  const cwd = await makeFolder();
  const ended = await infraScale(cwd, args, { KUBECONFIG: cluster.kubeconfig });
  const texts = await readArtifacts(cwd);
  const parsed = parsePlanFile(texts.plan);
  if (parsed.kind !== "plan") throw new Error(`${parsed.path}: ${parsed.message}`);
  return { ...ended, ...texts, file: texts.plan, plan: parsed.plan };
}

export const codesOf = ({ plan }: { plan: { findings?: { code: string }[] | undefined } }) =>
  plan.findings?.map(({ code }) => code);
export const versionOf = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string(), generation: z.int().optional() }),
});
