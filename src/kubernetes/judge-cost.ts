import type { StackFile } from "../domain/snapshot.ts";
import { type Prices, parsePrices } from "./parse-prices.ts";
import { type CostRow, costOf, costRowsOf, type PricedPods, type Requests, requestsIn } from "./plan-cost.ts";
import { PRICES_PATH } from "./prices-path.ts";
import { parseQuantity } from "./quantity.ts";
import type { PlanCost, ScalePlan } from "./scale-plan.ts";

/**
 * Why a plan's cost is not what its own actions come to by the prices of the base branch; null where it is, or where the plan names none.
 * Whoever may write a plan writes its cost too, so nothing of it counts that is not worked out here. What only a cluster can tell, which is
 * what running pods request, is held to what the actions say of it at the least. The sentence goes on after the plan's path.
 */
export function judgeCost(
  { cost, actions, clusters }: Pick<ScalePlan, "cost" | "actions" | "clusters">,
  table: StackFile,
): string | null {
  if (cost === undefined) return null;
  const read = readPrices(table);
  if (typeof read === "string") return read;
  const by = ({ currency, cpuHour, memoryGiBHour }: Prices) =>
    `${cpuHour} and ${memoryGiBHour} ${currency} an hour`;
  if (by(read) !== by(cost))
    return `counts its cost by ${by(cost)}, and ${PRICES_PATH} of the base branch has ${by(read)}; run infra.scale again`;
  const told = cost.workloads.map(rowOf);
  const own = costRowsOf(actions, clusters === undefined ? [] : told);
  const known = costRowsOf(actions);
  const isWorkedOut = JSON.stringify(costOf(own, read)) === JSON.stringify(cost);
  if (!isWorkedOut || !own.every((row, index) => isAtLeast(row, known[index], requestsIn(row, actions))))
    return "names a cost that is not what its own numbers come to";
  return null;
}

/** A sentence where the table cannot be used. */
function readPrices(table: StackFile): Prices | string {
  const unknown = "names a cost that nothing on the base branch bears out";
  if (table.kind === "missing") return `${unknown}: there is no ${PRICES_PATH}`;
  if (table.kind === "unreadable") return `${unknown}: ${PRICES_PATH} cannot be read (${table.message})`;
  const parsed = parsePrices(table.text);
  return parsed.kind === "prices"
    ? parsed.prices
    : `${unknown}: ${PRICES_PATH} cannot be used (${parsed.message})`;
}

function rowOf({ before, after, month: _, ...row }: PlanCost["workloads"][number]): CostRow {
  return { ...row, before: before && podsOf(before), after: after && podsOf(after) };
}

function podsOf({ replicas, cpu, mem }: PricedPods): PricedPods {
  return { replicas, cpu, mem };
}

/** Pods have more than their containers alone: sidecars, and what is given where nothing is said. */
function isAtLeast(
  { before, after }: CostRow,
  known: CostRow | undefined,
  said: { before: Requests; after: Requests },
): boolean {
  return (
    known !== undefined &&
    isNoLess(before, known.before, said.before) &&
    isNoLess(after, known.after, said.after)
  );
}

/** CPU and memory are held each to what is said of it, however many pods there are. */
function isNoLess(
  pods: PricedPods | null,
  known: PricedPods | null,
  { cpu = "0", mem = "0" }: Requests,
): boolean {
  if (pods === null) return known === null;
  return amount(pods.cpu) >= amount(cpu) && amount(pods.mem) >= amount(mem);
}

function amount(text: string): bigint {
  return parseQuantity(text) ?? 0n;
}
