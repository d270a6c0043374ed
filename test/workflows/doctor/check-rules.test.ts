import { expect, it } from "vitest";
import { judgeSetUp } from "../../../src/workflows/doctor/judge-set-up.ts";
import {
  branch,
  bypassing,
  guardRule,
  healthy,
  OWN,
  PROTECTED,
  reviewed,
  rule,
  withMain,
} from "./doctor-facts.ts";
import { toldOnce } from "./told-once.ts";

toldOnce([
  ["no guard", "warning", "guard", { baseBranches: [branch("main")] }, /not required/],
  [
    "a guard of any source",
    "problem",
    "guard",
    { baseBranches: [branch("main", guardRule(null))] },
    /Any source/,
  ],
  [
    "a guard of another App",
    "problem",
    "guard",
    { baseBranches: [branch("main", guardRule(8))] },
    /another App \(8\)/,
  ],
  [
    "people on the bypass list",
    "warning",
    "bypass",
    {
      rulesets: [
        { id: 1, name: "main", bypass: { kind: "seen", value: [{ kind: "Team", id: 3, mode: "always" }] } },
      ],
    },
    /a team/,
  ],
  [
    "another App on the bypass list",
    "warning",
    "bypass",
    {
      rulesets: [
        {
          id: 1,
          name: "main",
          bypass: { kind: "seen", value: [{ kind: "Integration", id: 8, mode: "always" }] },
        },
      ],
    },
    /another App/,
  ],
  [
    "a bypass list that is not shown",
    "unknown",
    "bypass",
    { rulesets: [{ id: 1, name: "main", bypass: { kind: "hidden", why: "No." } }] },
    /administers/,
  ],
  [
    "direct commits that a ruleset refuses",
    "problem",
    "direct",
    {
      repositoryFile: "defaults: { delivery: direct }",
      rulesets: [{ id: 1, name: "main", bypass: { kind: "seen", value: [] } }],
    },
    /bypass list/,
  ],
  [
    "direct commits that a ruleset takes by pull requests",
    "problem",
    "direct",
    {
      repositoryFile: "defaults: { delivery: direct }",
      rulesets: [
        {
          id: 1,
          name: "main",
          bypass: { kind: "seen", value: [{ ...bypassing(OWN), mode: "pull_request" }] },
        },
      ],
    },
    /always/,
  ],
  [
    "administrators get around the protection",
    "warning",
    "bypass",
    {
      baseBranches: [
        {
          ...branch("main", guardRule(OWN)),
          protection: { kind: "seen", value: { ...PROTECTED, admins: "free" } },
        },
      ],
    },
    /Do not allow bypassing/,
  ],
  ["reviews of each change", "warning", "reviews", reviewed([]), /requires 2 approving reviews/],
  [
    "reviews that a protection asks for",
    "warning",
    "reviews",
    {
      baseBranches: [
        {
          ...branch("main", guardRule(OWN)),
          protection: { kind: "seen", value: { ...PROTECTED, approvals: 1 } },
        },
      ],
    },
    /1 approving review:/,
  ],
  [
    "signatures, and rebases",
    "problem",
    "signatures",
    {
      ...withMain(rule("required_signatures")),
      mergeMethods: { kind: "seen", value: ["rebase"] },
      repositoryFile: "defaults: { mergeMethod: rebase }",
    },
    /never merges/,
  ],
  [
    "signatures on a server",
    "warning",
    "signatures",
    { ...withMain(rule("required_signatures")), server: "enterprise" },
    /web commit signing/,
  ],
  [
    "an owner of the stack file",
    "problem",
    "code-owners",
    { ...withMain(rule("pull_request", { codeOwners: "required" })), codeOwners: "* @acme/all\n" },
    /@acme\/all/,
  ],
]);

it.each([
  ["the App", bypassing(OWN), []],
  ["the App, for pull requests", { ...bypassing(OWN), mode: "pull_request" } as const, []],
  ["another App", bypassing(8), ["warning"]],
  ["a team", { ...bypassing(OWN), kind: "Team" }, ["warning"]],
])("tells of reviews that each scale waits for where %s is let off", (_who, actor, states) => {
  const told = judgeSetUp(healthy(reviewed([actor]))).filter(({ check }) => check === "reviews");
  expect(told.map(({ state }) => state)).toEqual(states);
});

it("tells of no reviews that the App is let off by a protection", () => {
  const value = { ...PROTECTED, approvals: 1, withoutPullRequest: [OWN] };
  const base = { ...branch("main", guardRule(OWN)), protection: { kind: "seen", value } as const };
  expect(judgeSetUp(healthy({ baseBranches: [base] })).filter(({ check }) => check === "reviews")).toEqual(
    [],
  );
});
