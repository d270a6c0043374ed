import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { receiptPath } from "../../src/kubernetes/apply/plan-place.ts";
import { parseReceipt } from "../../src/kubernetes/apply/plan-receipt.ts";
import { startActionsRunner } from "../actions/actions-runner.ts";
import { createGitHubHost } from "../actions/github-host.ts";
import { makePlansAction, PLANS_WORKFLOW } from "../kubernetes/support/make-plans-action.ts";
import { type Cluster, neverReady, openCluster } from "../kubernetes/support/open-cluster.ts";
import { workload } from "../kubernetes/support/plan-world.ts";
import { writeKubeconfig } from "../kubernetes/support/write-kubeconfig.ts";
import { requireProgram } from "../setup/require-program.ts";
import { REPO } from "../support/command-world.ts";
import { infraScale, makeFolder, runProgram } from "../support/infra-scale-world.ts";
import { FILE, startReceiver, WEBHOOK_KEY } from "../support/notify-world.ts";
import { startPlanPulls } from "../support/plan-pull-world.ts";

const NAMESPACE = "assistant";
const WEB = { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: NAMESPACE };
const Pull = z.object({
  draft: z.boolean(),
  merged: z.boolean(),
  labels: z.array(z.object({ name: z.string() })),
});
const Container = z.object({
  resources: z.object({ requests: z.strictObject({ cpu: z.literal("100m") }) }),
});
const Template = z.object({ spec: z.object({ containers: z.tuple([Container]) }) });

/** So many pods of `web` as it was at first, all of them ready. */
const runs = (count: number) => {
  const replicas = z.literal(count);
  return z.object({
    spec: z.object({ replicas, template: Template }),
    status: z.object({ replicas, readyReplicas: replicas, updatedReplicas: replicas }),
  });
};

/** With so much memory the pods of `web` start and fail. */
const TOO_MUCH = "64Mi";

/** A cluster with three pods of `web`. */
async function startCluster(apiServer: string): Promise<Cluster> {
  const cluster = await openCluster(apiServer);
  onTestFinished(() => cluster.stop());
  await cluster.addNode({ name: "node-1", cpu: "4", memory: "8Gi" });
  await cluster.admin.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  const spec = { replicas: 3, progressDeadlineSeconds: 3 };
  const web = workload("Deployment", "web", spec, { [neverReady]: TOO_MUCH });
  await cluster.admin.apply({ ...web, metadata: { name: "web", namespace: NAMESPACE } });
  return cluster;
}

/** The kubeconfig of the job that applies: it may do what the page asks for, and no more. */
async function writeJobConfig(cluster: Cluster): Promise<string> {
  const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({
    ...{ apiGroups: [apiGroup], resources, verbs },
  });
  const deployer = await cluster.addUser("deployer", [
    rule("apps", ["deployments", "deployments/scale"], ["get", "patch"]),
    rule("autoscaling", ["horizontalpodautoscalers"], ["get", "list", "patch", "create", "delete"]),
    rule("apps", ["replicasets"], ["list"]),
    rule("", ["pods", "events"], ["list"]),
  ]);
  const file = path.join(await makeFolder(), "kubeconfig");
  writeKubeconfig(file, [{ ...deployer, name: "admin" }]);
  return readFileSync(file, "utf8");
}

it("a plan is asked for, approved, merged, applied, kept and told of; the next one fails and is taken back", {
  timeout: 180_000,
}, async ({ skip }) => {
  const cluster = await startCluster(requireProgram("kube-apiserver", skip));
  const KUBECONFIG = await writeJobConfig(cluster);
  const hook = await startReceiver();
  const world = await startPlanPulls({
    files: {
      ".github/workflows/plans.yml": PLANS_WORKFLOW,
      [FILE]: "notifications:\n  audit:\n    type: webhook\n",
    },
    environment: {
      PULUMISCALE_WEBHOOK_URL_AUDIT: `${hook.url}/audit`,
      PULUMISCALE_WEBHOOK_KEY_AUDIT: WEBHOOK_KEY,
    },
  });
  const { alice, approve, github, issuer, merged, onBase, plan, settled } = world;
  await using runner = await startActionsRunner({
    github: createGitHubHost(github),
    ...{ oidc: issuer, actions: { "pulumiscale/pulumiscale": await makePlansAction() } },
    ...{ env: { PULUMISCALE_OIDC_ISSUER: issuer.url }, secrets: { KUBECONFIG } },
  });
  const told = () => hook.posts.map(({ body }) => JSON.parse(body));
  const readPull = async () => Pull.parse(await alice("GET", `/pulls/${number}`));

  const more = ["--target=prod", "--hpa=min:4,max:12,cpu:65"];
  const number = await plan(6, "alice", more, { KUBECONFIG: cluster.kubeconfig });
  expect(await readPull()).toMatchObject({
    draft: true,
    merged: false,
    labels: [{ name: "needs-approval" }],
  });
  expect(told().map(({ type }) => type)).toEqual(["plan.opened", "plan.waiting"]);
  await approve(number, "rita");
  expect([await onBase(), runner.runs]).toEqual([null, []]);

  await approve(number, "bob");
  await merged();
  expect(await readPull()).toMatchObject({ draft: false, merged: true });
  const commit = await github.readRef(REPO, "refs/heads/main");
  await github.webhooksIdle();
  await runner.waitForIdle();
  const [run, ...others] = runner.runs;
  expect(others).toEqual([]);
  expect(run?.conclusion, run?.log).toBe("success");

  await cluster.admin.waitFor(WEB, runs(6));
  const readReceipt = async () =>
    parseReceipt((await github.readFile(REPO, receiptPath("prod"), "pulumiscale")) ?? "");
  expect(await readReceipt()).toMatchObject({
    ...{ outcome: "applied", attestation: expect.any(String) },
    actions: [
      { subject: "Deployment/web", before: { replicas: 3 }, after: { replicas: 6 } },
      { action: "apply_hpa", before: { kind: "absent" }, after: { min: 4, max: 12 } },
    ],
  });

  const clone = path.join(await makeFolder(), "clone");
  const remote = path.join(github.dataDirectory, `${REPO}.git`);
  await runProgram(["git", "clone", "--quiet", remote, clone], path.dirname(clone));
  const { lines } = await infraScale(clone, ["history"]);
  expect(lines.join("\n")).toContain(commit?.slice(0, 12));
  expect(lines.join("\n")).toMatch(/prod .*applied/);

  await settled();
  expect(told()).toMatchObject(
    ["plan.opened", "plan.waiting", "plan.applied"].map((type) => ({
      type,
      data: { subject: { id: `${REPO}#${number}`, name: "prod", pullRequest: number } },
    })),
  );
  expect(told().at(-1)).toMatchObject({
    data: {
      changes: [{ name: "Deployment/web", from: 3, to: 6 }],
      runUrl: expect.stringContaining(`/${REPO}/actions/runs/`),
    },
  });

  const failing = ["--target=prod", `--req=web:mem=${TOO_MUCH}`];
  const second = await plan(8, "alice", failing, { KUBECONFIG: cluster.kubeconfig });
  await approve(second, "bob");
  await merged("to: 8");
  await github.webhooksIdle();
  await runner.waitForIdle();
  expect(runner.runs.map(({ conclusion }) => conclusion)).toEqual(["success", "failure"]);
  expect(await readReceipt()).toMatchObject({
    ...{ outcome: "rolled-back", attestation: expect.any(String) },
    message: expect.stringMatching(/^Deployment\/web has \d of 8 pods ready; ProgressDeadlineExceeded: /),
    actions: [{ outcome: "rolled-back" }, { outcome: "rolled-back" }],
  });
  await cluster.admin.waitFor(WEB, runs(6));
  await settled();
  expect(told().slice(3)).toMatchObject(
    ["plan.opened", "plan.waiting", "plan.failed"].map((type) => ({
      ...{ type, data: { subject: { id: `${REPO}#${second}`, pullRequest: second } } },
    })),
  );
  expect(told().at(-1)?.data).toMatchObject({
    text: expect.stringMatching(/^Not applied: .* \(rolled-back: Deployment\/web has /),
    runUrl: expect.stringContaining(`/${REPO}/actions/runs/`),
  });
  expect(github.violations).toEqual([]);
});
