import { costRowsOf, type PricedPods } from "./plan-cost.ts";
import type { PlanAction, PlanCost } from "./scale-plan.ts";

/**
 * What a plan costs in a month, as lines of markdown; none where there is no price table. It tells of which pods only their cluster knows what
 * they request: who writes the plan may write anything there.
 */
export function renderPlanCost(cost: PlanCost | undefined, actions: readonly PlanAction[]): string[] {
  if (cost === undefined) return [];
  const { currency, cpuHour, memoryGiBHour, hours, workloads, month } = cost;
  const own = costRowsOf(actions);
  const isTold = ({ before, after }: PlanCost["workloads"][number], index: number) =>
    !isOf(before, own[index]?.before) || !isOf(after, own[index]?.after);
  const rows = workloads.map((row, index) => {
    const where = row.kubeContext === undefined ? "" : ` in ${row.kubeContext.replace(/[^\w.:@/-]/g, "?")}`;
    const cells = [told(row.before?.month), told(row.after?.month), signed(row.month)];
    const mark = isTold(row, index) ? " †" : "";
    return `| ${row.kind}/${row.name}${where}${mark} | ${cells.join(" | ")} |`;
  });
  const sums = [told(month.before), told(month.after), signed(month.difference)];
  return [
    `| ${currency} a month | before | after | difference |`,
    "|---|---:|---:|---:|",
    ...rows,
    `| **All** | ${sums.map((sum) => `**${sum}**`).join(" | ")} |`,
    "",
    `Requests × replicas × ${hours} hours, at ${cpuHour} ${currency} for a CPU hour and ${memoryGiBHour} ${currency} for a GiB hour of memory.`,
    ...(workloads.some(isTold) ? ["", TOLD] : []),
  ];
}

const TOLD =
  "† How many these pods are, or what they request, is in part what their cluster has told the maker of the plan: the actions here do not say all of it.";

function isOf(pods: PlanCost["workloads"][number]["after"], own: PricedPods | null | undefined): boolean {
  return pods === null || (own != null && pods.cpu === own.cpu && pods.mem === own.mem);
}

function told(amount: string | null | undefined): string {
  return amount ?? "unknown";
}

function signed(amount: string | null): string {
  if (amount === null) return "unknown";
  return amount.startsWith("-") ? amount.replace("-", "−") : amount === "0.00" ? amount : `+${amount}`;
}
