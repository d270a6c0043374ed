import { describe, expect, it } from "vitest";
import { z } from "zod";
import { DETECT } from "../../src/kubernetes/scale-input.ts";
import { waitUntil } from "./support/cluster-client.ts";
import {
  codesOf,
  hpa,
  inNamespace,
  run,
  sharedCluster,
  versionOf,
  workload,
} from "./support/detect-world.ts";

describe("a plan that its cluster would not take", () => {
  it("is told so: room, quota, limit range, budget, owners; and --strict fails with it", async ({ skip }) => {
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
    const limits = [{ type: "Container", maxLimitRequestRatio: { cpu: "100" } }];
    await make("v1", "LimitRange", "bounds", { limits });
    const { spec } = workload("web", 1, { cpu: "500m" }).template;
    await waitUntil(async () => {
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web" }, spec };
      const { status, body } = await cluster.admin.request(
        "POST",
        "/api/v1/namespaces/tight/pods?dryRun=All",
        pod,
      );
      const seen = JSON.stringify(body);
      return status === 403 && seen.includes("no limit is specified")
        ? { kind: "reached", state: null }
        : { kind: "not yet", seen };
    });
    const args = ["--namespace=tight", "--workload=Deployment:web:20", "--workload=Deployment:queue:2"];
    const ran = await run(cluster, ...args);
    expect([ran.code, ran.lines.at(-1)]).toEqual([0, "succeeded"]);
    expect(new Set(codesOf(ran))).toEqual(
      new Set([
        "high-replicas",
        "no-room",
        "over-quota",
        "outside-limit-range",
        "hpa-owns-replicas",
        "keda-owns-replicas",
        "budget-blocks",
        "set-by-others",
      ]),
    );
    expect(ran.plan.risks.join("\n")).toMatch(
      /Deployment\/web needs room for \d+ more pods of 500m cpu, and the nodes have room for \d+: \d+ on node-1, none on 1 with a taint/,
    );
    expect(ran.plan.risks).toContain(
      "The limit range `bounds` refuses new pods of Deployment/web: the container `main` may use more than 100 times the `cpu` that it requests.",
    );
    const strict = await run(cluster, "--strict", ...args);
    expect([strict.code, strict.lines.at(-1), strict.lines[0]]).toEqual([
      1,
      "failed",
      expect.stringMatching(/^artifacts_dir=/),
    ]);
    expect(strict.told).toMatch(
      /^The plan is not proposed, since --strict takes no risk and there are 6:\n- no-room: /,
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
    const [workloads, resources] = [
      ["--workload=Deployment:nowhere:2", "--workload=CronJob:never:suspend=true", "--workload=DaemonSet:no"],
      ["--req=nowhere:cpu=1", "--req=no:cpu=1", "--hpa=min:1,max:3,cpu:50", "--vpa=no:mode=Auto"],
    ];
    const all = await run(cluster, "--namespace=tried", ...workloads, ...resources);
    expect(all.plan.findings?.map(({ kind, code, subject }) => [kind, code, subject])).toEqual([
      ["risk", "no-such-workload", "Deployment/nowhere"],
      ["risk", "no-such-workload", "CronJob/never"],
      ["risk", "no-such-workload", "DaemonSet/no"],
    ]);
  });

  it("is told before which fields of others will not be changed, and passes --strict where all are free", async ({
    skip,
  }) => {
    const cluster = await sharedCluster(skip);
    const make = await inNamespace(cluster, "owned");
    await make("apps/v1", "Deployment", "web", workload("web", 1, { cpu: "100m" }));
    await make("autoscaling/v2", "HorizontalPodAutoscaler", "web", hpa("web", 1, 2));
    const args = ["--namespace=owned", "--strict", "--workload=Deployment:web"];
    const ran = await run(cluster, ...args, "--req=web:cpu=200m,mem=64Mi", "--lim=web:cpu=1");
    expect(ran.told).toMatch(
      /^The plan is not proposed, [^\n]* there are 1:\n- owned-by-others: Others have set of Deployment\/web what the plan changes: `\.spec\.template\.spec\.containers\[name="main"\]\.resources\.requests\.cpu` by `[\w-]+`\. /,
    );
    expect(ran.plan.findings).toMatchObject([{ code: "owned-by-others", numbers: { fields: 1 } }]);
    // The rest of the change is tried all the same.
    const bad = await run(cluster, ...args, "--req=web:cpu=200m", "--lim=web:mem=0");
    expect(codesOf(bad)).toEqual(["owned-by-others"]);
    for (const same of ["--req=web:cpu=0.1", "--req=web:mem=64Mi", "--lim=web:cpu=1"])
      expect((await run(cluster, ...args, same)).lines.at(-1)).toBe("succeeded");
    const bounds = ["--workload=Deployment:web:1", "--hpa=min:1,max:5,cpu:70"];
    const bounded = await run(cluster, "--namespace=owned", ...bounds);
    expect(bounded.plan.risks).toEqual([
      expect.stringMatching(/^Others have set of HorizontalPodAutoscaler\/web .*`\.spec\.maxReplicas` by `/),
    ]);
  });

  it("is told that a rolling update has no room to start, as the workload's own strategy has it", async ({
    skip,
  }) => {
    const cluster = await sharedCluster(skip);
    const make = await inNamespace(cluster, "rolled");
    await make("apps/v1", "Deployment", "web", workload("web", 1, { cpu: "2" }));
    const reference = { apiVersion: "apps/v1", kind: "Deployment", name: "web", namespace: "rolled" };
    await cluster.admin.waitFor(reference, z.object({ status: z.object({ readyReplicas: z.literal(1) }) }));
    const roll = async () =>
      codesOf(await run(cluster, "--namespace=rolled", "--workload=Deployment:web", "--req=web:cpu=2100m"));
    expect(await roll()).toContain("no-room-for-surge");
    for (const strategy of [{ rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }, { type: "Recreate" }]) {
      await make("apps/v1", "Deployment", "web", { ...workload("web", 1, { cpu: "2" }), strategy });
      expect(await roll()).toEqual(["owned-by-others"]);
    }
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
});
