import { quoteText } from "./cluster/quote-text.ts";
import { givenEntries } from "./given-entries.ts";
import type { ClusterState } from "./scale-plan.ts";

/** What clusters have that bears on a plan, as items of markdown. What a cluster calls something stands as code. */
export function renderClusters(clusters: readonly ClusterState[]): string[] {
  return clusters.flatMap((cluster) => {
    const lines = [
      ...cluster.autoscalers.map(({ name, target, min, max, targetCPU, owner }) => {
        const cpu = targetCPU === undefined ? "" : ` cpu:${targetCPU}%`;
        const by = owner === undefined ? "" : ` by ${quoteText(owner, 300)}`;
        return `HPA ${quoteText(name, 300)} of ${quoteText(target, 300)} (min:${min} max:${max}${cpu})${by}`;
      }),
      ...cluster.disruptionBudgets.map(
        ({ name, covers, minAvailable, maxUnavailable, disruptionsAllowed }) => {
          const bounds = given({ minAvailable, maxUnavailable });
          const allowed = `${disruptionsAllowed} allowed now`;
          return `PodDisruptionBudget ${quoteText(name, 300)} of ${covers.map((one) => quoteText(one, 300)).join(", ")} (${[...bounds, allowed].join(" ")})`;
        },
      ),
      ...cluster.quotas.map(({ name, hard, used }) => {
        const parts = Object.entries(hard).map(([key, text]) => `${key}: ${used[key] ?? "0"} of ${text}`);
        return `ResourceQuota ${quoteText(name, 300)} (${quoteText(parts.join(", "))})`;
      }),
      ...cluster.limitRanges.map(({ name, type, min, max, default: limit, defaultRequest }) => {
        const parts = given({ min, max, default: limit, defaultRequest });
        return `LimitRange ${quoteText(name, 300)} of a ${quoteText(type, 50)} (${quoteText(parts.join(" "))})`;
      }),
    ];
    const context = quoteText(cluster.kubeContext, 300);
    return lines.length === 0
      ? [`${context}: nothing that bounds these workloads`]
      : lines.map((line) => `${context}: ${line}`);
  });
}

function given(values: object): string[] {
  return givenEntries(values).map(
    ([key, value]) =>
      `${key}:${typeof value === "object" ? JSON.stringify(value) : quoteText(String(value), 50)}`,
  );
}
