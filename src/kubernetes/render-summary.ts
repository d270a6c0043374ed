import { givenEntries } from "./given-entries.ts";
import { renderClusters } from "./render-clusters.ts";
import { renderPlanCost } from "./render-plan-cost.ts";
import type { PlanAction, ScalePlan } from "./scale-plan.ts";

/** The text of SUMMARY.md: the plan for people. */
export function renderSummary(plan: ScalePlan): string {
  const { metadata, context, assumptions, actions, rollbackHints, risks, notes } = plan;
  const lines = [
    `# Infra Scale Plan (${metadata.target})`,
    "",
    `- Context: ${code(context.kubeContext ?? "none")}`,
    `- Namespace: ${code(context.namespace)}`,
    `- Autoscaling: ${code(assumptions.autoscaling)}`,
    `- Actions: **${actions.length}**`,
    ...section(
      "Actions",
      actions.map((action, index) => `${index + 1}. ${renderAction(action)}${renderContext(action)}`),
    ),
    ...section("Clusters", renderClusters(plan.clusters ?? []).map(item)),
    ...section("Cost", renderPlanCost(plan.cost, actions)),
    ...section("Rollback Hints", rollbackHints.map(hintItem)),
    ...section("Risks", risks.map(item)),
    ...section("Notes", notes.map(item)),
  ];
  return `${lines.join("\n")}\n`;
}

function renderContext({ kubeContext }: PlanAction): string {
  return kubeContext === undefined ? "" : ` in ${code(kubeContext)}`;
}

/** One action as a line of markdown. */
function renderAction(action: PlanAction): string {
  const { kind, name } = action;
  switch (action.action) {
    case "scale_workload":
      return `**Scale** ${kind}/${name} → replicas: ${action.to} (from ${action.from})`;
    case "update_cronjob": {
      const { suspend, parallelism } = action;
      return `**Schedule** ${kind}/${name} → ${given({ suspend, parallelism }).join(" ")}`;
    }
    case "update_resources": {
      const parts = [
        ...renderResources("requests", action.requests),
        ...renderResources("limits", action.limits),
      ];
      return `**Resources** ${kind}/${name} → ${parts.join(" ")}`;
    }
    case "apply_hpa": {
      const { min, max, targetCPU } = action.hpa;
      return `**HPA** ${name} (min:${min} max:${max} cpu:${targetCPU}%)`;
    }
    case "apply_vpa": {
      const { mode, min, max } = action.vpa;
      const bounds = [...renderResources("min", min), ...renderResources("max", max)];
      return `**VPA** ${name} (${[`mode:${mode}`, ...bounds].join(" ")})`;
    }
  }
}

function renderResources(title: string, resources: object | undefined): string[] {
  return resources === undefined ? [] : [`${title}(${given(resources).join(" ")})`];
}

function given(values: object): string[] {
  return givenEntries(values).map(([key, value]) => `${key}:${value}`);
}

function section(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : ["", `## ${title}`, "", ...items];
}

function item(text: string): string {
  return `- ${text}`;
}

/** A command with a context that has to be quoted stands as code, which no name of one can end. */
function hintItem(hint: string): string {
  if (!hint.includes(" --context='")) return item(hint);
  const line = hint.replace(STEERING, " ");
  const ticks = (line.match(/`+/g) ?? []).map(({ length }) => length);
  const fence = "`".repeat(Math.max(0, ...ticks) + 1);
  return item(`${fence} ${line} ${fence}`);
}

const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** A context may be called anything: nothing in it ends the code or the line. */
function code(text: string): string {
  const line = text.replace(STEERING, " ").replaceAll("`", "'");
  return `\`${line.slice(0, LONGEST)}\``;
}

const LONGEST = 400;
