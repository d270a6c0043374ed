import { expect, it } from "vitest";
import { buildPlan } from "../../src/kubernetes/build-plan.ts";
import { judgePlanFiles } from "../../src/kubernetes/judge-plan-pull.ts";
import { parsePlanArguments } from "../../src/kubernetes/plan-arguments.ts";
import { renderPlanFile } from "../../src/kubernetes/plan-file.ts";
import { renderSummary } from "../../src/kubernetes/render-summary.ts";
import type { PlanAction, ScalePlan } from "../../src/kubernetes/scale-plan.ts";

function planOf(...args: string[]): ScalePlan {
  const request = parsePlanArguments(args);
  if (request.kind !== "plan") throw new Error("That is no plan.");
  return buildPlan(request.input, { createdAtMs: Date.UTC(2025, 0, 15), kubeContext: null });
}

const PLAN = planOf("--namespace=assistant", "--workload=Deployment:web:6");

function judge(actions: (action: PlanAction) => PlanAction[]) {
  const plan = { ...PLAN, actions: PLAN.actions.flatMap(actions) };
  const paths = { target: "prod", plan: "plan.yaml", summary: "SUMMARY.md", prices: "prices.yaml" };
  const text = (of: string) => ({ kind: "text", text: of }) as const;
  const files = { plan: text(renderPlanFile(plan)), summary: text(renderSummary(plan)) };
  return judgePlanFiles(paths, { ...files, prices: { kind: "missing" } });
}

it("a plan that the Action applies is one that is merged", () => {
  expect(judge((action) => [action])).toMatchObject({ kind: "plan", target: "prod" });
});

it.each([
  [
    "is of another namespace than the plan",
    (action: PlanAction) => [{ ...action, namespace: "kube-system" }],
  ],
  ["has no Kubernetes name", (action: PlanAction) => [{ ...action, name: "web\n\n# Approved" }]],
  ["is there twice", (action: PlanAction) => [action, action]],
  [
    "has 201 actions; 200 are the most",
    (action: PlanAction) => Array.from({ length: 201 }, (_, index) => ({ ...action, name: `web-${index}` })),
  ],
])("a plan that the Action refuses is not merged: it %s", (why, actions) => {
  const judged = judge(actions);
  expect(judged).toMatchObject({ kind: "unfit", message: expect.stringContaining(why) });
});
