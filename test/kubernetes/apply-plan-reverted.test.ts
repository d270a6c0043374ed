import { expect, test } from "vitest";
import { z } from "zod";
import type { PlanAction } from "../../src/kubernetes/scale-plan.ts";
import type { ClusterClient } from "./support/cluster-client.ts";
import { planOf, scaleTo, workload } from "./support/plan-world.ts";
import { sharePlanCluster } from "./support/share-plan-cluster.ts";

const open = sharePlanCluster();
const namespace = "default";
const ref = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name, namespace });
const hpaRef = (name: string) => ({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  name,
  namespace,
});
const replicas = (count: number) => ({ spec: { replicas: count } });
const asked = (count: number) => z.object({ spec: z.object({ replicas: z.literal(count) }) });
const hpaOf = (name: string, min: number, max: number): PlanAction => ({
  action: "apply_hpa",
  kind: "HorizontalPodAutoscaler",
  name,
  namespace,
  hpa: { min, max, targetCPU: 65 },
});

/** Scales as a controller of autoscalers does. */
async function scaleBy(admin: ClusterClient, manager: string, name: string, count: number): Promise<void> {
  const path = `${await admin.pathOf(ref(name))}/scale?fieldManager=${manager}`;
  const { status } = await admin.request("PATCH", path, replicas(count), "application/merge-patch+json");
  expect(status).toBe(200);
}

test.for(["argocd", "kube-controller-manager"])(
  "what %s puts back while the pods get ready is not told as applied",
  async (manager, { skip }) => {
    const { cluster, admin, world } = await open(skip);
    const name = `back-${manager}`;
    await admin.apply(workload("Deployment", name, replicas(1).spec));
    await admin.waitFor(ref(name), z.object({ status: z.object({ readyReplicas: z.literal(1) }) }));
    await cluster.holdPods();
    await world.merge(planOf([scaleTo(name, 2)]));
    const running = world.run();
    await admin.waitFor(ref(name), asked(2));
    await scaleBy(admin, manager, name, 1);
    const { receipts, problems } = await running;
    await cluster.releasePods();
    expect(receipts).toMatchObject([
      {
        outcome: "rolled-back",
        message: `Deployment/${name} was put back by ${manager} after it was applied.`,
        actions: [{ outcome: "rolled-back" }],
      },
    ]);
    expect(problems).toHaveLength(1);
  },
);

test("what the plan's own autoscaler makes of the replicas is noted", async ({ skip }) => {
  const { cluster, admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "noted", replicas(1).spec));
  await admin.waitFor(ref("noted"), z.object({ status: z.object({ readyReplicas: z.literal(1) }) }));
  await cluster.holdPods();
  await world.merge(planOf([scaleTo("noted", 3), hpaOf("noted", 1, 2)]));
  const running = world.run();
  await admin.waitFor(hpaRef("noted"), z.object({ spec: z.object({ maxReplicas: z.literal(2) }) }));
  await scaleBy(admin, "kube-controller-manager", "noted", 2);
  await cluster.releasePods();
  const { receipts, problems } = await running;
  expect(problems).toEqual([]);
  expect(receipts).toMatchObject([
    { outcome: "applied", message: expect.stringContaining("its autoscaler has set 2 replicas since.") },
  ]);
});

test("a plan that fails leaves what an autoscaler has made of the replicas since, and puts its bounds back", async ({
  skip,
}) => {
  const { cluster, admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "left", replicas(1).spec));
  const target = { apiVersion: "apps/v1", kind: "Deployment", name: "left" };
  const { name, kind, apiVersion } = hpaRef("left");
  const bounds = { scaleTargetRef: target, minReplicas: 1, maxReplicas: 9 };
  await admin.apply({ apiVersion, kind, metadata: { name, namespace }, spec: bounds });
  await cluster.holdPods();
  await world.merge(planOf([scaleTo("left", 2), hpaOf("left", 1, 8)]));
  const running = world.run({ onConflict: "take-over", timeoutMs: 3000 });
  await admin.waitFor(hpaRef("left"), z.object({ spec: z.object({ maxReplicas: z.literal(8) }) }));
  await scaleBy(admin, "kube-controller-manager", "left", 5);
  const { receipts } = await running;
  await cluster.releasePods();
  expect(receipts).toMatchObject([
    {
      outcome: "failed",
      actions: [
        {
          outcome: "kept",
          message: "Deployment/left was changed by kube-controller-manager since, and stays as it is.",
        },
        { outcome: "rolled-back" },
      ],
    },
  ]);
  expect(await admin.get(ref("left"))).toMatchObject(replicas(5));
  expect(await admin.get(hpaRef("left"))).toMatchObject({ spec: { maxReplicas: 9 } });
});

test("a plan that fails takes back what the autoscaler that it made has made of the replicas", async ({
  skip,
}) => {
  const { cluster, admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "ours", replicas(1).spec));
  await cluster.holdPods();
  await world.merge(planOf([scaleTo("ours", 2), hpaOf("ours", 1, 8)]));
  const running = world.run({ timeoutMs: 3000 });
  await admin.waitFor(hpaRef("ours"), z.object({ spec: z.object({ maxReplicas: z.literal(8) }) }));
  await scaleBy(admin, "kube-controller-manager", "ours", 5);
  const { receipts } = await running;
  await cluster.releasePods();
  expect(receipts).toMatchObject([
    { outcome: "rolled-back", actions: [{ outcome: "rolled-back" }, { outcome: "rolled-back" }] },
  ]);
  expect(await admin.get(ref("ours"))).toMatchObject(replicas(1));
});

test("a run is gone on with past replicas that an autoscaler has set meanwhile", async ({ skip }) => {
  const { cluster, admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "past", replicas(1).spec));
  await admin.apply(workload("Deployment", "then", replicas(1).spec));
  await cluster.holdPods();
  await world.merge(planOf([scaleTo("past", 2), hpaOf("past", 1, 8), scaleTo("then", 2)]));
  const interrupt = new AbortController();
  const running = world.run({ signal: interrupt.signal });
  await admin.waitFor(hpaRef("past"), z.object({ spec: z.object({ maxReplicas: z.literal(8) }) }));
  interrupt.abort();
  await running;
  await scaleBy(admin, "kube-controller-manager", "past", 3);
  await cluster.releasePods();
  const { receipts, problems } = await world.run();
  expect(problems).toEqual([]);
  expect(receipts).toMatchObject([
    {
      outcome: "applied",
      message: expect.stringContaining(
        "Deployment/past: its autoscaler has set the replicas since, and they stay.",
      ),
      actions: [{ outcome: "left-to-autoscaler" }, { outcome: "applied" }, { outcome: "applied" }],
    },
  ]);
  expect(await admin.get(ref("past"))).toMatchObject(replicas(3));
  expect(await admin.get(ref("then"))).toMatchObject(replicas(2));
});
