import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { PlanAction } from "../../src/kubernetes/scale-plan.ts";
import { planOf, REPO, scaleTo, workload } from "./support/plan-world.ts";
import { sharePlanCluster } from "./support/share-plan-cluster.ts";

const open = sharePlanCluster();

const ref = (name: string, kind = "Deployment") => ({
  apiVersion: "apps/v1",
  kind,
  name,
  namespace: "default",
});
const Deployed = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string(), generation: z.int() }),
});
const replicas = (count: number) => ({ spec: { replicas: count } });
const cpuOf = (name: string, cpu: string): PlanAction => ({
  action: "update_resources",
  kind: "Deployment",
  name,
  namespace: "default",
  requests: { cpu },
});

describe("a plan that has gone stale", () => {
  test("by the generation that it was made at, is refused for good, with nothing of it applied", async ({
    skip,
  }) => {
    const { admin, world } = await open(skip);
    await admin.apply(workload("Deployment", "other", replicas(1).spec));
    await admin.apply(workload("Deployment", "stale", replicas(2).spec));
    const { uid, resourceVersion, generation } = Deployed.parse(await admin.get(ref("stale"))).metadata;
    const observed = { uid, resourceVersion, generation };
    await admin.apply(workload("Deployment", "stale", { replicas: 2, minReadySeconds: 1 }));
    await world.merge(planOf([scaleTo("other", 2), { ...scaleTo("stale", 4), observed }]));
    const { receipts, problems } = await world.run();
    expect(receipts).toMatchObject([
      {
        outcome: "stale",
        message: `The plan has gone stale: Deployment/stale has changed since the plan was made (generation 2, then 1). Make it anew.`,
        actions: [{ outcome: "not-reached" }, { outcome: "not-reached" }],
      },
    ]);
    expect(problems).toHaveLength(1);
    expect(await admin.get(ref("other"))).toMatchObject(replicas(1));
    expect(await admin.get(ref("stale"))).toMatchObject(replicas(2));
    expect(await world.run()).toEqual({ receipts: [], problems: [], lines: [] });
  });

  test("by its number of replicas, or since the object is another one", async ({ skip }) => {
    const { admin, world } = await open(skip);
    await admin.apply(workload("Deployment", "moved", replicas(3).spec));
    await world.merge(planOf([{ ...scaleTo("moved", 5), from: 2 } as PlanAction]));
    expect((await world.run()).receipts[0]?.message).toContain(
      "Deployment/moved has 3 replicas, and the plan was made when it had 2",
    );
    const observed = { uid: "another", resourceVersion: "1", generation: 1 };
    await world.merge(planOf([{ ...scaleTo("moved", 5), observed }]));
    expect((await world.run()).receipts[0]?.message).toContain("is another one than when");
    expect(await admin.get(ref("moved"))).toMatchObject(replicas(3));
  });

  test("is none where it was made of what stands there, nor where everything stands as it asks", async ({
    skip,
  }) => {
    const { admin, world } = await open(skip);
    await admin.apply(workload("Deployment", "fresh", replicas(1).spec));
    const { uid, resourceVersion, generation } = Deployed.parse(await admin.get(ref("fresh"))).metadata;
    const observed = { uid, resourceVersion, generation };
    await world.merge(planOf([{ ...scaleTo("fresh", 2), observed, from: 1 } as PlanAction]));
    expect((await world.run()).receipts).toMatchObject([{ outcome: "applied" }]);
    await world.merge(planOf([{ ...scaleTo("fresh", 2), observed, from: 1 } as PlanAction]));
    expect((await world.run()).receipts).toMatchObject([
      { outcome: "applied", actions: [{ outcome: "unchanged" }], rollbackHints: [] },
    ]);
  });
});

test("what somebody else has set is told and left, unless it is to be taken over", async ({ skip }) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "owned", replicas(1).spec));
  await world.merge(planOf([scaleTo("owned", 2), cpuOf("owned", "200m")]));
  const refused = await world.run();
  expect(refused.receipts).toEqual([]);
  expect(refused.problems).toEqual([
    expect.stringMatching(/^The plan of prod .* stays due: .*conflict.*tests.*--force-conflicts/),
  ]);
  expect(await admin.get(ref("owned"))).toMatchObject(replicas(1));
  expect(await world.readReceipt()).toBeNull();
  const { receipts } = await world.run({ onConflict: "take-over" });
  expect(receipts).toMatchObject([
    {
      outcome: "applied",
      message: "Deployment/owned: tests has set the replicas too, and may put them back.",
    },
  ]);
});

test("a later plan keeps what an earlier one has set", async ({ skip }) => {
  const { admin, world } = await open(skip);
  const bare = workload("Deployment", "kept", replicas(1).spec);
  const container = { name: "main", image: "shop:1" };
  const labels = { app: "kept" };
  await admin.apply({
    ...bare,
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  });
  await world.merge(planOf([cpuOf("kept", "200m")]));
  await world.run();
  await world.merge(planOf([{ ...cpuOf("kept", "1"), requests: { mem: "64Mi" } } as PlanAction]));
  expect((await world.run()).receipts).toMatchObject([{ outcome: "applied" }]);
  expect(await admin.get(ref("kept"))).toMatchObject({
    spec: {
      template: { spec: { containers: [{ resources: { requests: { cpu: "200m", memory: "64Mi" } } }] } },
    },
  });
});

test("who may not do it is told, and nothing is begun", async ({ skip }) => {
  const { cluster, admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "mine", replicas(1).spec));
  await cluster.addUser("onlooker", [
    { apiGroups: ["apps"], resources: ["deployments", "deployments/scale"], verbs: ["get"] },
  ]);
  await world.merge(planOf([scaleTo("mine", 2)]));
  const { receipts, problems } = await world.run({ kubeContext: "onlooker" });
  expect(receipts).toEqual([]);
  expect(problems).toEqual([
    expect.stringContaining("may not patch deployments.apps/scale in the namespace default"),
  ]);
  expect(await world.github.readRef(REPO, "pulumiscale")).toBeNull();
  expect(await admin.get(ref("mine"))).toMatchObject(replicas(1));
  expect((await world.run()).receipts).toMatchObject([{ outcome: "applied" }]);
});

test("plans of several targets are applied in the order in which they were made, each for itself", async ({
  skip,
}) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "twice", replicas(1).spec));
  const target = (plan: ReturnType<typeof planOf>, name: string) => ({
    ...plan,
    metadata: { ...plan.metadata, target: name },
  });
  const [first, gone, last] = [
    target(planOf([scaleTo("twice", 2)]), "z-first"),
    target(planOf([scaleTo("nobody", 2)]), "m-gone"),
    target(planOf([scaleTo("twice", 3)]), "a-last"),
  ];
  await world.merge(first, gone, last);
  const { receipts, problems } = await world.run();
  expect(receipts.map(({ plan, outcome }) => [plan.target, outcome])).toEqual([
    ["z-first", "applied"],
    ["a-last", "applied"],
  ]);
  expect(problems).toEqual([expect.stringMatching(/m-gone .* stays due: There is no Deployment\/nobody/)]);
  expect(await admin.get(ref("twice"))).toMatchObject(replicas(3));
  expect((await world.run({ target: "a-last" })).problems).toEqual([]);
});

test("two runs at once apply a plan once, and one receipt is the last word", async ({ skip }) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "met", replicas(1).spec));
  await world.merge(planOf([scaleTo("met", 2)]));
  const runs = await Promise.all([world.run(), world.run(), world.run()]);
  expect(runs.flatMap(({ problems }) => problems)).toEqual([]);
  const receipts = runs.flatMap((run) => run.receipts);
  expect(receipts).toMatchObject([{ outcome: "applied", actions: [{ before: { replicas: 1 } }] }]);
  expect(await world.readReceipt()).toEqual(receipts[0]);
  expect(await admin.get(ref("met"))).toMatchObject(replicas(2));
});

test("a run that is interrupted says so, and the next one goes on", async ({ skip }) => {
  const { cluster, admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "halted", replicas(1).spec));
  await cluster.holdPods();
  await world.merge(planOf([scaleTo("halted", 2)]));
  const interrupt = new AbortController();
  const running = world.run({ signal: interrupt.signal });
  await admin.waitFor(ref("halted"), z.object({ spec: z.object({ replicas: z.literal(2) }) }));
  interrupt.abort();
  expect(await running).toMatchObject({
    receipts: [],
    problems: [expect.stringMatching(/^The run was interrupted in the plan of prod .*goes on from there\.$/)],
  });
  expect((await world.readReceipt())?.outcome).toBe("applying");
  await cluster.releasePods();
  expect((await world.run()).receipts).toMatchObject([
    { outcome: "applied", actions: [{ outcome: "applied", before: { replicas: 1 } }] },
  ]);
});

test("what an unfinished receipt says is not believed where it does not count", async ({ skip }) => {
  const { cluster, admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "forged", { replicas: 2 }));
  await cluster.holdPods();
  await world.merge(planOf([scaleTo("forged", 4)]));
  const interrupt = new AbortController();
  const running = world.run({ signal: interrupt.signal });
  await admin.waitFor(ref("forged"), z.object({ spec: z.object({ replicas: z.literal(4) }) }));
  interrupt.abort();
  await running;
  const path = "ops/plans/infra-scale/prod/receipt.json";
  const text = (await world.github.readFile(REPO, path, "pulumiscale")) ?? "";
  await world.commit({ [path]: text.replace('"replicas": 2', '"replicas": 0') }, "pulumiscale");
  await admin.apply(workload("Deployment", "forged", { replicas: 3 }));
  const { receipts } = await world.run({ timeoutMs: 1000, refuseReceipts: "it is forged" });
  expect(receipts).toMatchObject([{ outcome: "rolled-back", actions: [{ before: { replicas: 3 } }] }]);
  expect(await admin.get(ref("forged"))).toMatchObject(replicas(3));
  await cluster.releasePods();
});
