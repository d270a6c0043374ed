import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { freePort } from "../../world/free-port.ts";
import type { RunningProcess } from "../../world/start-process.ts";
import type { ClusterClient, Manifest } from "./cluster-client.ts";
import { type ClusterPrograms, openClusterPrograms } from "./cluster-programs.ts";
import { guardFolder } from "./guard-folder.ts";
import { startControlPlane } from "./start-control-plane.ts";
import { type Context, writeKubeconfig } from "./write-kubeconfig.ts";

/** A real Kubernetes cluster of one test file. What runs in its pods is played by kwok; all else is Kubernetes. */
export type Cluster = {
  /**
   * A kubeconfig with the contexts `admin` (the current one, every right, namespace `default`), `staging` (the same
   * rights, namespace `staging`, which is there), and those of `addUser`.
   */
  kubeconfig: string;
  /** The contexts of the kubeconfig, for a test that writes its own with `writeKubeconfig`. */
  contexts(): readonly Context[];
  /** With every right. */
  admin: ClusterClient;
  /** Resolves when pods can be scheduled on it. */
  addNode(node: ClusterNode): Promise<void>;
  /** A service account with these rights and no others, in every namespace; its name is a context of the kubeconfig. */
  addUser(name: string, rules: readonly Rule[]): Promise<Context>;
  /** As if every kubelet had stopped: from now on no new pod gets ready, and none goes away. Those that run stay so. */
  holdPods(): Promise<void>;
  /** The kubelets are back, and catch up. */
  releasePods(): Promise<void>;
  /** Ends the cluster's programs and removes its folder. */
  stop(): Promise<void>;
};

export type ClusterNode = {
  name: string;
  /** What pods may request on it, as quantities: "4", "8Gi". */
  cpu: string;
  memory: string;
  labels?: Readonly<Record<string, string>>;
  taints?: readonly {
    key: string;
    value?: string;
    effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  }[];
};

export type Rule = {
  apiGroups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
  resourceNames?: readonly string[];
};

/**
 * On a pod: "always", or a quantity. A pod with it never gets ready, always or when one of its containers requests
 * just that quantity of CPU or memory.
 */
export const neverReady = "pulumiscale.test/never-ready";

/**
 * Starts a cluster without nodes. `apiServer` is the program kube-apiserver, beside which the others lie; `choosePort`
 * is asked again when the port it chose is taken.
 */
export async function openCluster(apiServer: string, choosePort = freePort): Promise<Cluster> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "cluster-")));
  const release = guardFolder(folder);
  const programs = openClusterPrograms(apiServer, folder);
  const stop = async () => {
    await programs.kill();
    await rm(folder, { recursive: true, force: true });
    await release();
  };
  try {
    const { admin, client, kubeconfig: internal } = await startControlPlane(programs, folder, choosePort);
    await client.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "staging" } });
    const kubeconfig = join(folder, "kubeconfig");
    const contexts: Context[] = [admin, { ...admin, name: "staging", namespace: "staging" }];
    writeKubeconfig(kubeconfig, contexts);
    let kwok = await startKwok(programs, internal);
    return {
      kubeconfig,
      contexts: () => contexts,
      admin: client,
      addNode: (node) => addNode(client, node),
      addUser: async (name, rules) => {
        const token = await makeServiceAccount(client, name, rules);
        const context = { ...admin, name, token };
        contexts.push(context);
        writeKubeconfig(kubeconfig, contexts);
        return context;
      },
      holdPods: () => programs.giveUp(kwok),
      releasePods: async () => {
        kwok = await startKwok(programs, internal);
      },
      stop: async () => {
        client.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startKwok(programs: ClusterPrograms, kubeconfig: string): Promise<RunningProcess> {
  const stages = (await readdir(programs.stages)).map((file) => join(programs.stages, file));
  const ownStage = fileURLToPath(new URL("pod-never-ready.yaml", import.meta.url));
  const configs = [...stages, ownStage].flatMap((file) => ["--config", file]);
  const kwok = programs.start("kwok", ["--kubeconfig", kubeconfig, "--manage-all-nodes", ...configs]);
  await kwok.waitForLine(/Watch all nodes/);
  return kwok;
}

const ReadyNode = z.object({
  spec: z.object({
    taints: z
      .array(z.object({ key: z.string() }))
      .refine((taints) => !taints.some(({ key }) => key.startsWith("node.kubernetes.io/")))
      .optional(),
  }),
  status: z.object({
    conditions: z
      .array(z.object({ type: z.string(), status: z.string() }))
      .refine((all) => all.some(({ type, status }) => type === "Ready" && status === "True")),
  }),
});

async function addNode(client: ClusterClient, node: ClusterNode): Promise<void> {
  const resources = { cpu: node.cpu, memory: node.memory, pods: "110" };
  const created = await client.request("POST", "/api/v1/nodes", {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: node.name, labels: { "kubernetes.io/hostname": node.name, ...node.labels } },
    spec: { taints: node.taints ?? [] },
    status: { allocatable: resources, capacity: resources },
  });
  if (created.status !== 201) throw new Error(`no node: ${JSON.stringify(created.body)}`);
  await client.waitFor({ apiVersion: "v1", kind: "Node", name: node.name }, ReadyNode);
}

const IssuedToken = z.object({ status: z.object({ token: z.string() }) });

/** Answers its token. */
async function makeServiceAccount(
  client: ClusterClient,
  name: string,
  rules: readonly Rule[],
): Promise<string> {
  const account = { apiVersion: "v1", kind: "ServiceAccount", name };
  const rights: Manifest[] = [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } },
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name }, rules },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: "default" }],
    },
  ];
  for (const manifest of rights) await client.apply(manifest);
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const { body } = await client.request("POST", `${await client.pathOf(account)}/token`, request);
  return IssuedToken.parse(body).status.token;
}
