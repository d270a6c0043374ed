import type { ActionState } from "./apply/action-state.ts";
import { cpuTargetOf } from "./apply/cpu-target.ts";
import { inContext } from "./apply/rollback-command.ts";
import type { Finding } from "./finding.ts";
import { judgeInput } from "./judge-input.ts";
import type { CostRow } from "./plan-cost.ts";
import { GENERAL_ROLLBACK_HINTS } from "./rollback-hints.ts";
import type { ScaleInput } from "./scale-input.ts";
import type { ClusterState, PlanAction, ScalePlan } from "./scale-plan.ts";
import type { SeenAction } from "./validate/try-action.ts";

/** What clusters have said of a plan. `seen` has one for each action, in their order; null where it could not be read. */
export type ClusterAnswers = {
  seen: readonly (SeenAction | null)[];
  findings: readonly Finding[];
  clusters: readonly ClusterState[];
  /** The pods of the workloads, for what they cost. */
  pods: readonly CostRow[];
};

/** The plan with what clusters have said of it: what is there now, how it comes back, and what may go wrong. */
export function fillPlan(
  plan: ScalePlan,
  input: ScaleInput,
  { seen, findings, clusters }: ClusterAnswers,
): ScalePlan {
  const all = [...judgeInput(input), ...findings];
  const hints = plan.actions.flatMap((action, index) => hintOf(action, plan, seen[index] ?? null)).reverse();
  const isWhole = plan.actions.every((_, index) => seen[index] != null);
  return {
    ...plan,
    actions: plan.actions.map((action, index) => fillAction(action, seen[index] ?? null)),
    // What was done last is taken back first.
    rollbackHints: isWhole ? hints : [...hints, ...GENERAL_ROLLBACK_HINTS],
    risks: all.filter(({ kind }) => kind === "risk").map(({ message }) => message),
    notes: all.filter(({ kind }) => kind === "note").map(({ message }) => message),
    findings: all.map((finding) => ({ ...finding, numbers: { ...finding.numbers } })),
    clusters: [...clusters],
  };
}

function fillAction(action: PlanAction, seen: SeenAction | null): PlanAction {
  if (seen === null) return action;
  const { observed, state } = seen;
  switch (action.action) {
    case "scale_workload":
      return { ...action, ...(state.kind === "replicas" && { from: state.replicas }), observed };
    case "update_cronjob":
      return { ...action, observed, ...(state.kind === "cronjob" && { previous: previousSchedule(state) }) };
    case "update_resources":
      return {
        ...action,
        observed,
        ...(state.kind === "resources" && { previous: previousResources(state) }),
      };
    case "apply_hpa":
      return { ...action, observed, ...(state.kind === "hpa" && { previous: previousHpa(state) }) };
    case "apply_vpa":
      return { ...action, observed, ...(state.kind === "vpa" && { previous: { mode: modeOf(state.spec) } }) };
  }
}

type StateOf<Kind extends ActionState["kind"]> = Extract<ActionState, { kind: Kind }>;

function previousSchedule({ suspend, parallelism }: StateOf<"cronjob">) {
  return { ...(suspend === undefined ? {} : { suspend }), ...(parallelism == null ? {} : { parallelism }) };
}

function previousResources({ containers }: StateOf<"resources">) {
  const named = (amounts: { cpu?: string | null | undefined; memory?: string | null | undefined }) => ({
    ...(amounts.cpu == null ? {} : { cpu: amounts.cpu }),
    ...(amounts.memory == null ? {} : { mem: amounts.memory }),
  });
  return {
    containers: containers.map(({ name, requests, limits }) => ({
      name,
      ...(requests && { requests: named(requests) }),
      ...(limits && { limits: named(limits) }),
    })),
  };
}

function previousHpa({ min, max, metrics }: StateOf<"hpa">) {
  const targetCPU = cpuTargetOf(metrics);
  return { min: min ?? 1, max, ...(targetCPU === null ? {} : { targetCPU }) };
}

/** What the autoscaler does where nothing is said. */
function modeOf(spec: unknown): string {
  const mode = fieldOf(fieldOf(spec, "updatePolicy"), "updateMode");
  return typeof mode === "string" ? mode.slice(0, 63) : "Auto";
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function hintOf(action: PlanAction, plan: ScalePlan, seen: SeenAction | null): string[] {
  if (seen?.rollback == null) return [];
  return [inContext(escapeJson(seen.rollback), action.kubeContext ?? plan.context.kubeContext)];
}

/** What a cluster's values have of other signs than JSON's own stands in the JSON of a command as its number, which no markdown reads. */
function escapeJson(command: string): string {
  return command.replace(
    /[^ -~]|[<>&@`()*~#!|]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
