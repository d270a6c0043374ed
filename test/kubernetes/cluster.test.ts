import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { dirname } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { requireProgram } from "../setup/require-program.ts";
import { freePort } from "../world/free-port.ts";
import { startProcess } from "../world/start-process.ts";
import { type Manifest, openClusterClient, waitUntil } from "./support/cluster-client.ts";
import { type Cluster, neverReady, openCluster } from "./support/open-cluster.ts";

let opening: Promise<Cluster> | undefined;

/** One for all tests of this file, started by the first; it has one node. */
async function sharedCluster(skip: (note: string) => never): Promise<Cluster> {
  const apiServer = requireProgram("kube-apiserver", skip);
  opening ??= openCluster(apiServer).then(async (cluster) => {
    await cluster.addNode({ name: "node-1", cpu: "4", memory: "8Gi" });
    return cluster;
  });
  return await opening;
}

afterAll(async () => {
  const opened = await opening?.catch(() => undefined);
  await opened?.stop();
});

type Wishes = { cpu?: string; annotations?: Record<string, string>; namespace?: string };

function deployment(name: string, replicas: number, wishes: Wishes = {}): Manifest {
  const labels = { app: name };
  const container = { name: "main", image: "shop:1", resources: { requests: { cpu: wishes.cpu ?? "100m" } } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: wishes.namespace ?? "default" },
    spec: {
      replicas,
      // The sooner the controller gives up on a rollout, the sooner a test knows.
      progressDeadlineSeconds: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: wishes.annotations ?? {} },
        spec: { containers: [container] },
      },
    },
  };
}

const named = (name: string, namespace = "default") => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  name,
  namespace,
});
const readyReplicas = (count: number) => z.object({ status: z.object({ readyReplicas: z.literal(count) }) });
/** An object one of whose conditions is as it should be; answers that one in place of all. */
const condition = (type: string, reason: string) =>
  z.object({
    status: z.looseObject({
      conditions: z.array(z.looseObject({})).transform((all, context) => {
        const found = Condition.safeParse(all.find((one) => one.type === type && one.reason === reason));
        if (found.success) return found.data;
        context.addIssue(`no ${type} because of ${reason}`);
        return z.NEVER;
      }),
    }),
  });
const Condition = z.object({ message: z.string() });
const rolledOut = condition("Progressing", "NewReplicaSetAvailable");
const gaveUp = condition("Progressing", "ProgressDeadlineExceeded");

test("a deployment of three rolls out on the node", async ({ skip }) => {
  const { admin } = await sharedCluster(skip);
  await admin.apply(deployment("web", 3));
  await admin.waitFor(named("web"), readyReplicas(3));
  await admin.waitFor(named("web"), rolledOut);
});

test("pods that never get ready end a rollout at its deadline", async ({ skip }) => {
  const { admin } = await sharedCluster(skip);
  await admin.apply(deployment("broken", 3, { annotations: { [neverReady]: "always" } }));
  const { status } = await admin.waitFor(named("broken"), gaveUp);
  expect(status).toMatchObject({ unavailableReplicas: 3 });
  expect(status).not.toHaveProperty("readyReplicas");
});

test("pods may fail with one quantity alone, so that there is a state to go back to", async ({ skip }) => {
  const { admin } = await sharedCluster(skip);
  const annotations = { [neverReady]: "200m" };
  await admin.apply(deployment("picky", 2, { annotations }));
  await admin.waitFor(named("picky"), rolledOut);
  await admin.apply(deployment("picky", 2, { annotations, cpu: "200m" }));
  await admin.waitFor(named("picky"), gaveUp);
  await admin.waitFor(named("picky"), readyReplicas(2));
  await admin.apply(deployment("picky", 2, { annotations }));
  await admin.waitFor(named("picky"), rolledOut);
});

test("while the pods are held, no new one gets ready", async ({ skip }) => {
  const cluster = await sharedCluster(skip);
  const { admin } = cluster;
  await admin.apply(deployment("held", 1));
  await admin.waitFor(named("held"), rolledOut);
  await cluster.holdPods();
  await admin.apply(deployment("held", 1, { cpu: "150m" }));
  await admin.waitFor(named("held"), gaveUp);
  await admin.waitFor(named("held"), readyReplicas(1));
  await cluster.releasePods();
  await admin.waitFor(named("held"), rolledOut);
});

test("what does not fit on the nodes waits, and is scheduled when there is a node for it", async ({
  skip,
}) => {
  const cluster = await sharedCluster(skip);
  const { admin } = cluster;
  const large = { apiVersion: "v1", kind: "Pod", name: "large" };
  const container = { name: "main", image: "shop:1", resources: { requests: { cpu: "6" } } };
  await admin.apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "large" },
    spec: { containers: [container] },
  });
  const { status } = await admin.waitFor(large, condition("PodScheduled", "Unschedulable"));
  expect(status.conditions.message).toContain("1 Insufficient cpu");
  const taints = [{ key: "dedicated", value: "batch", effect: "NoSchedule" }] as const;
  await cluster.addNode({ name: "tainted", cpu: "8", memory: "8Gi", taints });
  await cluster.addNode({ name: "large", cpu: "8", memory: "8Gi", labels: { pool: "large" } });
  await admin.waitFor(large, z.object({ spec: z.object({ nodeName: z.literal("large") }) }));
});

test("a quota refuses what is over it", async ({ skip }) => {
  const { admin } = await sharedCluster(skip);
  const quota = { apiVersion: "v1", kind: "ResourceQuota", name: "compute", namespace: "limited" };
  await admin.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "limited" } });
  await admin.apply({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "compute", namespace: "limited" },
    spec: { hard: { "requests.cpu": "250m" } },
  });
  await admin.waitFor(
    quota,
    z.object({ status: z.object({ used: z.object({ "requests.cpu": z.literal("0") }) }) }),
  );
  await admin.apply(deployment("web", 3, { namespace: "limited" }));
  const { status } = await admin.waitFor(
    named("web", "limited"),
    condition("ReplicaFailure", "FailedCreate"),
  );
  expect(status.conditions.message).toContain("exceeded quota: compute");
  await admin.waitFor(named("web", "limited"), readyReplicas(2));
});

test("the scale subresource changes the number of pods", async ({ skip }) => {
  const { admin } = await sharedCluster(skip);
  await admin.apply(deployment("scaled", 1));
  await admin.waitFor(named("scaled"), readyReplicas(1));
  const scale = `${await admin.pathOf(named("scaled"))}/scale`;
  const patched = await admin.request(
    "PATCH",
    scale,
    { spec: { replicas: 4 } },
    "application/merge-patch+json",
  );
  expect(patched).toMatchObject({ status: 200, body: { kind: "Scale", spec: { replicas: 4 } } });
  await admin.waitFor(named("scaled"), readyReplicas(4));
});

test("a user of few rights can do these and no more", async ({ skip }) => {
  const cluster = await sharedCluster(skip);
  const rule = { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"] };
  const { token, certificate, server } = await cluster.addUser("reader", [rule]);
  const reader = openClusterClient({ port: Number(new URL(server).port), certificate, token });
  await cluster.admin.apply(deployment("seen", 1));
  await reader.get(named("seen"));
  await expect(reader.apply(deployment("seen", 2))).rejects.toThrow(
    /403.*cannot patch resource "deployments"/,
  );
  reader.close();
});

test("the kubeconfig has the contexts of the cluster, and then those of its users", async ({ skip }) => {
  const cluster = await sharedCluster(skip);
  await cluster.addUser("onlooker", []);
  const config = Kubeconfig.parse(parse(readFileSync(cluster.kubeconfig, "utf8")));
  expect(config["current-context"]).toBe("admin");
  expect(config.contexts.map(({ name, context }) => [name, context.namespace])).toEqual([
    ["admin", "default"],
    ["staging", "staging"],
    ...cluster
      .contexts()
      .slice(2)
      .map(({ name }) => [name, "default"]),
  ]);
  expect(config.contexts.map(({ name }) => name)).toContain("onlooker");
  const server = config.clusters.find(({ name }) => name === "onlooker")?.cluster.server;
  expect(server).toBe(cluster.contexts()[0]?.server);
});

const Kubeconfig = z.object({
  "current-context": z.string(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ namespace: z.string() }) })),
  clusters: z.array(z.object({ name: z.string(), cluster: z.object({ server: z.url() }) })),
});

test("two more that start at once are clusters of their own, and leave nothing behind", async ({ skip }) => {
  const apiServer = requireProgram("kube-apiserver", skip);
  const shared = await sharedCluster(skip);
  await shared.admin.apply(deployment("here", 1));
  const clusters = await Promise.all([openCluster(apiServer), openCluster(apiServer)]);
  for (const { admin } of clusters) await expect(admin.get(named("here"))).rejects.toThrow(/404/);
  expect(new Set([shared, ...clusters].map(({ contexts }) => contexts()[0]?.server)).size).toBe(3);
  for (const cluster of clusters) await cluster.stop();
  for (const { kubeconfig, admin } of clusters) {
    expect(existsSync(kubeconfig)).toBe(false);
    await expect(admin.request("GET", "/readyz")).rejects.toThrow(/ECONNREFUSED/);
  }
  await shared.admin.get(named("here"));
});

test("a port that somebody took a moment before is left to them", async ({ skip }) => {
  const apiServer = requireProgram("kube-apiserver", skip);
  const somebody = createServer().listen(0, "127.0.0.1");
  await once(somebody, "listening");
  const { port } = z.object({ port: z.number() }).parse(somebody.address());
  const chosen = [port];
  const cluster = await openCluster(apiServer, async () => chosen.pop() ?? (await freePort()));
  expect(cluster.contexts()[0]?.server).not.toBe(`https://127.0.0.1:${port}`);
  await cluster.admin.get({ apiVersion: "v1", kind: "Namespace", name: "staging" });
  await cluster.stop();
  somebody.close();
});

test("tests that are killed leave no cluster behind", async ({ skip }) => {
  const apiServer = requireProgram("kube-apiserver", skip);
  const module = new URL("support/open-cluster.ts", import.meta.url).href;
  const script = `
    const { openCluster } = await import(process.argv[1]);
    const { kubeconfig, contexts } = await openCluster(process.argv[2]);
    console.log("open", JSON.stringify({ kubeconfig, server: contexts()[0].server }));`;
  const tests = startProcess(process.execPath, ["--input-type=module", "--eval", script, module, apiServer]);
  const line = await tests.waitForLine(/^open /);
  const Opened = z.object({ kubeconfig: z.string(), server: z.url() });
  const { kubeconfig, server } = Opened.parse(JSON.parse(line.slice("open ".length)));
  await expect(connect(server)).resolves.toBe("connected");
  await tests.kill();
  await waitUntil(async () =>
    existsSync(dirname(kubeconfig))
      ? { kind: "not yet", seen: kubeconfig }
      : { kind: "reached", state: undefined },
  );
  await expect(connect(server)).rejects.toThrow(/ECONNREFUSED/);
});

async function connect(server: string): Promise<string> {
  const socket = createConnection(Number(new URL(server).port), "127.0.0.1");
  try {
    await once(socket, "connect");
    return "connected";
  } finally {
    socket.destroy();
  }
}
