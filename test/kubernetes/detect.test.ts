import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parsePlanFile } from "../../src/kubernetes/read-plan-file.ts";
import { DETECT } from "../../src/kubernetes/scale-input.ts";
import { requireProgram } from "../setup/require-program.ts";
import { infraScale, makeFolder, readArtifacts } from "../support/infra-scale-world.ts";
import { type Manifest, waitUntil } from "./support/cluster-client.ts";
import { addKind, scalable } from "./support/custom-kinds.ts";
import { type Cluster, openCluster } from "./support/open-cluster.ts";
import { writeKubeconfig } from "./support/write-kubeconfig.ts";

let opening: Promise<Cluster> | undefined;

/** One for all tests of this file, with a node of 4 cores and one that is for batches alone. */
async function sharedCluster(skip: (note: string) => never): Promise<Cluster> {
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

async function inNamespace(cluster: Cluster, namespace: string) {
  await cluster.admin.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  return (apiVersion: string, kind: string, name: string, spec: object) => {
    const manifest: Manifest = { apiVersion, kind, metadata: { name, namespace }, spec };
    return cluster.admin.apply(manifest);
  };
}

function workload(name: string, replicas: number | undefined, requests: object, labels: object = {}) {
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

const hpa = (name: string, min: number, max: number) => ({
  minReplicas: min,
  maxReplicas: max,
  scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
  metrics: [
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
  ],
});

/** A run in a folder of its own, with the plan that it has written. */
async function run(cluster: Cluster, ...args: string[]) {
  const cwd = await makeFolder();
  const ended = await infraScale(cwd, args, { KUBECONFIG: cluster.kubeconfig });
  const texts = await readArtifacts(cwd);
  const parsed = parsePlanFile(texts.plan);
  if (parsed.kind !== "plan") throw new Error(`${parsed.path}: ${parsed.message}`);
  return { ...ended, ...texts, file: texts.plan, plan: parsed.plan };
}

const codesOf = ({ plan }: { plan: { findings?: { code: string }[] | undefined } }) =>
  plan.findings?.map(({ code }) => code);
const versionOf = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string(), generation: z.int().optional() }),
});

const page = readFileSync(new URL("../../docs/infra-scale.md", import.meta.url), "utf8");
/** What the page shows of a cluster: a command, and what comes of it. */
const shown = (mark: string) =>
  new RegExp(`^\`\`\`${mark} cluster\\n([^\`]*(?:\`[^\`]+)*)^\`\`\`$`, "m").exec(page)?.[1] ?? "";

describe("a plan with a cluster", () => {
  it("is as the documentation shows it", async ({ skip }) => {
    const cluster = await sharedCluster(skip);
    const make = await inNamespace(cluster, "assistant");
    await make("v1", "ResourceQuota", "compute", { hard: { "requests.cpu": "4" } });
    const compute = { apiVersion: "v1", kind: "ResourceQuota", name: "compute", namespace: "assistant" };
    const used = (amount: string) =>
      z.object({ status: z.object({ used: z.object({ "requests.cpu": z.literal(amount) }) }) });
    await cluster.admin.waitFor(compute, used("0"));
    await make("apps/v1", "Deployment", "web", workload("web", 3, { cpu: "250m" }));
    await cluster.admin.waitFor(compute, used("750m"));
    const web = { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: "assistant" };
    await cluster.admin.waitFor(web, z.object({ status: z.object({ readyReplicas: z.literal(3) }) }));
    const args = shown("sh").trim().split(" ").slice(1);
    const ran = await run(cluster, ...args);
    const lines = [...ran.lines.slice(0, -1), ran.told.trimEnd(), ...ran.lines.slice(-1)];
    const folder = /^artifacts_dir=(.*)\/\.artifacts/.exec(ran.lines[0] ?? "")?.[1] ?? "";
    expect(`${lines.join("\n").replaceAll(folder, "<folder>").replaceAll(ran.name, "<time>")}\n`).toBe(
      shown("text"),
    );
    const [actions = "", rest = ""] = ran.file.slice(ran.file.indexOf("actions:")).split("rollbackHints:");
    const hints = `rollbackHints:${rest.slice(0, rest.indexOf("risks:"))}`;
    const plain = actions
      .replace(/uid: .*/, "uid: <uid>")
      .replace(/resourceVersion: ".*"/, 'resourceVersion: "<version>"');
    expect(plain + hints).toBe(shown("yaml"));
  });

  it("has what runs: replicas, resources, autoscalers and their bounds, and the way back", async ({
    skip,
  }) => {
    const cluster = await sharedCluster(skip);
    const make = await inNamespace(cluster, "filled");
    await make("apps/v1", "Deployment", "web", workload("web", 2, { cpu: "250m" }));
    await make("autoscaling/v2", "HorizontalPodAutoscaler", "web", hpa("web", 2, 6));
    const labels = { matchLabels: { app: "web" } };
    await make("policy/v1", "PodDisruptionBudget", "web", { minAvailable: 1, selector: labels });
    await make("v1", "LimitRange", "bounds", { limits: [{ type: "Container", max: { cpu: "4" } }] });
    const { code, plan, summary } = await run(
      cluster,
      ...[
        "--namespace=filled",
        "--workload=Deployment:web:4",
        "--req=web:cpu=300m",
        "--hpa=min:3,max:8,cpu:65",
      ],
    );
    const reference = { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: "filled" };
    const { metadata } = versionOf.parse(await cluster.admin.get(reference));
    expect(code).toBe(0);
    expect(plan.actions).toMatchObject([
      { action: "scale_workload", from: 2, to: 4, observed: { uid: metadata.uid, generation: 1 } },
      {
        action: "update_resources",
        previous: { containers: [{ name: "main", requests: { cpu: "250m" } }] },
        observed: { uid: metadata.uid, generation: 1 },
      },
      {
        action: "apply_hpa",
        previous: { min: 2, max: 6, targetCPU: 70 },
        observed: { uid: expect.any(String) },
      },
    ]);
    expect(plan.rollbackHints).toEqual([
      expect.stringMatching(
        /^kubectl patch hpa\/web -n filled .*"minReplicas":2,"maxReplicas":6,.*--context=admin$/,
      ),
      expect.stringMatching(/^kubectl patch deployment\/web -n filled .*"cpu":"250m".*--context=admin$/),
      "kubectl scale deployment/web -n filled --replicas=2 --context=admin",
    ]);
    expect(plan.clusters).toEqual([
      {
        kubeContext: "admin",
        autoscalers: [{ name: "web", target: "Deployment/web", min: 2, max: 6, targetCPU: 70 }],
        disruptionBudgets: [
          {
            name: "web",
            covers: ["Deployment/web"],
            minAvailable: 1,
            disruptionsAllowed: expect.any(Number),
          },
        ],
        quotas: [],
        limitRanges: [expect.objectContaining({ name: "bounds", type: "Container", max: { cpu: "4" } })],
      },
    ]);
    expect(plan.risks).toEqual([]);
    expect(summary).toContain("1. **Scale** Deployment/web → replicas: 4 (from 2)\n");
    expect(summary).toContain("- `admin`: HPA `web` of `Deployment/web` (min:2 max:6 cpu:70%)\n");
  });

  it("with --offline is what it is without one", async ({ skip }) => {
    const cluster = await sharedCluster(skip);
    const args = ["--workload=Deployment:web:16", "--hpa=min:4,max:12,cpu:65"];
    const without = await makeFolder();
    await infraScale(without, args);
    const bare = await readArtifacts(without);
    const { file, summary, told } = await run(cluster, "--offline", ...args);
    const normal = (text: string) =>
      text.replace(/createdAt: .*/, "").replace(/(kubeContext|Context): .*/, "");
    expect([normal(file), normal(summary), told]).toEqual([normal(bare.plan), normal(bare.summary), ""]);
  });

  it("knows every kind", async ({ skip }) => {
    const cluster = await sharedCluster(skip);
    const make = await inNamespace(cluster, "kinds");
    await make("apps/v1", "StatefulSet", "db", { ...workload("db", 1, {}), serviceName: "db" });
    await make("apps/v1", "ReplicaSet", "old", workload("old", 1, {}));
    await make("apps/v1", "DaemonSet", "agent", workload("agent", undefined, { cpu: "10m" }));
    const { template } = workload("report", 1, {});
    const job = { template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } };
    await make("batch/v1", "CronJob", "report", { schedule: "0 0 1 1 *", jobTemplate: { spec: job } });
    await make("argoproj.io/v1alpha1", "Rollout", "shop", { replicas: 2 });
    // Its pods are found by the selector that its scale subresource tells.
    const cart = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: "cart", namespace: "kinds" },
    };
    await cluster.admin.apply({
      ...cart,
      spec: { replicas: 1 },
      status: { replicas: 1, selector: "app=cart" },
    });
    const main = { name: "main", image: "shop:1", resources: { requests: { cpu: "100m" } } };
    await cluster.admin.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "cart-1", namespace: "kinds", labels: { app: "cart" } },
      spec: { containers: [main] },
    });
    const mode = {
      updatePolicy: { updateMode: "Off" },
      targetRef: { apiVersion: "apps/v1", kind: "StatefulSet", name: "db" },
    };
    await make("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", "db", mode);
    const ran = await run(
      cluster,
      ...[
        "--namespace=kinds",
        "--workload=StatefulSet:db:2",
        "--workload=ReplicaSet:old:2",
        "--workload=DaemonSet:agent",
      ],
      ...["--req=agent:cpu=20m", "--workload=CronJob:report:suspend=true,parallelism=2"],
      ...[
        "--workload=Rollout.argoproj.io:shop:3",
        "--vpa=db:mode=Initial,max-mem=1Gi",
        "--vpa=shop:mode=Off",
      ],
    );
    expect(ran.plan.actions).toMatchObject([
      { kind: "StatefulSet", from: 1 },
      { kind: "VerticalPodAutoscaler", name: "db", previous: { mode: "Off" } },
      { kind: "ReplicaSet", from: 1 },
      { kind: "DaemonSet", previous: { containers: [{ name: "main", requests: { cpu: "10m" } }] } },
      { kind: "CronJob", previous: { suspend: false } },
      { kind: "Rollout", from: 2, observed: { generation: 1 } },
      { kind: "VerticalPodAutoscaler", name: "shop", observed: "absent" },
    ]);
    expect(ran.plan.risks).toEqual([]);
    expect(ran.plan.rollbackHints).toContain(
      "kubectl scale rollout.argoproj.io/shop -n kinds --replicas=2 --context=admin",
    );
    expect(codesOf(ran)).toContain("capacity-unknown");
    const many = await run(cluster, "--namespace=kinds", "--workload=Rollout.argoproj.io:cart:90");
    expect(many.plan.findings).toContainEqual(
      expect.objectContaining({ code: "no-room", numbers: expect.objectContaining({ cpu: "100m" }) }),
    );
  });

  it("is of several, for all workloads or for one", async ({ skip }) => {
    const cluster = await sharedCluster(skip);
    const make = await inNamespace(cluster, "several");
    for (const name of ["web", "api"]) await make("apps/v1", "Deployment", name, workload(name, 1, {}));
    const { plan, summary } = await run(
      cluster,
      ...["--namespace=several", "--context=staging", "--context=admin", "--context=api:admin"],
      ...["--workload=Deployment:web:2", "--workload=Deployment:api:2"],
    );
    expect(plan.context.kubeContext).toBe("staging");
    expect(plan.actions.map(({ name, kubeContext }) => [name, kubeContext])).toEqual([
      ["web", undefined],
      ["web", "admin"],
      ["api", "admin"],
    ]);
    expect(plan.clusters?.map(({ kubeContext }) => kubeContext)).toEqual(["staging", "admin"]);
    expect(plan.rollbackHints[0]).toBe(
      "kubectl scale deployment/api -n several --replicas=1 --context=admin",
    );
    expect(summary).toContain("2. **Scale** Deployment/web → replicas: 2 (from 1) in `admin`\n");
  });
});

describe("a plan that its cluster would not take", () => {
  it("is told so: room, quota, budget, owners; and --strict fails with it", async ({ skip }) => {
    const cluster = await sharedCluster(skip);
    const make = await inNamespace(cluster, "tight");
    await make("v1", "ResourceQuota", "compute", { hard: { "requests.cpu": "3" } });
    await make("apps/v1", "Deployment", "web", workload("web", 1, { cpu: "500m" }));
    await make("apps/v1", "Deployment", "queue", workload("queue", 3, { cpu: "10m" }));
    await make("policy/v1", "PodDisruptionBudget", "queue", {
      minAvailable: 2,
      selector: { matchLabels: { app: "queue" } },
    });
    await make("autoscaling/v2", "HorizontalPodAutoscaler", "auto", hpa("web", 1, 2));
    await make("keda.sh/v1alpha1", "ScaledObject", "queue", {
      scaleTargetRef: { name: "queue" },
      maxReplicaCount: 9,
    });
    const args = ["--namespace=tight", "--workload=Deployment:web:20", "--workload=Deployment:queue:2"];
    const ran = await run(cluster, ...args);
    expect([ran.code, ran.lines.at(-1)]).toEqual([0, "succeeded"]);
    expect(new Set(codesOf(ran))).toEqual(
      new Set([
        "high-replicas",
        "no-room",
        "over-quota",
        "hpa-owns-replicas",
        "keda-owns-replicas",
        "budget-blocks",
        "set-by-others",
      ]),
    );
    expect(ran.plan.risks.join("\n")).toMatch(
      /Deployment\/web needs room for \d+ more pods of 500m cpu, and the nodes have room for \d+: \d+ on node-1, none on 1 with a taint/,
    );
    const strict = await run(cluster, "--strict", ...args);
    expect([strict.code, strict.lines.at(-1), strict.lines[0]]).toEqual([
      1,
      "failed",
      expect.stringMatching(/^artifacts_dir=/),
    ]);
    expect(strict.told).toMatch(
      /^The plan is not proposed, since --strict takes no risk and there are 5:\n- no-room: /,
    );
    const fine = await run(
      cluster,
      "--strict",
      "--namespace=tight",
      "--workload=Deployment:queue",
      "--lim=queue:cpu=1",
    );
    expect([fine.code, fine.lines.at(-1)]).toEqual([0, "succeeded"]);
  });

  it("is tried there, and nothing of it stays", async ({ skip }) => {
    const cluster = await sharedCluster(skip);
    const make = await inNamespace(cluster, "tried");
    // A request over a limit that the plan does not know of.
    const limited = workload("web", 1, { cpu: "100m" });
    const [container] = limited.template.spec.containers;
    Object.assign(container?.resources ?? {}, { limits: { cpu: "200m" } });
    await make("apps/v1", "Deployment", "web", limited);
    const reference = { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: "tried" };
    const { metadata: before } = versionOf.parse(await cluster.admin.get(reference));
    const ran = await run(
      cluster,
      "--namespace=tried",
      "--workload=Deployment:web:2",
      "--req=web:cpu=1",
      "--hpa=min:1,max:3,cpu:50",
    );
    const refused = ran.plan.findings?.filter(({ code }) => code === "dry-run-refused");
    expect(refused).toEqual([
      expect.objectContaining({
        subject: "Deployment/web",
        message: expect.stringMatching(/must be less than or equal to cpu limit/),
      }),
    ]);
    const { metadata: after } = versionOf.parse(await cluster.admin.get(reference));
    expect([after.uid, after.generation]).toEqual([before.uid, before.generation]);
    const made = {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      name: "web",
      namespace: "tried",
    };
    await expect(cluster.admin.get(made)).rejects.toThrow(/404/);
    await make("autoscaling/v2", "HorizontalPodAutoscaler", "web", hpa("api", 1, 2));
    const taken = await run(
      cluster,
      "--namespace=tried",
      "--workload=Deployment:web:2",
      "--hpa=min:1,max:3,cpu:50",
    );
    expect(codesOf(taken)).toContain("not-possible");
    const gone = await run(cluster, "--namespace=tried", "--workload=Deployment:nowhere:2");
    expect(codesOf(gone)).toEqual(["no-such-workload"]);
    expect(gone.plan.rollbackHints).toContain("kubectl rollout undo deployment/<name> -n <namespace>");
  });

  it("is told what a user of few rights cannot check, and has what they can read", async ({ skip }) => {
    const cluster = await sharedCluster(skip);
    const make = await inNamespace(cluster, "few");
    await make("apps/v1", "Deployment", "web", workload("web", 2, {}));
    await cluster.addUser("onlooker", [
      { apiGroups: ["apps"], resources: ["deployments", "deployments/scale"], verbs: ["get"] },
    ]);
    const ran = await run(cluster, "--namespace=few", "--context=onlooker", "--workload=Deployment:web:3");
    expect([ran.code, new Set(codesOf(ran))]).toEqual([0, new Set(["not-checked", "set-by-others"])]);
    expect(ran.plan.actions).toMatchObject([{ from: 2 }]);
    expect(ran.plan.risks).toContain(
      "Quotas could not be checked. The user of the context `onlooker` may not list resourcequotas in the namespace few.",
    );
    expect(ran.plan.risks).toContain(
      "Deployment/web could not be checked. The user of the context `onlooker` may not patch deployments.apps/scale in the namespace few.",
    );
    await cluster.addUser("nobody", []);
    const blind = await run(cluster, "--namespace=few", "--context=nobody", "--workload=Deployment:web:3");
    expect(blind.plan.actions).toMatchObject([{ from: DETECT }]);
    const strict = await run(
      cluster,
      "--strict",
      "--namespace=few",
      "--context=nobody",
      "--workload=Deployment:web:3",
    );
    expect(strict.lines.at(-1)).toBe("failed");
  });

  it("says what the cluster says, whatever that is, in SUMMARY.md as text alone", async ({ skip }) => {
    const cluster = await sharedCluster(skip);
    const make = await inNamespace(cluster, "hostile");
    const nasty = "<img src=x> @octocat [x](http://x.test) \n# head `code` \u202e ```";
    const validations = [{ expression: "false", message: nasty.replace(/\n/, " ") }];
    const rules = [
      { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["deployments"] },
    ];
    const policy = { failurePolicy: "Fail", validations, matchConstraints: { resourceRules: rules } };
    await make("apps/v1", "Deployment", "web", workload("web", 1, {}));
    // A manager may be called almost anything.
    await cluster.admin.request(
      "PATCH",
      `/apis/apps/v1/namespaces/hostile/deployments/web?force=true&fieldManager=${encodeURIComponent("</b>@octocat`<i>")}`,
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" }, spec: { replicas: 2 } },
      "application/apply-patch+yaml",
    );
    const metric = { name: "a<img>`@octocat'", target: { type: "Value", value: "1" } };
    const external = { type: "External", external: { metric: { name: metric.name }, target: metric.target } };
    await make("autoscaling/v2", "HorizontalPodAutoscaler", "web", {
      ...hpa("web", 1, 3),
      metrics: [external],
    });
    await cluster.admin.apply({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: "few" },
      spec: policy,
    });
    const scope = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "hostile" } } };
    await cluster.admin.apply({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: "few" },
      spec: { policyName: "few", validationActions: ["Deny"], matchResources: scope },
    });
    await waitUntil(async () => {
      const path = "/apis/apps/v1/namespaces/hostile/deployments/web?dryRun=All";
      const change = { metadata: { labels: { tried: "yes" } } };
      const { status, body } = await cluster.admin.request(
        "PATCH",
        path,
        change,
        "application/merge-patch+json",
      );
      return status === 422
        ? { kind: "reached", state: null }
        : { kind: "not yet", seen: JSON.stringify(body) };
    });
    const cpu = ["--req=web:cpu=100m", "--hpa=min:1,max:2,cpu:50"];
    const ran = await run(cluster, "--namespace=hostile", "--workload=Deployment:web:3", ...cpu);
    const [hint] = ran.plan.rollbackHints;
    expect(hint).toContain("\\u003cimg\\u003e\\u0060\\u0040octocat");
    const outside = ran.summary.replace(/`[^`\n]*`/g, "");
    expect(outside).not.toMatch(/@octocat|<img|<i>/);
    expect(ran.summary).toContain("`</b>@octocat'<i>`");
    expect(ran.summary).toMatch(
      /fails\. The cluster .* refuses patch of Deployment\/web in the namespace hostile: `[^`\n]*<img src=x> @octocat/,
    );
    expect(ran.summary).not.toContain("\u202e");
  });

  it("fails where its cluster does not answer, and says how to do without", async () => {
    const cwd = await makeFolder();
    const [certificate, file] = [path.join(cwd, "ca.crt"), path.join(cwd, "config")];
    writeFileSync(certificate, "");
    const token = "not-the-token-of-anybody";
    writeKubeconfig(file, [
      { name: "gone`<b>", server: "https://127.0.0.1:1", certificate, token, namespace: "default" },
    ]);
    const ended = await infraScale(cwd, ["--workload=Deployment:web:3"], { KUBECONFIG: file });
    expect([ended.code, ended.lines]).toEqual([1, ["failed"]]);
    expect(ended.told).toBe(
      "The cluster of the context `gone'<b>` cannot be reached at 127.0.0.1:1 (ECONNREFUSED). Give --offline for a plan without a cluster.\n",
    );
    const named = await infraScale(cwd, ["--workload=Deployment:web:3", "--context=other"], {
      KUBECONFIG: file,
    });
    expect([named.lines, named.told]).toEqual([
      ["failed"],
      "The kubeconfig has no context `other`; it has `gone'<b>`.\n",
    ]);
    const none = await infraScale(cwd, ["--workload=Deployment:web:3", "--strict"]);
    expect([none.lines, none.told]).toEqual([
      ["failed"],
      expect.stringMatching(/^There is no cluster to ask: /),
    ]);
    const offline = await infraScale(cwd, ["--workload=Deployment:web:3", "--offline"], { KUBECONFIG: file });
    expect([offline.lines.at(-1), offline.told]).toEqual(["succeeded", ""]);
  });
});
