import type { PlanCost } from "./scale-plan.ts";

/** What a plan costs in a month, as lines of markdown; none where there is no price table. */
export function renderPlanCost(cost: PlanCost | undefined): string[] {
  if (cost === undefined) return [];
  const { currency, cpuHour, memoryGiBHour, hours, workloads, month } = cost;
  const rows = workloads.map((row) => {
    const where = row.kubeContext === undefined ? "" : ` in ${row.kubeContext.replace(/[^\w.:@/-]/g, "?")}`;
    const cells = [told(row.before?.month), told(row.after?.month), signed(row.month)];
    return `| ${row.kind}/${row.name}${where} | ${cells.join(" | ")} |`;
  });
  const sums = [told(month.before), told(month.after), signed(month.difference)];
  return [
    `| ${currency} a month | before | after | difference |`,
    "|---|---:|---:|---:|",
    ...rows,
    `| **All** | ${sums.map((sum) => `**${sum}**`).join(" | ")} |`,
    "",
    `Requests × replicas × ${hours} hours, at ${cpuHour} ${currency} for a CPU hour and ${memoryGiBHour} ${currency} for a GiB hour of memory.`,
  ];
}

function told(amount: string | null | undefined): string {
  return amount ?? "unknown";
}

function signed(amount: string | null): string {
  if (amount === null) return "unknown";
  return amount.startsWith("-") ? amount.replace("-", "−") : amount === "0.00" ? amount : `+${amount}`;
}
