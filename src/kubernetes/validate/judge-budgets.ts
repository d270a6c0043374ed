import { quoteText } from "../cluster/quote-text.ts";
import type { ClusterFacts } from "../detect/cluster-facts.ts";
import type { BudgetObject } from "../detect/kube-objects.ts";
import type { Finding } from "../finding.ts";
import { matchesSelector } from "./match-labels.ts";
import type { Demand } from "./plan-demand.ts";
import { shareOf } from "./share-of.ts";

/** Whether the budgets of disruptions can be kept once the plan is applied, and leave a node's drain possible. */
export function judgeBudgets(demands: readonly Demand[], { budgets }: ClusterFacts): Finding[] {
  return demands
    .filter(({ kind, before, after }) => SCALED.includes(kind) && after !== before && after > 0)
    .flatMap((demand) => {
      const own = (budgets ?? []).filter(
        ({ spec }) => spec.selector != null && matchesSelector(spec.selector, demand.labels),
      );
      return [...own.flatMap((budget) => judgeBudget(demand, budget)), ...judgeTwo(demand, own)];
    });
}

const SCALED: readonly string[] = ["Deployment", "StatefulSet", "ReplicaSet"];

function judgeBudget({ subject, after }: Demand, { metadata, spec }: BudgetObject): Finding[] {
  const name = quoteText(metadata.name);
  const least = spec.minAvailable === undefined ? null : roundUp(spec.minAvailable, after);
  const most = spec.maxUnavailable === undefined ? null : roundUp(spec.maxUnavailable, after);
  const allowed = least !== null ? after - least : most;
  if (allowed === null || allowed > 0) return [];
  const wants = least !== null ? `${least} pods available` : "no pod unavailable";
  const message = `The disruption budget ${name} wants ${wants} of ${subject}, which is to have ${after}: ${
    allowed < 0 ? "it cannot be kept, and" : ""
  } no node that runs one of them can be drained.`.replace("  ", " ");
  const numbers = { replicas: after, ...(least === null ? { maxUnavailable: 0 } : { minAvailable: least }) };
  return [{ kind: "risk", code: "budget-blocks", subject, message, numbers }];
}

/** The API server evicts no pod of which several budgets tell. */
function judgeTwo({ subject }: Demand, budgets: readonly BudgetObject[]): Finding[] {
  if (budgets.length < 2) return [];
  const names = budgets.slice(0, 5).map(({ metadata }) => quoteText(metadata.name));
  const message = `${subject} is of ${budgets.length} disruption budgets (${names.join(", ")}): Kubernetes then evicts none of its pods.`;
  return [{ kind: "risk", code: "two-budgets", subject, message, numbers: { budgets: budgets.length } }];
}

/** As Kubernetes rounds both. */
function roundUp(bound: number | string, of: number): number | null {
  return shareOf(bound, of, Math.ceil);
}
