import { expect, it } from "vitest";
import { parseDeployWorkflow } from "../../../src/domain/deploy-workflow.ts";
import { judgeSetUp } from "../../../src/workflows/doctor/judge-set-up.ts";
import { deploy, healthy, other, WORKFLOW } from "./doctor-facts.ts";
import { toldOnce } from "./told-once.ts";

toldOnce([
  ["no workflow", "warning", "workflow", { workflows: [] }, /nothing that is merged is applied/],
  ["a workflow without a push", "warning", "workflow", deploy("  push:\n    branches: [main]\n", ""), /push/],
  [
    "no concurrency group",
    "warning",
    "concurrency",
    deploy("concurrency:\n  group: deploy-prod\n", ""),
    /lock/,
  ],
  [
    "runs that are cancelled",
    "problem",
    "concurrency",
    deploy("  group: deploy-prod\n", "  group: deploy-prod\n  cancel-in-progress: true\n"),
    /kills an update/,
  ],
  ["no signature", "problem", "token", deploy("  id-token: write", "  id-token: none"), /id-token: write/],
  [
    "an environment with reviewers",
    "problem",
    "environment",
    {
      ...deploy("    runs-on:", "    environment: { name: Prod }\n    runs-on:"),
      environments: { kind: "seen", value: [{ name: "prod", reviewers: 1, waitMinutes: 0 }] },
    },
    /waits for a person/,
  ],
  [
    "an environment that waits",
    "warning",
    "environment",
    {
      ...deploy("    runs-on:", "    environment: prod\n    runs-on:"),
      environments: { kind: "seen", value: [{ name: "prod", reviewers: 0, waitMinutes: 5 }] },
    },
    /5 minutes/,
  ],
  [
    "another full deploy",
    "warning",
    "full-deploy",
    other("on: [push]\njobs: { a: { steps: [{ run: 'pulumi up --yes' }] } }"),
    /full-needed/,
  ],
  [
    "another full deploy, by Pulumi's Action",
    "warning",
    "full-deploy",
    other("on: push\njobs: { a: { steps: [{ uses: pulumi/actions@v6, with: { command: up } }] } }"),
    /other\.yml, job a/,
  ],
  [
    "two workflows for one stack",
    "problem",
    "doubled",
    other(WORKFLOW.replace("group: deploy-prod", "group: deploy-shop.prod")),
    /other\.yml, job deploy: It applies the stack that \.github\/workflows\/deploy\.yml/,
  ],
]);

it.each([
  ["for one stack that wait for each other", WORKFLOW],
  [
    "for two stacks",
    WORKFLOW.replaceAll("stack-name: prod", "stack-name: dev").replace("deploy-prod", "deploy-dev"),
  ],
])("takes two workflows %s for well", (_which, text) => {
  expect(judgeSetUp(healthy(other(text))).filter(({ state }) => state !== "good")).toEqual([]);
});

it.each([
  ["pulumiscale apply-plan\\npulumiscale apply", { applies: true, appliesPlans: true }],
  ["pulumiscale apply && pulumiscale apply-plan", { applies: true, appliesPlans: true }],
  ["pulumiscale apply", { applies: true, appliesPlans: false }],
  ["pulumiscale apply-plan", { applies: false, appliesPlans: true }],
])("a step that runs `%s` is known for all that it applies", (run, { applies, appliesPlans }) => {
  const text = `on: push\njobs: { a: { steps: [{ run: "${run}" }] } }`;
  expect(parseDeployWorkflow("deploy.yml", text)).toMatchObject({
    ...{ appliesPlans, jobs: applies ? [{ name: "a", applies }] : [] },
  });
});

it("takes no workflow amiss that has nothing to do with Pulumi, or is none", () => {
  for (const text of [
    "",
    "[",
    "on: push\njobs: { a: { steps: [{ run: npm test }] } }",
    "on: push\njobs: 3",
    "a: &a [*a, *a]",
  ])
    expect(parseDeployWorkflow("w.yml", text)?.jobs ?? []).toEqual([]);
});
