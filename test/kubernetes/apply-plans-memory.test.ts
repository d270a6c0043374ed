import { expect, test } from "vitest";
import { applyPlans } from "../../src/kubernetes/apply/apply-plans.ts";
import type { PlanLedger } from "../../src/kubernetes/apply/plan-ledger.ts";
import { receiptPath } from "../../src/kubernetes/apply/plan-place.ts";
import { type PlanReceipt, parseReceipt } from "../../src/kubernetes/apply/plan-receipt.ts";
import { ClusterError } from "../../src/kubernetes/cluster/cluster-error.ts";
import { renderPlanFile } from "../../src/kubernetes/plan-file.ts";
import type { ScalePlan } from "../../src/kubernetes/scale-plan.ts";
import { type MemoryCluster, memoryCluster } from "./support/memory-cluster.ts";
import { planOf, scaleTo } from "./support/plan-world.ts";

const SECRET = "hunter2-of-the-shop";

/** Applies plans to a cluster, and answers the receipts that are written. */
async function run(
  plans: readonly ScalePlan[],
  state: MemoryCluster,
  ledgerFails = (_path: string) => false,
) {
  const receipts = new Map<string, string>();
  const ledger: PlanLedger = {
    read: async () => ({
      plans: plans.map((plan, index) => ({
        target: plan.metadata.target,
        blob: String(index).repeat(40),
        text: renderPlanFile(plan),
      })),
      receipts: new Map(receipts),
      ledgerOid: null,
    }),
    readEarlier: async () => [],
    readPlan: async () => null,
    commit: async ({ path, text }) => {
      if (ledgerFails(path)) throw new Error(`A rule of the branch\nrefuses ${SECRET}.`);
      receipts.set(path.split("/").at(-2) ?? "", text);
      return "committed";
    },
  };
  const cluster = memoryCluster(state);
  let nowMs = Date.now();
  const result = await applyPlans(
    { ledger, trust: { sign: async () => null, judge: async () => null } },
    {
      clock: () => (nowMs += 100),
      clusterOf: async () => cluster,
      kubeContext: null,
      onConflict: "refuse",
      timeoutMs: 2000,
      pollMs: 1,
      graceMs: 100,
      signal: new AbortController().signal,
      say: () => undefined,
      redact: (text) => text.replaceAll(SECRET, "***"),
    },
    { id: "a-run", url: null },
    null,
  );
  const written = (target: string): PlanReceipt | null => parseReceipt(receipts.get(target) ?? "");
  return { ...result, written };
}

const metadata = (target: string, second: number) => ({
  target,
  createdAt: new Date(Date.now() - 60_000 + second * 1000).toISOString(),
});

test("the commands that bring things back name their cluster, whatever it is called", async () => {
  const { written } = await run([planOf([scaleTo("web", 4)])], { context: "prod (eu)", replicas: 2 });
  expect(written("prod")).toMatchObject({
    outcome: "applied",
    rollbackHints: ["kubectl scale deployment/web -n default --replicas=2 --context='prod (eu)'"],
  });
});

test("a plan that cannot be receipted is a problem, and those before and after it are applied", async () => {
  const plans = ["first", "second", "third"].map((target, index) =>
    planOf([scaleTo("web", 4 + index)], { metadata: metadata(target, index) }),
  );
  const { receipts, problems } = await run(plans, { replicas: 2 }, (path) => path === receiptPath("second"));
  expect(receipts.map(({ plan, outcome }) => [plan.target, outcome])).toEqual([
    ["first", "applied"],
    ["third", "applied"],
  ]);
  expect(problems).toEqual([
    expect.stringMatching(
      /^The plan of second .* was not brought to its end: A rule of the branch refuses \*\*\*\.$/,
    ),
  ]);
});

test("a workload of which a controller speaks while its change is tried is no conflict", async () => {
  const state: MemoryCluster = {
    replicas: 2,
    changes: 0,
    answer: (verb) => {
      if (verb !== "scale" || state.changes === 3) return;
      state.changes = (state.changes ?? 0) + 1;
      throw new ClusterError("conflict", "The object has been modified.");
    },
  };
  const { problems } = await run([planOf([scaleTo("web", 4)])], state);
  expect([problems, state.replicas]).toEqual([[], 4]);
});

test("a message without an end is cut for the receipt, and no secret is in it", async () => {
  let scaled = 0;
  const state: MemoryCluster = {
    replicas: 2,
    answer: (verb) => {
      // The first is the dry run.
      if (verb === "scale" && ++scaled > 1)
        throw new ClusterError("refused", `The webhook says ${SECRET} ${"😀".repeat(5000)}.`);
    },
  };
  const { receipts, written } = await run([planOf([scaleTo("web", 4)])], state);
  const receipt = written("prod");
  expect(receipt).toMatchObject({
    outcome: "rolled-back",
    message: expect.stringMatching(/^The webhook says \*\*\* (?:😀)+…$/u),
  });
  expect(receipt?.message.length).toBeLessThanOrEqual(4000);
  expect(receipts).toEqual([receipt]);
});
