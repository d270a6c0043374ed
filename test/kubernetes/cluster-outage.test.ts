import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { z } from "zod";
import { openApiPaths } from "../../src/kubernetes/cluster/api-paths.ts";
import type { ApiAnswer } from "../../src/kubernetes/cluster/call-api.ts";
import { ClusterError } from "../../src/kubernetes/cluster/cluster-error.ts";
import { accept } from "../../src/kubernetes/cluster/judge-answer.ts";
import { openClusters } from "../../src/kubernetes/cluster/open-clusters.ts";
import { writeKubeconfig } from "./support/write-kubeconfig.ts";

const attempt = { context: "prod", verb: "get", subject: "Deployment/web" };
const APPS = { resources: [{ name: "deployments", kind: "Deployment", namespaced: true }] };
const deployment = { apiVersion: "apps/v1", kind: "Deployment" };

test.each<[string, () => ApiAnswer]>([
  [
    "no answer",
    () => {
      throw new ClusterError("unreachable", "The cluster cannot be reached.");
    },
  ],
  ["an answer that is a refusal", () => ({ status: 503, body: "" })],
])("%s to what an API server serves is of its moment: the next question is asked anew", async (_, fail) => {
  let asked = 0;
  const paths = openApiPaths(
    async () => (asked++ === 0 ? fail() : { status: 200, body: APPS }),
    <T>(answer: ApiAnswer, schema: z.ZodType<T>) => accept(answer, schema, attempt),
  );
  await expect(paths.find(deployment)).rejects.toBeInstanceOf(ClusterError);
  expect(await paths.find(deployment)).toMatchObject({ plural: "deployments" });
  await paths.find(deployment);
  expect(asked).toBe(2);
});

test("a context that could not be opened is opened anew", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "kubeconfig-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "config");
  const clusterOf = openClusters([file]);
  await expect(clusterOf("prod")).rejects.toMatchObject({ code: "kubeconfig" });
  const certificate = path.join(folder, "ca.crt");
  await writeFile(certificate, "");
  const token = "not-the-token-of-anybody";
  writeKubeconfig(file, [
    { name: "prod", server: "https://127.0.0.1:1", certificate, token, namespace: "default" },
  ]);
  const cluster = await clusterOf("prod");
  expect(cluster.context).toBe("prod");
  expect(await clusterOf("prod")).toBe(cluster);
});
