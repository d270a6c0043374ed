import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import type { ClusterError } from "../../src/kubernetes/cluster/cluster-error.ts";
import { openCluster as open } from "../../src/kubernetes/cluster/open-cluster.ts";
import { requireProgram } from "../setup/require-program.ts";
import { type Cluster, openCluster } from "./support/open-cluster.ts";
import { type Context, writeKubeconfig } from "./support/write-kubeconfig.ts";

let opening: Promise<Cluster> | undefined;

async function sharedCluster(skip: (note: string) => never): Promise<Cluster> {
  const apiServer = requireProgram("kube-apiserver", skip);
  opening ??= openCluster(apiServer);
  return await opening;
}

afterAll(async () => {
  const opened = await opening?.catch(() => undefined);
  await opened?.stop();
});

const Sized = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z.object({ replicas: z.int() }),
});
const web = { apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" };
const manifest = (name: string, replicas: number) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: "default" },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "main", image: "shop:1" }] },
    },
  },
});
const takeOver = { mode: "commit", onConflict: "take-over" } as const;

/** The sentence and the code of what has gone wrong. */
async function failureOf(done: Promise<unknown>): Promise<Pick<ClusterError, "code" | "message">> {
  const error: unknown = await done.then(
    () => undefined,
    (failed: unknown) => failed,
  );
  return z.object({ code: z.any(), message: z.string() }).parse(error);
}

test("an object is read, listed, applied, tried and scaled", async ({ skip }) => {
  const { admin, kubeconfig } = await sharedCluster(skip);
  const cluster = await open([kubeconfig], "admin");
  expect(await cluster.read(web, Sized)).toBeNull();
  await cluster.apply(manifest("web", 2), takeOver, Sized);
  const tried = await cluster.apply(manifest("web", 5), { ...takeOver, mode: "dry-run" }, Sized);
  expect(tried.spec.replicas).toBe(5);
  expect(await cluster.read(web, Sized)).toMatchObject({ spec: { replicas: 2 } });
  expect(await cluster.list(web, { namespace: "default" }, Sized)).toHaveLength(1);
  expect(await cluster.list(web, { namespace: "staging" }, Sized)).toEqual([]);
  expect(await cluster.list(web, "everywhere", Sized)).toHaveLength(1);
  expect(await cluster.scale(web, { replicas: 7 }, "dry-run")).toMatchObject({ replicas: 7 });
  expect(await cluster.readScale(web)).toMatchObject({ replicas: 2, selector: "app=web" });
  expect(await cluster.scale(web, { replicas: 3 }, "commit")).toMatchObject({ replicas: 3 });
  await admin.remove(web);
});

test("an object is removed only as it was seen", async ({ skip }) => {
  const { kubeconfig } = await sharedCluster(skip);
  const cluster = await open([kubeconfig], "admin");
  const notes = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "notes" };
  const Seen = z.object({ metadata: z.object({ uid: z.string(), resourceVersion: z.string() }) });
  const write = async (text: string) => {
    const { apiVersion, kind, namespace, name } = notes;
    const made = { apiVersion, kind, metadata: { namespace, name }, data: { text } };
    return (await cluster.apply(made, takeOver, Seen)).metadata;
  };
  const seen = await write("one");
  expect(await cluster.remove(notes, seen, "dry-run")).toBe("removed");
  expect(await cluster.read(notes, Seen)).not.toBeNull();
  const changed = await write("two");
  for (const mode of ["dry-run", "commit"] as const)
    expect(await failureOf(cluster.remove(notes, seen, mode))).toMatchObject({ code: "conflict" });
  expect(await cluster.remove(notes, changed, "commit")).toBe("removed");
  const { resourceVersion } = await write("one");
  expect(await failureOf(cluster.remove(notes, { ...seen, resourceVersion }, "commit"))).toMatchObject({
    code: "conflict",
  });
  await cluster.remove(notes, await write("one"), "commit");
  expect(await cluster.remove(notes, seen, "commit")).toBe("absent");
});

test("the version of a kind is asked of the cluster, and what it does not serve is nothing", async ({
  skip,
}) => {
  const { kubeconfig } = await sharedCluster(skip);
  const cluster = await open([kubeconfig], "admin");
  expect(await cluster.findVersion("HorizontalPodAutoscaler", "autoscaling")).toBe("autoscaling/v2");
  expect(await cluster.findVersion("Pod", "")).toBe("v1");
  expect(await cluster.findVersion("Rollout", "argoproj.io")).toBeNull();
  const rollout = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace: "default", name: "web" };
  expect(await cluster.read(rollout, Sized)).toBeNull();
  expect(await cluster.list(rollout, "everywhere", Sized)).toBeNull();
  expect(await cluster.readScale(rollout)).toBeNull();
  expect(await failureOf(cluster.scale(rollout, { replicas: 1 }, "dry-run"))).toEqual({
    code: "absent",
    message: "The cluster of the context `admin` has no kind Rollout of argoproj.io/v1alpha1.",
  });
});

test("a list is of as many pages as it needs", async ({ skip }) => {
  const { kubeconfig, admin } = await sharedCluster(skip);
  const cluster = await open([kubeconfig], "staging");
  const names = Array.from({ length: 501 }, (_, index) => `map-${index}`);
  for (let from = 0; from < names.length; from += 50) {
    await Promise.all(
      names.slice(from, from + 50).map((name) =>
        admin.request("POST", "/api/v1/namespaces/staging/configmaps", {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name },
        }),
      ),
    );
  }
  const Named = z.object({ metadata: z.object({ name: z.string() }) });
  const maps = await cluster.list({ apiVersion: "v1", kind: "ConfigMap" }, { namespace: "staging" }, Named);
  expect(
    maps
      ?.map(({ metadata }) => metadata.name)
      .filter((name) => name.startsWith("map-"))
      .sort(),
  ).toEqual(names.sort());
});

test("fields of somebody else are taken over, or refused; an object that has changed is not written", async ({
  skip,
}) => {
  const { kubeconfig, admin } = await sharedCluster(skip);
  const cluster = await open([kubeconfig], "admin");
  await admin.apply(manifest("owned", 2));
  const refused = await failureOf(
    cluster.apply(manifest("owned", 3), { mode: "commit", onConflict: "refuse" }, Sized),
  );
  expect(refused.code).toBe("conflict");
  expect(refused.message).toMatch(
    /^The cluster of the context `admin` refuses patch of Deployment\/owned in the namespace default: `.*conflict with "tests".*\.spec\.replicas`\.$/,
  );
  const owned = await cluster.apply(manifest("owned", 3), takeOver, Sized);
  const { resourceVersion } = owned.metadata;
  await admin.apply(manifest("owned", 4));
  const reference = { ...web, name: "owned" };
  const late = await failureOf(cluster.scale(reference, { replicas: 5, resourceVersion }, "commit"));
  expect(late.code).toBe("conflict");
  const again = {
    ...manifest("owned", 5),
    metadata: { name: "owned", namespace: "default", resourceVersion },
  };
  expect((await failureOf(cluster.apply(again, takeOver, Sized))).code).toBe("conflict");
});

test("what a user may not do is told by verb, resource and namespace", async ({ skip }) => {
  const shared = await sharedCluster(skip);
  await shared.addUser("onlooker", [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"] }]);
  const cluster = await open([shared.kubeconfig], "onlooker");
  expect(await cluster.read(web, Sized)).toBeNull();
  expect(await failureOf(cluster.list({ apiVersion: "v1", kind: "Pod" }, "everywhere", Sized))).toEqual({
    code: "forbidden",
    message: "The user of the context `onlooker` may not list pods in the whole cluster.",
  });
  expect(await failureOf(cluster.scale(web, { replicas: 2 }, "commit"))).toEqual({
    code: "forbidden",
    message:
      "The user of the context `onlooker` may not patch deployments.apps/scale in the namespace default.",
  });
});

test("a change that the cluster does not take, and an object of another shape", async ({ skip }) => {
  const { kubeconfig, admin } = await sharedCluster(skip);
  const cluster = await open([kubeconfig], "admin");
  await admin.apply(manifest("plain", 1));
  const wrong = { ...manifest("plain", 1), spec: { replicas: -1 } };
  const refused = await failureOf(cluster.apply(wrong, takeOver, Sized));
  expect(refused).toMatchObject({ code: "refused", message: expect.stringContaining("spec.replicas") });
  const shape = z.object({ spec: z.object({ paused: z.string() }) });
  expect(await failureOf(cluster.read({ ...web, name: "plain" }, shape))).toEqual({
    code: "unexpected",
    message:
      "The cluster of the context `admin` has answered what is not expected of Deployment/plain in the namespace default: `spec.paused`.",
  });
});

/** A kubeconfig with one context more than the cluster's. */
async function kubeconfigWith(cluster: Cluster, changes: Partial<Context>): Promise<string> {
  const [admin] = cluster.contexts();
  if (admin === undefined) throw new Error("there is no context");
  const folder = await mkdtemp(path.join(tmpdir(), "kubeconfig-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "config");
  writeKubeconfig(file, [{ ...admin, name: "other", ...changes }]);
  return file;
}

const SECRET = "not-the-token-of-anybody";

test("a token that is not valid is told of, and not told", async ({ skip }) => {
  const file = await kubeconfigWith(await sharedCluster(skip), { token: SECRET });
  const failure = await failureOf((await open([file], "other")).read(web, Sized));
  expect(failure).toEqual({
    code: "unauthorized",
    message:
      "The cluster of the context `other` does not know who asks: its token or certificate is not valid, or no longer.",
  });
});

test("a cluster that is not there, one that says nothing, and one that is another's", async ({ skip }) => {
  const cluster = await sharedCluster(skip);
  const silent = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void silent.close());
  await once(silent, "listening");
  const { port } = z.object({ port: z.number() }).parse(silent.address());
  const timid = await kubeconfigWith(cluster, { server: `https://127.0.0.1:${port}`, token: SECRET });
  expect(await failureOf((await open([timid], "other", { timeoutMs: 300 })).read(web, Sized))).toEqual({
    code: "timeout",
    message:
      "The cluster of the context `other` has not answered in 0.3 s; is it there, and is there a way to it?",
  });
  const gone = await kubeconfigWith(cluster, { server: "https://127.0.0.1:1", token: SECRET });
  expect(await failureOf((await open([gone], "other")).read(web, Sized))).toEqual({
    code: "unreachable",
    message: "The cluster of the context `other` cannot be reached at 127.0.0.1:1 (ECONNREFUSED).",
  });
});

/** A cluster that is none: it answers each request with what `answer` makes of its token. */
async function hostileCluster(answer: (token: string) => { status: number; body: string }) {
  const server = createHttpServer((request, response) => {
    const { status, body } = answer(request.headers.authorization?.replace("Bearer ", "") ?? "");
    response.writeHead(status, { location: "http://127.0.0.1:1/" }).end(body);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const folder = await mkdtemp(path.join(tmpdir(), "kubeconfig-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const cluster = { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
  const config = {
    clusters: [{ name: "a", cluster }],
    users: [{ name: "a", user: { token: SECRET } }],
    contexts: [{ name: "other", context: { cluster: "a", user: "a" } }],
  };
  await writeFile(path.join(folder, "config"), JSON.stringify(config));
  return await open([path.join(folder, "config")], "other");
}

test.each([
  [
    "repeats the token",
    (token: string) => ({ status: 422, body: JSON.stringify({ message: `no, ${token}!` }) }),
    "refused",
  ],
  [
    "repeats the token where a name stands",
    (token: string) => ({ status: 200, body: JSON.stringify({ resources: token }) }),
    "unexpected",
  ],
  ["answers with a page", (token: string) => ({ status: 502, body: `<h1>${token}</h1>` }), "busy"],
  ["sends elsewhere", () => ({ status: 302, body: "" }), "unexpected"],
  ["answers with nothing", () => ({ status: 200, body: "" }), "unexpected"],
  [
    "breaks the line",
    () => ({ status: 500, body: JSON.stringify({ message: "a\n# b\u001b[2J`c" }) }),
    "busy",
  ],
])("a cluster that %s is told in one sentence", async (_, answer, code) => {
  const failure = await failureOf((await hostileCluster(answer)).read(web, Sized));
  expect(failure).toEqual({
    code,
    message: expect.stringMatching(/^The cluster of the context `other` \P{Cc}*\.$/u),
  });
  expect(failure.message).not.toContain(SECRET);
});

test("of several files the first counts, and one that is missing is empty", async ({ skip }) => {
  const cluster = await sharedCluster(skip);
  const gone = await kubeconfigWith(cluster, { name: "admin", server: "https://127.0.0.1:1" });
  const read = async (files: string[]) => (await open(files, "admin")).read(web, Sized);
  expect(await read(["/nowhere/config", cluster.kubeconfig, gone])).toBeNull();
  expect(await failureOf(read([gone, cluster.kubeconfig]))).toMatchObject({ code: "unreachable" });
});

test.each([
  ["of no such context", "", /^The kubeconfig has no context `other`; it names none\.$/],
  ["of another context", "contexts: [{name: mine, context: {cluster: a}}]", /; it has `mine`\.$/],
  [
    "without the cluster",
    "contexts: [{name: other, context: {cluster: a}}]",
    /^The kubeconfig has no cluster for the context `other`\.$/,
  ],
  ["that is no YAML", `a: [${SECRET}`, /^The kubeconfig .* is not one that can be read\.$/],
  ["of another shape", `users: [{token: ${SECRET}}]`, /^The kubeconfig .* is not one that can be read\.$/],
])("a kubeconfig %s is told in one sentence", async (_, text, sentence) => {
  const folder = await mkdtemp(path.join(tmpdir(), "kubeconfig-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "config");
  await writeFile(file, text);
  const failure = await failureOf(open([file], "other"));
  expect(failure).toEqual({ code: "kubeconfig", message: expect.stringMatching(sentence) });
  expect(failure.message).not.toContain(SECRET);
});
