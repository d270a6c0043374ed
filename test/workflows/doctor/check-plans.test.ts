import { expect, it } from "vitest";
import { judgeSetUp } from "../../../src/workflows/doctor/judge-set-up.ts";
import { branch, guardRule, healthy, OWN, other, reviewed, rule, withMain } from "./doctor-facts.ts";
import { toldOnce } from "./told-once.ts";

const PLANS_JOB = `on: push
jobs: { a: { steps: [{ uses: pulumiscale/pulumiscale/action@v0, with: { command: apply-plan } }] } }
`;

toldOnce([
  [
    "plans that one person alone can merge",
    "warning",
    "plans",
    other(PLANS_JOB),
    /other\.yml applies it.*infra-scale\/ @your-team/,
  ],
  [
    "plans without an owner, where owners have to review",
    "warning",
    "plans",
    {
      ...other("on: push\njobs: { a: { steps: [{ run: pulumiscale apply-plan --json }] } }"),
      ...withMain(rule("pull_request", { codeOwners: "required" })),
      codeOwners: "/docs/ @acme/all\n",
    },
    /by hand/,
  ],
  [
    "plans, and a branch whose rules nobody may see",
    "unknown",
    "plans",
    { ...other(PLANS_JOB), baseBranches: [branch("release", rule("pull_request"), guardRule(OWN))] },
    /may not see/,
  ],
]);

it.each([
  [
    "an owner has to review",
    { ...withMain(rule("pull_request", { codeOwners: "required" })), codeOwners: "/ops/plans/ @acme/ops\n" },
  ],
  ["anybody else has to", reviewed([{ kind: "Integration", id: OWN, mode: "always" }])],
])("plans are protected where %s", (_, change) => {
  const found = judgeSetUp(healthy({ ...other(PLANS_JOB), ...change }));
  expect(found.find(({ check }) => check === "plans")?.state).toBe("good");
});
