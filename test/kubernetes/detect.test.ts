import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { infraScale, makeFolder, readArtifacts } from "../support/infra-scale-world.ts";
import {
  codesOf,
  hpa,
  inNamespace,
  run,
  sharedCluster,
  versionOf,
  workload,
} from "./support/detect-world.ts";

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
    expect(codesOf({ plan })).toEqual(["set-by-others", "owned-by-others", "owned-by-others"]);
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
    expect(ran.plan.risks.map((risk) => /^Others have set of (\S+) /.exec(risk)?.[1])).toEqual([
      "VerticalPodAutoscaler/db",
      "DaemonSet/agent",
    ]);
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
