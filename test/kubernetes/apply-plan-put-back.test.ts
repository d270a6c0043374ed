import { expect, test } from "vitest";
import { z } from "zod";
import { planPath, receiptPath } from "../../src/kubernetes/apply/plan-place.ts";
import { parseReceipt } from "../../src/kubernetes/apply/plan-receipt.ts";
import { planOf, REPO, scaleTo, workload } from "./support/plan-world.ts";
import { sharePlanCluster } from "./support/share-plan-cluster.ts";
import { writeKubeconfig } from "./support/write-kubeconfig.ts";

const open = sharePlanCluster();
type World = Awaited<ReturnType<typeof open>>;

const HOUR_MS = 60 * 60_000;
const PATH = receiptPath("prod");
const ref = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name, namespace: "default" });
const replicas = (count: number) => ({ spec: { replicas: count } });
const asked = (count: number) => z.object({ spec: z.object({ replicas: z.literal(count) }) });

/** Has a run end in the midst of scaling a workload from 1 to 2, and answers the receipt that it leaves. */
async function leave({ cluster, admin, world }: World, name: string): Promise<string> {
  await admin.apply(workload("Deployment", name, replicas(1).spec));
  await cluster.holdPods();
  await world.merge(planOf([scaleTo(name, 2)]));
  const interrupt = new AbortController();
  const running = world.run({ signal: interrupt.signal });
  await admin.waitFor(ref(name), asked(2));
  interrupt.abort();
  await running;
  await cluster.releasePods();
  return (await world.github.readFile(REPO, PATH, "pulumiscale")) ?? "";
}

test("what a run has left is ended after a day, with nothing written, and told", async ({ skip }) => {
  const opened = await open(skip);
  const { admin, world } = opened;
  await leave(opened, "late");
  const { receipts, problems } = await world.run({ laterMs: 25 * HOUR_MS });
  expect(receipts).toMatchObject([
    {
      outcome: "failed",
      finishedAt: expect.any(String),
      message: expect.stringMatching(
        /^The run that began at \S+ had not ended, and is not gone on with after 24 hours\. Applied: Deployment\/late \(scale_workload\)\.$/,
      ),
      actions: [{ outcome: "applied", before: { replicas: 1 }, after: { replicas: 2 } }],
      rollbackHints: ["kubectl scale deployment/late -n default --replicas=1 --context=admin"],
    },
  ]);
  expect(problems).toEqual([expect.stringContaining("ended as failed")]);
  expect(await admin.get(ref("late"))).toMatchObject(replicas(2));
  expect(await world.readReceipt()).toEqual(receipts[0]);
  expect(await world.run()).toEqual({ receipts: [], problems: [], lines: [] });
});

test("what a run has left of a plan that was removed is ended too", async ({ skip }) => {
  const opened = await open(skip);
  const { admin, world } = opened;
  await leave(opened, "removed");
  await world.commit({ [planPath("prod")]: null });
  const { receipts, problems } = await world.run();
  expect(receipts).toMatchObject([
    {
      outcome: "failed",
      message: expect.stringContaining(
        "had not ended when its plan was removed. Applied: Deployment/removed (scale_workload).",
      ),
    },
  ]);
  expect(problems).toHaveLength(1);
  expect(await admin.get(ref("removed"))).toMatchObject(replicas(2));
  expect(await world.run()).toEqual({ receipts: [], problems: [], lines: [] });
});

test("what a run has left of a workload that is gone is ended too", async ({ skip }) => {
  const opened = await open(skip);
  const { admin, world } = opened;
  await leave(opened, "gone");
  await admin.remove(ref("gone"));
  const { receipts } = await world.run({ laterMs: 25 * HOUR_MS });
  expect(receipts).toMatchObject([
    { outcome: "failed", actions: [{ outcome: "kept", message: "Whether it was applied is not known." }] },
  ]);
});

test.for<[string, Record<string, null>]>([
  ["was removed", { [planPath("prod")]: null }],
  ["is merged still", {}],
])(
  "what a run has left whose plan %s is ended after a day where its cluster is gone",
  async (given, { skip }) => {
    const [, files] = given;
    const opened = await open(skip);
    const { cluster, world } = opened;
    const left = await leave(opened, "lost");
    if (Object.keys(files).length > 0) await world.commit(files);
    const kubeconfig = `${cluster.kubeconfig}.gone`;
    const contexts = cluster.contexts().map((context) => ({ ...context, server: "https://127.0.0.1:1" }));
    writeKubeconfig(kubeconfig, contexts);
    const early = await world.run({ kubeconfig, laterMs: 23 * HOUR_MS });
    expect(early).toMatchObject({ receipts: [], problems: [expect.stringContaining("stays due")] });
    expect(await world.github.readFile(REPO, PATH, "pulumiscale")).toBe(left);
    const { receipts } = await world.run({ kubeconfig, laterMs: 25 * HOUR_MS });
    expect(receipts).toMatchObject([
      {
        outcome: "failed",
        message: expect.stringMatching(
          /^The run that began .* The cluster of the context .* Not as it was left, or not known: Deployment\/lost \(scale_workload\)\.$/,
        ),
        actions: [{ outcome: "kept", message: "Whether it was applied is not known." }],
      },
    ]);
    expect(await world.readReceipt()).toEqual(receipts[0]);
    expect(await world.run({ kubeconfig })).toEqual({ receipts: [], problems: [], lines: [] });
  },
);

test("an unfinished receipt that is put back after the plan has ended is not gone on with", async ({
  skip,
}) => {
  const opened = await open(skip);
  const { admin, world } = opened;
  const left = await leave(opened, "again");
  expect((await world.run()).receipts).toMatchObject([{ outcome: "applied" }]);
  await admin.apply(workload("Deployment", "again", replicas(1).spec));
  await world.commit({ [PATH]: left }, "pulumiscale");
  const { receipts } = await world.run();
  expect(receipts).toMatchObject([
    {
      outcome: "stale",
      message: expect.stringMatching(
        /had not ended by its receipt, but the plan ended as applied at \S+: an old receipt was put back\. Not applied: Deployment\/again \(scale_workload\)\.$/,
      ),
      actions: [{ outcome: "not-reached" }],
    },
  ]);
  expect(await admin.get(ref("again"))).toMatchObject(replicas(1));
  expect(await world.run()).toEqual({ receipts: [], problems: [], lines: [] });
});

test("what somebody else has changed since a run has left it ends the run, with nothing written", async ({
  skip,
}) => {
  const opened = await open(skip);
  const { admin, world } = opened;
  await admin.apply(workload("Deployment", "next", replicas(1).spec));
  await admin.apply(workload("Deployment", "moved", replicas(1).spec));
  await opened.cluster.holdPods();
  await world.merge(planOf([scaleTo("moved", 2), scaleTo("next", 2)]));
  const interrupt = new AbortController();
  const running = world.run({ signal: interrupt.signal });
  await admin.waitFor(ref("moved"), asked(2));
  interrupt.abort();
  await running;
  await opened.cluster.releasePods();
  await admin.apply(workload("Deployment", "moved", replicas(5).spec));
  const { receipts } = await world.run();
  expect(receipts).toMatchObject([
    {
      outcome: "failed",
      message: expect.stringContaining("since somebody else has changed Deployment/moved meanwhile"),
      actions: [{ outcome: "kept" }, { outcome: "not-reached" }],
    },
  ]);
  expect(await admin.get(ref("moved"))).toMatchObject(replicas(5));
  expect(await admin.get(ref("next"))).toMatchObject(replicas(1));
});

test("what a run has left of a plan is ended and told where a newer one was merged", async ({ skip }) => {
  const opened = await open(skip);
  const { cluster, admin, world } = opened;
  await admin.apply(workload("Deployment", "half", replicas(1).spec));
  await admin.apply(workload("Deployment", "rest", replicas(1).spec));
  const { metadata } = z
    .object({ metadata: z.object({ uid: z.string(), resourceVersion: z.string(), generation: z.int() }) })
    .parse(await admin.get(ref("half")));
  const observed = { ...metadata };
  await cluster.holdPods();
  const former = planOf([scaleTo("half", 2), scaleTo("rest", 2)]);
  await world.merge(former);
  const interrupt = new AbortController();
  const running = world.run({ signal: interrupt.signal });
  await admin.waitFor(ref("half"), asked(2));
  interrupt.abort();
  await running;
  await cluster.releasePods();
  await world.merge(planOf([{ ...scaleTo("half", 3), observed }]));
  const { receipts, problems } = await world.run();
  expect(receipts).toMatchObject([
    {
      plan: { createdAt: former.metadata.createdAt },
      outcome: "failed",
      finishedAt: expect.any(String),
      message: expect.stringMatching(
        /^The run that began at \S+ had not ended when a newer plan was merged\. Applied: Deployment\/half \(scale_workload\)\. Not applied: Deployment\/rest \(scale_workload\)\.$/,
      ),
      actions: [{ outcome: "applied" }, { outcome: "not-reached" }],
    },
    // It was made for what stood there before.
    { outcome: "stale", message: expect.stringContaining("Deployment/half has changed since") },
  ]);
  expect(problems).toHaveLength(2);
  const [, ended] = await world.ledger.readEarlier("prod");
  expect(parseReceipt(ended ?? "")).toEqual(receipts[0]);
  expect(await world.readReceipt()).toEqual(receipts[1]);
  expect(await admin.get(ref("half"))).toMatchObject(replicas(2));
  expect(await admin.get(ref("rest"))).toMatchObject(replicas(1));
});

test("a plan whose receipt is removed, or that is merged again after another one, is not applied again", async ({
  skip,
}) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "once", replicas(1).spec));
  const plan = planOf([scaleTo("once", 2)]);
  await world.merge(plan);
  expect((await world.run()).receipts).toMatchObject([{ outcome: "applied" }]);
  await admin.apply(workload("Deployment", "once", replicas(1).spec));
  const once = {
    outcome: "stale",
    message: expect.stringMatching(
      /^The plan has gone stale: it ended as applied at \S+, and is applied once\. Make it anew\.$/,
    ),
  };
  await world.commit({ [PATH]: null }, "pulumiscale");
  expect(await world.readReceipt()).toBeNull();
  expect((await world.run()).receipts).toMatchObject([once]);
  await world.merge(planOf([scaleTo("once", 3)]));
  expect((await world.run()).receipts).toMatchObject([{ outcome: "applied" }]);
  await world.merge(plan);
  expect((await world.run()).receipts).toMatchObject([
    { outcome: "stale", message: expect.stringContaining("and is applied once") },
  ]);
  expect(await admin.get(ref("once"))).toMatchObject(replicas(3));
  expect(await world.run()).toEqual({ receipts: [], problems: [], lines: [] });
});

test("a plan that was made without a cluster is not begun after a week", async ({ skip }) => {
  const { admin, world } = await open(skip);
  await admin.apply(workload("Deployment", "old", replicas(1).spec));
  await world.merge(planOf([scaleTo("old", 2)]));
  const { receipts } = await world.run({ laterMs: 8 * 24 * HOUR_MS });
  expect(receipts).toMatchObject([
    {
      outcome: "stale",
      message: expect.stringMatching(/it was made at \S+, over 7 days ago, .* Make it anew\.$/),
      actions: [{ outcome: "not-reached" }],
    },
  ]);
  expect(await admin.get(ref("old"))).toMatchObject(replicas(1));
  expect(await world.run()).toEqual({ receipts: [], problems: [], lines: [] });
});
