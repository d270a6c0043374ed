import { expect, it } from "vitest";
import { buildPlan } from "../../src/kubernetes/build-plan.ts";
import { fillPlan } from "../../src/kubernetes/fill-plan.ts";
import { judgeInput } from "../../src/kubernetes/judge-input.ts";
import { parsePlanArguments } from "../../src/kubernetes/plan-arguments.ts";
import { costRowsOf } from "../../src/kubernetes/plan-cost.ts";
import { renderPlanFile } from "../../src/kubernetes/plan-file.ts";
import { renderPlanPull } from "../../src/kubernetes/render-plan-pull.ts";
import { renderSummary } from "../../src/kubernetes/render-summary.ts";
import { DETECT } from "../../src/kubernetes/scale-input.ts";

const CREATED_AT_MS = Date.UTC(2025, 0, 15, 23, 59, 59, 7);

function planOf(...args: string[]) {
  const request = parsePlanArguments(args);
  if (request.kind !== "plan") throw new Error("That is no plan.");
  return buildPlan(request.input, { createdAtMs: CREATED_AT_MS, kubeContext: "minikube" });
}

const SAMPLE = [
  "--target=prod",
  "--namespace=assistant",
  "--workload=Deployment:web:16",
  "--hpa=min:4,max:12,cpu:65",
];

it("is written as the seed's plan.yaml is", () => {
  expect(renderPlanFile(planOf(...SAMPLE))).toBe(`apiVersion: infra.scale/v1
kind: ScalePlan
metadata:
  createdAt: 2025-01-15T23:59:59.007Z
  target: prod
context:
  kubeContext: minikube
  namespace: assistant
assumptions:
  autoscaling: hpa
actions:
  - action: scale_workload
    kind: Deployment
    name: web
    namespace: assistant
    from: "\${detect}"
    to: 16
    reason: requested_scale
  - action: apply_hpa
    kind: HorizontalPodAutoscaler
    name: web
    namespace: assistant
    hpa:
      min: 4
      max: 12
      targetCPU: 65
rollbackHints:
  - kubectl rollout undo deployment/<name> -n <namespace>
  - kubectl apply -f previous-hpa.yaml
risks:
  - High replica count for Deployment/web → watch pod scheduling / quotas
notes:
  - Requested replicas (16) > HPA max (12) for Deployment/web; HPA will cap.
`);
});

it("updates resources as the seed's action does", () => {
  const resources = ["--req=web:cpu=500m,mem=1Gi", "--lim=web:cpu=1,mem=2Gi"];
  expect(
    renderPlanFile(planOf("--namespace=assistant", "--workload=Deployment:web", ...resources)),
  ).toContain(`
actions:
  - action: update_resources
    kind: Deployment
    name: web
    namespace: assistant
    requests:
      cpu: 500m
      mem: 1Gi
    limits:
      cpu: 1
      mem: 2Gi
rollbackHints:
`);
});

it("is summed up as the seed's SUMMARY.md is", () => {
  expect(renderSummary(planOf(...SAMPLE))).toBe(`# Infra Scale Plan (prod)

- Context: \`minikube\`
- Namespace: \`assistant\`
- Autoscaling: \`hpa\`
- Actions: **2**

## Actions

1. **Scale** Deployment/web → replicas: 16 (from \${detect})
2. **HPA** web (min:4 max:12 cpu:65%)

## Rollback Hints

- kubectl rollout undo deployment/<name> -n <namespace>
- kubectl apply -f previous-hpa.yaml

## Risks

- High replica count for Deployment/web → watch pod scheduling / quotas

## Notes

- Requested replicas (16) > HPA max (12) for Deployment/web; HPA will cap.
`);
});

it("sums up every kind of action in a line", () => {
  const plan = planOf(
    ...["--workload=Deployment:web:2", "--req=web:cpu=500m,mem=1Gi", "--lim=web:mem=2Gi"],
    ...["--workload=CronJob:report:suspend=true,parallelism=3", "--vpa=web:mode=Auto,min-cpu=1,max-mem=4Gi"],
  );
  const lines = renderSummary(plan).split("\n");
  expect(lines.filter((line) => /^\d\. /.test(line))).toEqual([
    `1. **Scale** Deployment/web → replicas: 2 (from \${detect})`,
    "2. **Resources** Deployment/web → requests(cpu:500m mem:1Gi) limits(mem:2Gi)",
    "3. **VPA** web (mode:Auto min(cpu:1) max(mem:4Gi))",
    "4. **Schedule** CronJob/report → suspend:true parallelism:3",
  ]);
  expect(lines).not.toContain("## Risks");
  expect(lines).not.toContain("## Notes");
});

it("has a risk from 11 replicas on, and a note where they are over the autoscaler's most", () => {
  const told = (replicas: number, ...args: string[]) => {
    const { risks, notes } = planOf(`--workload=StatefulSet:db:${replicas}`, ...args);
    return [...risks, ...notes];
  };
  const high = "High replica count for StatefulSet/db → watch pod scheduling / quotas";
  const capped = "Requested replicas (13) > HPA max (12) for StatefulSet/db; HPA will cap.";
  expect(told(10)).toEqual([]);
  expect(told(11)).toEqual([high]);
  expect(told(6, "--hpa=min:4,max:12,cpu:65")).toEqual([]);
  expect(told(12, "--hpa=min:4,max:12,cpu:65")).toEqual([high]);
  expect(told(13, "--hpa=min:4,max:12,cpu:65")).toEqual([high, capped]);
  expect(told(13, "--hpa=min:4,max:12,cpu:65", "--autoscaling=none")).toEqual([high]);
  const inactive =
    "An HPA does nothing while StatefulSet/db has 0 replicas: it stays at 0, and not at the HPA's min of 4, until it is scaled up.";
  expect(told(0, "--hpa=min:4,max:12,cpu:65")).toEqual([inactive]);
  expect(told(0, "--hpa=min:4,max:12,cpu:65", "--autoscaling=none")).toEqual([]);
});

it("takes any quantity of memory as it is, and warns of one in parts of a byte", () => {
  const of = (mem: string) =>
    planOf("--workload=Deployment:web", `--req=web:mem=${mem}`, "--vpa=web:mode=Off,max-mem=1n");
  for (const mem of ["0.3Gi", "1e9", "128974848", "129M", "123Mi", "1.5", "500m"])
    expect(of(mem).actions).toMatchObject([{ requests: { mem } }, {}]);
  const told = (mem: string, argument: string) =>
    `Memory of ${mem} (${argument} of Deployment/web) is counted in parts of a byte: \`m\` is a thousandth, \`Mi\` a mebibyte.`;
  expect(of("0.3Gi").risks).toEqual([told("1n", "max-mem")]);
  expect(of("500m").risks).toEqual([told("500m", "--req"), told("1n", "max-mem")]);
});

it("counts no cost of an HPA's pods at 0 replicas", () => {
  const { actions } = planOf(
    "--workload=Deployment:web:0",
    "--req=web:cpu=1,mem=1Gi",
    "--hpa=min:4,max:12,cpu:65",
  );
  expect(costRowsOf(actions).map(({ after }) => after?.replicas)).toEqual([0]);
});

it("has a code for each of them, and the numbers that it is made of", () => {
  const request = parsePlanArguments(["--workload=Deployment:web:13", "--hpa=min:4,max:12,cpu:65"]);
  if (request.kind !== "plan") throw new Error("That is no plan.");
  const subject = "Deployment/web";
  expect(judgeInput(request.input)).toEqual([
    { kind: "risk", code: "high-replicas", subject, message: expect.any(String), numbers: { replicas: 13 } },
    {
      kind: "note",
      code: "over-hpa-max",
      subject,
      message: expect.any(String),
      numbers: { replicas: 13, max: 12 },
    },
  ]);
});

it("has what a cluster says in the place of what it would have to be asked", () => {
  const request = parsePlanArguments(["--workload=Deployment:web:3", "--workload=Deployment:api:11"]);
  if (request.kind !== "plan") throw new Error("That is no plan.");
  const draft = buildPlan(request.input, { createdAtMs: CREATED_AT_MS, kubeContext: "minikube" });
  const found = { code: "quota", subject: "Deployment/web", numbers: { used: "3", hard: "4" } };
  const observed = { uid: "a", resourceVersion: "12", generation: 2 };
  const rollback = "kubectl scale deployment/web -n default --replicas=7";
  const plan = fillPlan(draft, request.input, {
    seen: [{ observed, state: { kind: "replicas", replicas: 7 }, rollback }, null],
    findings: [
      { kind: "risk", message: "There is a quota.", ...found },
      { kind: "note", message: "It was changed.", ...found },
    ],
    clusters: [],
    pods: [],
  });
  expect(plan.actions).toMatchObject([{ from: 7, to: 3, observed }, { from: DETECT }]);
  expect(renderPlanFile(plan)).toContain("\n    from: 7\n");
  expect(renderSummary(plan)).toContain("replicas: 3 (from 7)");
  expect([plan.risks, plan.notes]).toEqual([
    [expect.stringContaining("Deployment/api"), "There is a quota."],
    ["It was changed."],
  ]);
  expect(plan.findings?.map(({ code }) => code)).toEqual(["high-replicas", "quota", "quota"]);
  // One of the two is not known: its names are to be filled in.
  expect(plan.rollbackHints).toEqual([`${rollback} --context=minikube`, ...draft.rollbackHints]);
});

it.each([
  ["prod (eu)", "--context='prod (eu)'"],
  ["eve's; rm -rf ~", "--context='eve'\\''s; rm -rf ~'"],
  ["arn:aws:eks:eu-west-1:1:cluster/prod", "--context=arn:aws:eks:eu-west-1:1:cluster/prod"],
])("brings things back in the cluster %s, and in no other", (kubeContext, option) => {
  const request = parsePlanArguments(["--workload=Deployment:web:3", "--autoscaling=none"]);
  if (request.kind !== "plan") throw new Error("That is no plan.");
  const draft = buildPlan(request.input, { createdAtMs: CREATED_AT_MS, kubeContext });
  const rollback = "kubectl scale deployment/web -n default --replicas=7";
  const seen = { observed: "absent" as const, state: { kind: "replicas" as const, replicas: 7 }, rollback };
  const plan = fillPlan(draft, request.input, { seen: [seen], findings: [], clusters: [], pods: [] });
  expect(plan.rollbackHints).toEqual([`${rollback} ${option}`]);
});

it("lets the name of a context steer no markdown in the commands that bring things back", () => {
  const plan = planOf(...SAMPLE);
  const hint = "kubectl delete hpa/web -n default --context='``<img src=x> @octocat\n# a'";
  const summary = renderSummary({ ...plan, rollbackHints: [hint] });
  expect(summary).toContain(
    "\n- ``` kubectl delete hpa/web -n default --context='``<img src=x> @octocat # a' ```\n",
  );
});

it("plans no autoscaler with --autoscaling=none", () => {
  const { actions, assumptions } = planOf(...SAMPLE, "--autoscaling=none");
  expect([assumptions, actions.map(({ action }) => action)]).toEqual([
    { autoscaling: "none" },
    ["scale_workload"],
  ]);
});

it("is proposed in the seed's words", () => {
  const plan = planOf(...SAMPLE);
  const summary = renderSummary(plan);
  const { title, body, folder, commitBody } = renderPlanPull(plan, summary);
  expect([title, folder]).toEqual(["infra.scale: prod (2025-01-15)", "ops/plans/infra-scale/prod"]);
  expect(commitBody).toMatch(/\n\nInfra-Scale-Target: prod$/);
  expect(body).toBe(`# Infrastructure Scaling Plan

**Target**: prod
**Namespace**: assistant
**Autoscaling**: hpa

## Summary

${summary.trim()}

---

**Review checklist**:
- [ ] Verify replica counts match expected load
- [ ] Confirm HPA settings align with capacity
- [ ] Check resource requests/limits are appropriate
- [ ] Ensure rollback plan is clear
`);
});

it("is proposed with as much of its summary as GitHub takes, and the whole checklist", () => {
  const workloads = Array.from({ length: 2000 }, (_, index) => `--workload=Deployment:web-${index}:16`);
  const plan = planOf(...workloads);
  const { body } = renderPlanPull(plan, renderSummary(plan));
  expect(body.length).toBeLessThan(65_536);
  expect(body).toContain("SUMMARY.md has all of it.\n\n---\n");
  expect(body).toMatch(/- \[ \] Ensure rollback plan is clear\n$/);
});
