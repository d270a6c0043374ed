import { formatQuantity } from "./format-quantity.ts";
import type { Prices } from "./parse-prices.ts";
import { ONE_UNIT, parseQuantity } from "./quantity.ts";
// By type alone: zod takes longer to load than a plan to make.
import type { PlanAction, PlanCost } from "./scale-plan.ts";

/** So many pods, and what each requests, as Kubernetes quantities. */
export type PricedPods = { replicas: number; cpu: string; mem: string };

/** A workload's pods before and after a plan; null where it is not known how many they are, or what they request. */
export type CostRow = {
  kind: string;
  name: string;
  /** Of another cluster than the plan's. */
  kubeContext?: string | undefined;
  before: PricedPods | null;
  after: PricedPods | null;
};

/** A year's hours by twelve. */
export const HOURS_A_MONTH = 730;

/**
 * What the pods of workloads cost in a month: requests × replicas × prices, exactly, and rounded to hundredths at the end alone. A sum over
 * something that is not known is not known.
 */
export function costOf(rows: readonly CostRow[], { currency, cpuHour, memoryGiBHour }: Prices): PlanCost {
  const prices = { cpu: exactly(cpuHour), memory: exactly(memoryGiBHour) };
  const costs = rows.map(({ before, after }) => ({
    before: before && monthOf(before, prices),
    after: after && monthOf(after, prices),
  }));
  const before = sumOf(costs.map((cost) => cost.before));
  const after = sumOf(costs.map((cost) => cost.after));
  return {
    currency,
    ...{ cpuHour, memoryGiBHour, hours: HOURS_A_MONTH },
    workloads: rows.map((row, index) => ({
      ...{ kind: row.kind, name: row.name },
      ...(row.kubeContext === undefined ? {} : { kubeContext: row.kubeContext }),
      before: priced(row.before, costs[index]?.before ?? null),
      after: priced(row.after, costs[index]?.after ?? null),
      month: difference(costs[index]?.before ?? null, costs[index]?.after ?? null),
    })),
    month: { before: money(before), after: money(after), difference: difference(before, after) },
  };
}

/**
 * The rows of a plan's actions: how many pods there will be, and what it says that they request; of those that clusters have told of, what
 * they have told.
 */
export function costRowsOf(actions: readonly PlanAction[], told: readonly CostRow[] = []): CostRow[] {
  const rows = new Map<string, CostRow>();
  for (const action of actions) {
    // The pods of a CronJob come and go.
    if (!PRICED.includes(action.action) || action.kind === "CronJob") continue;
    const key = keyOf(action);
    const known = told.find((row) => keyOf(row) === key);
    if (!rows.has(key)) rows.set(key, known ? moved(known, actions) : rowOf(action, actions));
  }
  return [...rows.values()];
}

const PRICED: readonly PlanAction["action"][] = ["scale_workload", "update_resources"];

/** A workload may have been scaled between two looks at it: the plan's own numbers are what it says. Without them nothing scales it. */
function moved(row: CostRow, actions: readonly PlanAction[]): CostRow {
  const { from, to } = replicasOf(keyOf(row), actions);
  const before = row.before && { ...row.before, replicas: from ?? row.before.replicas };
  const after = row.after && { ...row.after, replicas: to ?? before?.replicas ?? row.after.replicas };
  return { ...row, before, after };
}

function rowOf({ kind, name, kubeContext }: PlanAction, actions: readonly PlanAction[]): CostRow {
  const row = { kind, name, ...(kubeContext === undefined ? {} : { kubeContext }) };
  const { from, to } = replicasOf(keyOf(row), actions);
  const { before, after } = requestsIn(row, actions);
  return { ...row, before: podsOf(from, before), after: podsOf(to, after) };
}

/** What a pod requests; undefined: not known. */
export type Requests = { cpu?: string | undefined; mem?: string | undefined };

/** What the actions of a plan say that a pod of a workload requests before and after: its containers, without what comes beside them. */
export function requestsIn(
  row: Pick<CostRow, "kind" | "name" | "kubeContext">,
  actions: readonly PlanAction[],
): { before: Requests; after: Requests } {
  const own = actions.filter((action) => keyOf(action) === keyOf(row));
  const resized = own.find((action) => action.action === "update_resources");
  const asked: Requests = resized?.requests ?? {};
  const containers = resized?.previous?.containers;
  if (containers === undefined) return { before: {}, after: asked };
  return {
    before: sumOfRequests(
      containers.map(({ requests }) => requests ?? {}),
      asked,
    ),
    after: sumOfRequests(
      containers.map(({ requests }) => ({ ...requests, ...asked })),
      asked,
    ),
  };
}

/** How many pods a workload has before and after: its autoscaler keeps to its own bounds. Undefined: not known. */
function replicasOf(
  key: string,
  actions: readonly PlanAction[],
): { from: number | undefined; to: number | undefined } {
  const move = actions
    .filter((action) => keyOf(action) === key)
    .find(({ action }) => action === "scale_workload");
  if (move?.action !== "scale_workload") return { from: undefined, to: undefined };
  const bounds = actions
    .filter((action) => action.action === "apply_hpa")
    .find(({ name, kubeContext }) => name === move.name && kubeContext === move.kubeContext);
  const { min, max } = bounds?.hpa ?? { min: 0, max: move.to };
  // At 0 replicas it does nothing.
  const to = move.to === 0 ? 0 : Math.min(Math.max(move.to, min), max);
  return { from: typeof move.from === "number" ? move.from : undefined, to };
}

function podsOf(replicas: number | undefined, { cpu, mem }: Requests): PricedPods | null {
  if (replicas === 0) return { replicas, cpu: cpu ?? "0", mem: mem ?? "0" };
  if (replicas === undefined || cpu === undefined || mem === undefined) return null;
  return { replicas, cpu, mem };
}

/** Of what is not `asked` for nobody has said what the containers request. */
function sumOfRequests(containers: readonly Requests[], asked: Requests): Requests {
  const sum = (of: "cpu" | "mem") =>
    containers.reduce((total, container) => total + (parseQuantity(container[of] ?? "0") ?? 0n), 0n);
  return {
    ...(asked.cpu !== undefined && { cpu: formatQuantity("cpu", sum("cpu")) }),
    ...(asked.mem !== undefined && { mem: formatQuantity("memory", sum("mem")) }),
  };
}

function keyOf({ kind, name, kubeContext }: Pick<CostRow, "kind" | "name" | "kubeContext">): string {
  return JSON.stringify([kubeContext ?? null, kind, name]);
}

/** Money, as an exact number of `UNIT`s. */
type Money = bigint;
const GIB = 1024n ** 3n;
/** Billionths of a core or a byte, times billionths of a price, by GiB. */
const UNIT = ONE_UNIT * ONE_UNIT * GIB;

function monthOf({ replicas, cpu, mem }: PricedPods, prices: { cpu: bigint; memory: bigint }): Money {
  const pod = exactly(cpu) * prices.cpu * GIB + exactly(mem) * prices.memory;
  return pod * BigInt(replicas) * BigInt(HOURS_A_MONTH);
}

function exactly(text: string): bigint {
  return parseQuantity(text) ?? 0n;
}

function sumOf(costs: readonly (Money | null)[]): Money | null {
  return costs.reduce<Money | null>((sum, cost) => (sum === null || cost === null ? null : sum + cost), 0n);
}

function priced(pods: PricedPods | null, cost: Money | null) {
  return pods === null || cost === null ? null : { ...pods, month: format(cost) };
}

function money(cost: Money | null): string | null {
  return cost === null ? null : format(cost);
}

function difference(before: Money | null, after: Money | null): string | null {
  return before === null || after === null ? null : format(after - before);
}

/** With two decimals, half a hundredth away from zero. */
function format(cost: Money): string {
  const size = cost < 0n ? -cost : cost;
  const hundredths = (size * 200n + UNIT) / (2n * UNIT);
  const digits = String(hundredths).padStart(3, "0");
  const sign = cost < 0n && hundredths > 0n ? "-" : "";
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
