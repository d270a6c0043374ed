import { readFileSync, writeFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { StackFile } from "../../src/domain/snapshot.ts";
import { buildPlan } from "../../src/kubernetes/build-plan.ts";
import { clusterCostRows } from "../../src/kubernetes/cluster-cost-rows.ts";
import { judgePlanFiles } from "../../src/kubernetes/judge-plan-pull.ts";
import { parsePrices, pricesJsonSchema } from "../../src/kubernetes/parse-prices.ts";
import { parsePlanArguments } from "../../src/kubernetes/plan-arguments.ts";
import { costOf, costRowsOf, type PricedPods } from "../../src/kubernetes/plan-cost.ts";
import { renderPlanFile } from "../../src/kubernetes/plan-file.ts";
import { renderSummary } from "../../src/kubernetes/render-summary.ts";
import type { ScalePlan } from "../../src/kubernetes/scale-plan.ts";
import { agentPod, deployment, factsOf } from "./support/cluster-facts.ts";

const PRICES = { currency: "EUR", cpuHour: "0.04", memoryGiBHour: "0.005" };
const SCHEMA = new URL("../../src/kubernetes/prices.schema.json", import.meta.url);
const pods = (replicas: number, cpu: string, mem: string): PricedPods => ({ replicas, cpu, mem });

function planOf(...args: string[]): ScalePlan {
  const request = parsePlanArguments(args);
  if (request.kind !== "plan") throw new Error("That is no plan.");
  return buildPlan(request.input, { createdAtMs: Date.UTC(2025, 0, 15), kubeContext: null });
}

/** The plan as a run with a price table writes it. */
function pricedPlan(...args: string[]): ScalePlan {
  const plan = planOf(...args);
  return { ...plan, cost: costOf(costRowsOf(plan.actions), PRICES) };
}

describe("what pods cost in a month", () => {
  it.each([
    ["cores and memory", pods(1, "1", "1Gi"), "0.04", "0.005", "32.85"],
    ["times replicas", pods(6, "1", "1Gi"), "0.04", "0.005", "197.10"],
    ["parts of a core, and MiB", pods(3, "250m", "512Mi"), "0.04", "0.005", "27.38"],
    ["bytes of a power of ten", pods(1, "0", "1e9"), "0", "1", "679.87"],
    ["a tenth and two tenths, exactly", pods(1, "100m", "0"), "0.3", "0", "21.90"],
    ["half a hundredth is one", pods(1, "1m", "0"), "0.5", "0", "0.37"],
    ["less than that is nothing", pods(1, "1m", "0"), "0.499999999", "0", "0.36"],
    ["nothing runs", pods(0, "64", "1Ti"), "9", "9", "0.00"],
    ["nothing costs", pods(100, "64", "1Ti"), "0", "0", "0.00"],
    [
      "more than a float holds",
      pods(2_147_483_647, "1000000", "0"),
      "123456.789",
      "0",
      "193538647906699522590000.00",
    ],
  ])("%s", (_, after, cpuHour, memoryGiBHour, month) => {
    const row = { kind: "Deployment", name: "web", before: null, after };
    const cost = costOf([row], { currency: "EUR", cpuHour, memoryGiBHour });
    expect(cost.workloads[0]?.after).toEqual({ ...after, month });
    expect(cost.month).toEqual({ before: null, after: month, difference: null });
  });

  it("is summed before it is rounded, and the difference is of what is not rounded", () => {
    const row = (name: string, before: PricedPods, after: PricedPods) => ({
      kind: "Deployment",
      name,
      before,
      after,
    });
    const [none, half] = [pods(1, "0", "0"), pods(1, "1m", "0")];
    const prices = { currency: "EUR", cpuHour: "0.006", memoryGiBHour: "0" };
    const cost = costOf([row("one", none, half), row("two", none, half)], prices);
    expect(cost.workloads.map(({ month }) => month)).toEqual(["0.00", "0.00"]);
    expect(cost.month).toEqual({ before: "0.00", after: "0.01", difference: "0.01" });
    expect(costOf([row("one", half, none), row("two", half, none)], prices).month.difference).toBe("-0.01");
  });

  it("of all is not known where that of one is not", () => {
    const known = { kind: "Deployment", name: "web", before: pods(1, "1", "0"), after: pods(2, "1", "0") };
    const unknown = { kind: "Deployment", name: "api", before: null, after: pods(1, "1", "0") };
    const { workloads, month } = costOf([known, unknown], PRICES);
    expect(workloads.map((row) => row.month)).toEqual(["29.20", null]);
    expect(month).toEqual({ before: null, after: "87.60", difference: null });
  });
});

describe("the pods that a plan's actions tell of", () => {
  it("are known where replicas and requests are asked for, and before only by a cluster", () => {
    const [scale, resize] = planOf("--workload=Deployment:web:6", "--req=web:cpu=500m,mem=1Gi").actions;
    if (scale?.action !== "scale_workload" || resize?.action !== "update_resources") throw new Error("other");
    const row = { kind: "Deployment", name: "web", after: pods(6, "500m", "1Gi") };
    expect(costRowsOf([scale, resize])).toEqual([{ ...row, before: null }]);
    const containers = [
      { name: "app", requests: { cpu: "250m", mem: "512Mi" } },
      { name: "proxy", requests: { cpu: "100m" } },
    ];
    const filled = [
      { ...scale, from: 4 },
      { ...resize, previous: { containers } },
    ];
    expect(costRowsOf(filled)).toEqual([
      // All containers get what is asked for.
      { ...row, before: pods(4, "350m", "512Mi"), after: pods(6, "1", "2Gi") },
    ]);
  });

  it.each([
    ["only one of the two is requested", ["--workload=Deployment:web:6", "--req=web:cpu=500m"]],
    ["nothing is requested", ["--workload=Deployment:web:6"]],
    ["nobody says how many there are", ["--workload=DaemonSet:web", "--req=web:cpu=500m,mem=1Gi"]],
  ])("are not known where %s", (_, args) => {
    expect(costRowsOf(planOf(...args).actions)).toEqual([
      { kind: expect.any(String), name: "web", before: null, after: null },
    ]);
  });

  it("are as many as an autoscaler lets be", () => {
    const podsAfter = (...more: string[]) =>
      costRowsOf(planOf("--workload=Deployment:web:16", "--req=web:cpu=1,mem=1Gi", ...more).actions)[0]
        ?.after;
    expect(podsAfter()).toEqual(pods(16, "1", "1Gi"));
    expect(podsAfter("--hpa=min:4,max:12,cpu:65")).toEqual(pods(12, "1", "1Gi"));
    expect(podsAfter("--hpa=min:20,max:30,cpu:65")).toEqual(pods(20, "1", "1Gi"));
    expect(podsAfter("--hpa=min:4,max:12,cpu:65", "--autoscaling=none")).toEqual(pods(16, "1", "1Gi"));
  });

  it("are those that a cluster tells of, with what its containers request by themselves", () => {
    const args = ["--workload=Deployment:web:6", "--workload=DaemonSet:agent", "--lim=agent:cpu=1"];
    const request = parsePlanArguments(args);
    if (request.kind !== "plan") throw new Error("That is no plan.");
    const { workloads, autoscaling } = request.input;
    const agent = { ...deployment("agent", undefined, { requests: { cpu: "100m" } }), replicas: null };
    const facts = factsOf({
      workloads: new Map([
        ["web", deployment("web", 4, { requests: { cpu: "250m", memory: "1Gi" } })],
        ["agent", agent],
      ]),
      pods: [agentPod("agent", "one", {}), agentPod("agent", "two", {})],
    });
    const rows = clusterCostRows(workloads, autoscaling, facts, "plan's own");
    const web = {
      kind: "Deployment",
      name: "web",
      before: pods(4, "250m", "1Gi"),
      after: pods(6, "250m", "1Gi"),
    };
    const ofAgent = {
      kind: "DaemonSet",
      name: "agent",
      before: pods(2, "100m", "0"),
      after: pods(2, "100m", "0"),
    };
    expect(rows).toEqual([web, ofAgent]);
    expect(costRowsOf(planOf(...args).actions, rows)).toEqual([web, ofAgent]);
    expect(clusterCostRows(workloads, autoscaling, facts, "another")[0]?.kubeContext).toBe(facts.context);
    // Somebody has scaled it between two looks.
    const moved = planOf(...args).actions.map((action) =>
      action.action === "scale_workload" ? { ...action, from: 5 } : action,
    );
    expect(costRowsOf(moved, rows)[0]?.before).toEqual(pods(5, "250m", "1Gi"));
  });

  it("of a CronJob come and go, and are not counted", () => {
    expect(
      costRowsOf(planOf("--workload=CronJob:report:suspend=true", "--req=report:cpu=1").actions),
    ).toEqual([]);
  });
});

describe("a plan with prices", () => {
  const args = ["--workload=Deployment:web:6", "--req=web:cpu=500m,mem=1Gi", "--workload=Deployment:api:2"];

  it("shows its cost by the month", () => {
    expect(renderSummary(pricedPlan(...args))).toContain(`## Cost

| EUR a month | before | after | difference |
|---|---:|---:|---:|
| Deployment/web | unknown | 109.50 | unknown |
| Deployment/api | unknown | unknown | unknown |
| **All** | **unknown** | **unknown** | **unknown** |

Requests × replicas × 730 hours, at 0.04 EUR for a CPU hour and 0.005 EUR for a GiB hour of memory.

## Rollback Hints
`);
  });

  it("shows what it saves", () => {
    const plan = planOf(...args);
    const row = { kind: "Deployment", name: "web", before: pods(4, "1", "0"), after: pods(1, "1", "0") };
    const summary = renderSummary({ ...plan, cost: costOf([row], PRICES) });
    expect(summary).toContain("| **All** | **116.80** | **29.20** | **−87.60** |");
    const grown = costOf([{ ...row, before: row.after, after: row.before }], PRICES);
    expect(renderSummary({ ...plan, cost: grown })).toContain("| **+87.60** |");
  });

  it("tells of which pods only their cluster knows what they request", () => {
    const plan = planOf(...args);
    const told = costOf(
      costRowsOf(plan.actions).map((row) =>
        row.name === "api" ? { ...row, before: pods(1, "1", "0"), after: pods(2, "1", "0") } : row,
      ),
      PRICES,
    );
    const summary = renderSummary({ ...plan, cost: told });
    expect(summary).toContain("| Deployment/web | unknown | 109.50 |");
    expect(summary).toContain("| Deployment/api † | 29.20 | 58.40 |");
    expect(summary).toContain(
      "\n† How many these pods are, or what they request, is in part what their cluster has told",
    );
    expect(renderSummary(pricedPlan(...args))).not.toContain("†");
  });
});

describe("the cost that a plan names", () => {
  const plan = pricedPlan(
    "--workload=Deployment:web:6",
    "--req=web:cpu=500m,mem=1Gi",
    "--workload=Deployment:api:2",
  );
  const [web, api] = costRowsOf(plan.actions);
  if (web?.after == null || api === undefined || plan.cost === undefined)
    throw new Error("There is no cost.");
  const paths = { target: "prod", plan: "plan.yaml", summary: "SUMMARY.md", prices: "prices.yaml" };
  const text = (of: string) => ({ kind: "text", text: of }) as const;
  const table = (cpuHour = "0.04", currency = "EUR") =>
    text(`currency: ${currency}\ncpuHour: ${cpuHour}\nmemoryGiBHour: 0.005\n`);
  const judge = (judged: ScalePlan, prices: StackFile = table()) =>
    judgePlanFiles(paths, {
      ...{ plan: text(renderPlanFile(judged)), summary: text(renderSummary(judged)) },
      prices,
    });
  const unfit = (why: string) => ({ kind: "unfit", message: expect.stringContaining(`plan.yaml ${why}`) });
  const WRONG = unfit("names a cost that is not what its own numbers come to");

  it("counts where it is what the actions come to by the prices of the base branch", () => {
    expect(judge(plan)).toMatchObject({ kind: "plan", target: "prod" });
    expect(judge({ ...plan, cost: undefined }, { kind: "missing" })).toMatchObject({ kind: "plan" });
  });

  it.each([
    [
      "cheaper",
      { ...PRICES, cpuHour: "0.0004" },
      "counts its cost by 0.0004 and 0.005 EUR an hour, and ops/",
    ],
    ["of another currency", { ...PRICES, currency: "JPY" }, "counts its cost by 0.04 and 0.005 JPY an hour"],
  ])("by prices that are %s does not", (_, prices, why) => {
    expect(judge({ ...plan, cost: costOf([web, api], prices) })).toEqual(unfit(why));
  });

  it.each([
    ["no prices", { kind: "missing" } as const, "there is no ops/infra-scale/prices.yaml"],
    [
      "a link for prices",
      { kind: "unreadable", message: "it is no plain file" } as const,
      "(it is no plain file)",
    ],
    ["prices that are none", text("currency: EUR\n"), "cannot be used (cpuHour"],
  ])("counts not where the base branch has %s", (_, prices, why) => {
    const judged = judge(plan, prices);
    expect(judged).toEqual(unfit("names a cost that nothing on the base branch bears out: "));
    expect(judged).toEqual({ kind: "unfit", message: expect.stringContaining(why) });
  });

  const { cost } = plan;
  it.each([
    ["another sum", { ...cost, month: { ...cost.month, after: "1.00" } }],
    ["a workload less", costOf([web], PRICES)],
    ["fewer pods", costOf([{ ...web, after: pods(1, "500m", "1Gi") }, api], PRICES)],
    ["smaller pods", costOf([{ ...web, after: pods(6, "5m", "1Gi") }, api], PRICES)],
    ["nothing where it is known", costOf([{ ...web, after: null }, api], PRICES)],
    ["pods that no cluster has told of", costOf([web, { ...api, after: pods(2, "1m", "0") }], PRICES)],
  ])("with %s does not", (_, forged) => {
    expect(judge({ ...plan, cost: forged })).toEqual(WRONG);
  });

  it("of a plan that a cluster has filled in has more than the actions say, and never less", () => {
    const told = (cpu: string, replicas = 6) =>
      judge({
        ...{ ...plan, clusters: [] },
        cost: costOf(
          [
            { ...web, before: pods(4, "600m", "1Gi"), after: pods(replicas, cpu, "1Gi") },
            { ...api, before: pods(1, "1", "0"), after: pods(2, "1", "0") },
          ],
          PRICES,
        ),
      });
    // A sidecar's.
    expect(told("600m")).toMatchObject({ kind: "plan" });
    expect(told("400m")).toEqual(WRONG);
    expect(told("600m", 5)).toEqual(WRONG);
  });
});

describe("a price table", () => {
  const isValid = new Ajv2020().compile(pricesJsonSchema());

  it("ships its JSON Schema as the code has it", () => {
    const schema = `${JSON.stringify(pricesJsonSchema(), null, 2)}\n`;
    // UPDATE_SCHEMA=1 writes it anew after a change of the table.
    if (process.env.UPDATE_SCHEMA === "1") writeFileSync(SCHEMA, schema);
    expect(JSON.parse(readFileSync(SCHEMA, "utf8"))).toEqual(JSON.parse(schema));
  });

  it.each([
    ["cpuHour: 0.04\nmemoryGiBHour: 0.005", "0.04", "0.005"],
    ["cpuHour: '0.0425'\nmemoryGiBHour: 0", "0.0425", "0"],
    ["cpuHour: 0.0000001\nmemoryGiBHour: 10", "0.0000001", "10"],
    ["cpuHour: 1e-3\nmemoryGiBHour: 100.50", "0.001", "100.5"],
  ])("has exact prices: %s", (text, cpuHour, memoryGiBHour) => {
    const table = `currency: EUR\n${text}\n`;
    expect(parsePrices(table)).toEqual({
      kind: "prices",
      prices: { currency: "EUR", cpuHour, memoryGiBHour },
    });
    expect(isValid(parse(table))).toBe(true);
  });

  it.each([
    ["", "file:"],
    ["currency: EUR\ncpuHour: 1\n", "memoryGiBHour:"],
    ["currency: EUR\ncpuHour: -1\nmemoryGiBHour: 1\n", "cpuHour:"],
    ["currency: EUR\ncpuHour: cheap\nmemoryGiBHour: 1\n", "cpuHour:"],
    ["currency: EUR\ncpuHour: .nan\nmemoryGiBHour: 1\n", "cpuHour:"],
    ["currency: EUR\ncpuHour: .inf\nmemoryGiBHour: 1\n", "cpuHour:"],
    ["currency: '| x'\ncpuHour: 1\nmemoryGiBHour: 1\n", "currency:"],
    ["currency: EUR\ncpuHour: 1\nmemoryGiBHour: 1\ngpuHour: 1\n", "gpuHour"],
    ["currency: EUR\ncurrency: USD\ncpuHour: 1\nmemoryGiBHour: 1\n", "currency: the key is given twice"],
    ["currency: &a EUR\ncpuHour: *a\nmemoryGiBHour: 1\n", "file:"],
    ["{", ""],
    ["[".repeat(200_000), "characters long"],
  ])("that cannot be used says where: %j", (text, where) => {
    const parsed = parsePrices(text);
    expect(parsed).toMatchObject({ kind: "bad", message: expect.stringContaining(where) });
  });
});
