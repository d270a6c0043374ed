import { expect, test } from "vitest";
import { z } from "zod";
import type { PlanAction } from "../../src/kubernetes/scale-plan.ts";
import type { Cluster } from "./support/open-cluster.ts";
import { planOf, scaleTo, workload } from "./support/plan-world.ts";
import { sharePlanCluster } from "./support/share-plan-cluster.ts";

const open = sharePlanCluster();

const namespace = "default";
const apps = (kind: string, name: string) => ({ apiVersion: "apps/v1", kind, name, namespace });
const cpuOf = (kind: string, name: string, cpu: string): PlanAction => ({
  action: "update_resources",
  kind,
  name,
  namespace,
  requests: { cpu },
});
const podCpu = (cpu: string) => ({
  spec: { template: { spec: { containers: [{ resources: { requests: { cpu } } }] } } },
});

test("a StatefulSet, a ReplicaSet and a DaemonSet are changed, and waited for", async ({ skip }) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("StatefulSet", "db", { replicas: 1, serviceName: "db" }));
  await admin.apply(workload("ReplicaSet", "bare", { replicas: 1 }));
  await admin.apply(workload("DaemonSet", "agent", {}));
  await world.merge(
    planOf([
      scaleTo("db", 3, "StatefulSet"),
      cpuOf("StatefulSet", "db", "150m"),
      scaleTo("bare", 2, "ReplicaSet"),
      cpuOf("DaemonSet", "agent", "50m"),
    ]),
  );
  const { receipts, problems } = await world.run({ onConflict: "take-over" });
  expect(problems).toEqual([]);
  expect(receipts).toMatchObject([{ outcome: "applied" }]);
  expect(await admin.get(apps("StatefulSet", "db"))).toMatchObject({
    ...podCpu("150m"),
    status: { readyReplicas: 3, updatedReplicas: 3 },
  });
  expect(await admin.get(apps("ReplicaSet", "bare"))).toMatchObject({ status: { readyReplicas: 2 } });
  expect(await admin.get(apps("DaemonSet", "agent"))).toMatchObject({
    ...podCpu("50m"),
    status: { numberAvailable: 1, updatedNumberScheduled: 1 },
  });
});

test("a CronJob is suspended, with its parallelism and what it requests", async ({ skip }) => {
  const { admin, world } = await open(skip);
  const cron = { apiVersion: "batch/v1", kind: "CronJob", name: "report", namespace };
  const container = { name: "main", image: "shop:1" };
  await admin.apply({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "report", namespace },
    spec: {
      schedule: "0 0 1 1 *",
      jobTemplate: { spec: { template: { spec: { restartPolicy: "Never", containers: [container] } } } },
    },
  });
  await world.merge(
    planOf([
      {
        action: "update_cronjob",
        ...{ kind: "CronJob", name: "report", namespace },
        suspend: true,
        parallelism: 2,
        reason: "requested_scale",
      },
      cpuOf("CronJob", "report", "250m"),
    ]),
  );
  const { receipts, problems } = await world.run();
  expect(problems).toEqual([]);
  expect(receipts[0]?.rollbackHints).toEqual([
    `kubectl patch cronjob/report -n default -p '{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"main","resources":{"requests":{"cpu":null}}}]}}}}}}' --context=admin`,
    `kubectl patch cronjob/report -n default --type=merge -p '{"spec":{"suspend":false,"jobTemplate":{"spec":{"parallelism":null}}}}' --context=admin`,
  ]);
  expect(await admin.get(cron)).toMatchObject({
    spec: {
      suspend: true,
      jobTemplate: {
        spec: {
          parallelism: 2,
          template: { spec: { containers: [{ image: "shop:1", resources: { requests: { cpu: "250m" } } }] } },
        },
      },
    },
  });
});

const hpaOf = (name: string, min: number, max: number): PlanAction => ({
  action: "apply_hpa",
  kind: "HorizontalPodAutoscaler",
  name,
  namespace,
  hpa: { min, max, targetCPU: 65 },
});
const hpaRef = (name: string) => ({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  name,
  namespace,
});

test("an autoscaler is made, and caps what the plan scales to", async ({ skip }) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "capped", { replicas: 1 }));
  await world.merge(planOf([scaleTo("capped", 6), hpaOf("capped", 2, 4)]));
  const { receipts, problems } = await world.run();
  expect(problems).toEqual([]);
  expect(receipts[0]?.rollbackHints[0]).toBe("kubectl delete hpa/capped -n default --context=admin");
  expect(await admin.get(hpaRef("capped"))).toMatchObject({
    spec: {
      minReplicas: 2,
      maxReplicas: 4,
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "capped" },
      metrics: [{ resource: { name: "cpu", target: { averageUtilization: 65 } } }],
    },
  });
});

test("an autoscaler keeps its other metrics, and gets its old bounds back where the plan fails", async ({
  skip,
}) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "busy", { replicas: 2 }));
  const memory = {
    type: "Resource",
    resource: { name: "memory", target: { type: "Utilization", averageUtilization: 80 } },
  };
  const spec = {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "busy" },
    minReplicas: 1,
    maxReplicas: 90,
    metrics: [memory],
  };
  await admin.apply({
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "busy", namespace },
    spec,
  });
  await world.merge(planOf([hpaOf("busy", 2, 80), scaleTo("busy", 70)]));
  const { receipts } = await world.run({ onConflict: "take-over", timeoutMs: 3000 });
  expect(receipts).toMatchObject([
    {
      outcome: "rolled-back",
      actions: [{ after: { metrics: [memory, { resource: { name: "cpu" } }] } }, { outcome: "rolled-back" }],
    },
  ]);
  expect(await admin.get(hpaRef("busy"))).toMatchObject({ spec });
  expect(await admin.get(apps("Deployment", "busy"))).toMatchObject({ spec: { replicas: 2 } });
});

const Established = z.object({
  status: z.object({
    conditions: z
      .array(z.object({ type: z.string(), status: z.string() }))
      .refine((all) => all.some(({ type, status }) => type === "Established" && status === "True")),
  }),
});

async function define(cluster: Cluster, group: string, kind: string, subresources: object): Promise<void> {
  const plural = `${kind.toLowerCase()}s`;
  const name = `${plural}.${group}`;
  const schema = {
    openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  };
  const metadata = {
    name,
    annotations: { "api-approved.kubernetes.io": "unapproved, a test" },
  };
  await cluster.admin.apply({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata,
    spec: {
      group,
      scope: "Namespaced",
      names: { plural, kind, singular: kind.toLowerCase() },
      versions: [{ name: "v1", served: true, storage: true, schema, subresources }],
    },
  });
  const crd = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name };
  await cluster.admin.waitFor(crd, Established);
}

test("a custom resource is scaled through its scale subresource", async ({ skip }) => {
  const { cluster, admin, world } = await open(skip);
  const scale = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
  await define(cluster, "argoproj.example", "Rollout", { status: {}, scale });
  const rollout = { apiVersion: "argoproj.example/v1", kind: "Rollout", name: "shop", namespace };
  const manifest = (spec: object) => ({ ...rollout, metadata: { name: "shop", namespace }, spec });
  await admin.apply(manifest({ replicas: 1 }));
  const { name: _, ...action } = { ...scaleTo("shop", 3, "Rollout"), apiGroup: "argoproj.example" };
  await world.merge(planOf([{ ...action, name: "shop" } as PlanAction]));
  const running = world.run();
  await admin.waitFor(rollout, z.object({ spec: z.object({ replicas: z.literal(3) }) }));
  const path = `${await admin.pathOf(rollout)}/status`;
  await admin.request("PATCH", path, { status: { replicas: 3 } }, "application/merge-patch+json");
  const { receipts, problems } = await running;
  expect(problems).toEqual([]);
  expect(receipts).toMatchObject([
    {
      outcome: "applied",
      rollbackHints: ["kubectl scale rollout.argoproj.example/shop -n default --replicas=1 --context=admin"],
    },
  ]);
});

test("a VerticalPodAutoscaler is made and changed, where the cluster knows the kind", async ({ skip }) => {
  const { cluster, admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "tall", { replicas: 1 }));
  const vpa = (max: string): PlanAction => ({
    action: "apply_vpa",
    kind: "VerticalPodAutoscaler",
    name: "tall",
    namespace,
    targetKind: "Deployment",
    vpa: { mode: "Initial", max: { mem: max } },
  });
  await world.merge(planOf([vpa("4Gi")]));
  expect((await world.run()).problems).toEqual([
    expect.stringContaining("has no kind VerticalPodAutoscaler of autoscaling.k8s.io"),
  ]);
  await define(cluster, "autoscaling.k8s.io", "VerticalPodAutoscaler", {});
  expect((await world.run()).receipts).toMatchObject([
    {
      outcome: "applied",
      rollbackHints: [
        "kubectl delete verticalpodautoscaler.autoscaling.k8s.io/tall -n default --context=admin",
      ],
    },
  ]);
  const ref = { apiVersion: "autoscaling.k8s.io/v1", kind: "VerticalPodAutoscaler", name: "tall", namespace };
  const sidecar = { containerName: "sidecar", mode: "Off" };
  const ofAll = { containerName: "*", controlledResources: ["memory"] };
  const merge = "application/merge-patch+json";
  const spec = {
    updatePolicy: { minReplicas: 3 },
    resourcePolicy: {
      containerPolicies: [{ ...ofAll, minAllowed: { cpu: "1" }, maxAllowed: { cpu: "2" } }, sidecar],
    },
  };
  await admin.request("PATCH", await admin.pathOf(ref), { spec }, merge);
  await world.merge(planOf([vpa("2Gi")]));
  expect((await world.run({ onConflict: "take-over" })).receipts).toMatchObject([{ outcome: "applied" }]);
  expect(await admin.get(ref)).toMatchObject({
    spec: {
      targetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "tall" },
      updatePolicy: { updateMode: "Initial", minReplicas: 3 },
      resourcePolicy: {
        containerPolicies: [
          { ...ofAll, minAllowed: { cpu: "1" }, maxAllowed: { cpu: "2", memory: "2Gi" } },
          sidecar,
        ],
      },
    },
  });
});
