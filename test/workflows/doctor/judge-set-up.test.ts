import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { ownersOf } from "../../../src/domain/code-owners.ts";
import { parseDeployWorkflow } from "../../../src/domain/deploy-workflow.ts";
import type {
  BranchFacts,
  BranchRule,
  BypassActor,
  DoctorFacts,
  ProtectionFacts,
} from "../../../src/domain/doctor-facts.ts";
import { judgeSetUp } from "../../../src/workflows/doctor/judge-set-up.ts";
import { readmeExamples } from "../../readme/readme-examples.ts";

const WORKFLOW =
  readmeExamples().find(({ text }) => text.includes("pulumiscale/action@") && text.startsWith("name: deploy"))
    ?.text ?? "";
const OWN = 7;
const ACTIONS = 15_368;

const HIDDEN = { kind: "hidden", why: "No." } as const;

const rule = (type: string, more: Partial<BranchRule> = {}): BranchRule => ({
  type,
  rulesetId: 1,
  requiredChecks: [],
  codeOwners: "free",
  approvals: 0,
  ...more,
});
const guardRule = (appId: number | null) =>
  rule("required_status_checks", { requiredChecks: [{ context: "pulumiscale/guard", appId }] });
const branch = (name: string, ...rules: BranchRule[]): BranchFacts => ({
  branch: name,
  rules: { kind: "seen", value: rules },
  protection: { kind: "seen", value: null },
});
const PROTECTED = {
  requiredChecks: [],
  asksPullRequest: false,
  approvals: 0,
  withoutPullRequest: [],
  pushers: null,
  lock: "open",
  history: "kept",
  codeOwners: "free",
  signatures: "free",
  admins: "bound",
} as const;

/** A repository in which all is well. */
function healthy(change: Partial<DoctorFacts> = {}): DoctorFacts {
  const needs = { permissions: { contents: "write", statuses: "read" }, events: ["push"] };
  return {
    owner: "acme",
    repo: "infra",
    server: "github.com",
    app: { kind: "seen", value: { id: OWN, slug: "scaler", ...needs } },
    needs,
    defaultBranch: "main",
    autoMerge: { kind: "seen", value: "allowed" },
    mergeMethods: { kind: "seen", value: ["squash"] },
    squashMessage: { kind: "seen", value: "kept" },
    repositoryFile: null,
    branches: ["pulumiscale", "scale/shop.prod"],
    ledger: "there",
    stacks: [{ alias: "shop.prod", dir: ".", path: "Pulumi.prod.yaml" }],
    baseBranches: [branch("main", rule("pull_request"), guardRule(OWN))],
    ledgerBranch: branch("pulumiscale", rule("non_fast_forward"), rule("deletion")),
    rulesets: [
      {
        id: 1,
        name: "main",
        bypass: { kind: "seen", value: [{ kind: "Integration", id: OWN, mode: "always" }] },
      },
    ],
    environments: { kind: "seen", value: [{ name: "prod", reviewers: 0, waitMinutes: 0 }] },
    workflows: [{ path: ".github/workflows/deploy.yml", text: WORKFLOW }],
    codeOwners: null,
    ...change,
  };
}

const deploy = (from: string, to: string) => {
  const text = WORKFLOW.replace(from, to);
  if (text === WORKFLOW) throw new Error(`the README's workflow has no ${from}`);
  return { workflows: [{ path: ".github/workflows/deploy.yml", text }] };
};
const withMain = (...rules: BranchRule[]) => ({ baseBranches: [branch("main", guardRule(OWN), ...rules)] });
const bypassing = (id: number) => ({ kind: "Integration", id, mode: "always" }) as const;
/** Rules of the ledger branch that keep its history, and one more in a ruleset of its own. */
const ledgerWith = (
  type: string,
  ...by: (number | BypassActor)[]
): Pick<DoctorFacts, "ledgerBranch" | "rulesets"> => ({
  ledgerBranch: branch(
    "pulumiscale",
    rule("non_fast_forward"),
    rule("deletion"),
    rule(type, { rulesetId: 2 }),
  ),
  rulesets: [
    ...healthy().rulesets,
    {
      id: 2,
      name: "ledger",
      bypass: {
        kind: "seen",
        value: by.map((actor) => (typeof actor === "number" ? bypassing(actor) : actor)),
      },
    },
  ],
});
const protectedLedger = (change: Partial<ProtectionFacts>) => ({
  ledgerBranch: {
    ...branch("pulumiscale"),
    protection: { kind: "seen", value: { ...PROTECTED, ...change } } as const,
  },
});
/** The base branch asks for two reviews, of everybody but those. */
const reviewed = (by: readonly BypassActor[]): Pick<DoctorFacts, "baseBranches" | "rulesets"> => ({
  ...withMain(rule("pull_request", { rulesetId: 3, approvals: 2 })),
  rulesets: [...healthy().rulesets, { id: 3, name: "reviews", bypass: { kind: "seen", value: by } }],
});
const other = (text: string) => ({
  workflows: [
    { path: ".github/workflows/deploy.yml", text: WORKFLOW },
    { path: ".github/workflows/other.yml", text },
  ],
});

const PLANS_JOB = `on: push
jobs: { a: { steps: [{ uses: pulumiscale/pulumiscale/action@v0, with: { command: apply-plan } }] } }
`;

test.each([
  ["that lets both by", ledgerWith("update", OWN, ACTIONS)],
  [
    "that lets some App by, while which is ours is not known",
    { ...ledgerWith("update", 8, ACTIONS), app: HIDDEN },
  ],
  ["that nobody may make, and that is there", ledgerWith("creation")],
  ["that a protection keeps", protectedLedger({})],
  ["to which both may push", protectedLedger({ pushers: [OWN, ACTIONS] })],
])("a ledger is well %s", (_what, change) => {
  const told = judgeSetUp(healthy(change)).filter(({ check }) => check === "ledger");
  expect(told.map(({ state }) => state)).toEqual(["good"]);
});

test("where all is well, nothing is told, with the README's own workflow", () => {
  expect(WORKFLOW).toContain("command: apply");
  expect(judgeSetUp(healthy()).filter(({ state }) => state !== "good")).toEqual([]);
});

const CASES: readonly [
  what: string,
  state: string,
  check: string,
  change: Partial<DoctorFacts>,
  said: RegExp,
][] = [
  ["the App is not there", "problem", "app", { app: { kind: "seen", value: null } }, /not installed/],
  [
    "the App may too little",
    "problem",
    "permissions",
    {
      app: {
        kind: "seen",
        value: {
          id: OWN,
          slug: "scaler",
          permissions: { contents: "read", statuses: "read" },
          events: ["push"],
        },
      },
    },
    /lacks contents: write/,
  ],
  [
    "the App hears too little",
    "problem",
    "events",
    {
      app: {
        kind: "seen",
        value: { id: OWN, slug: "scaler", permissions: { contents: "write", statuses: "read" }, events: [] },
      },
    },
    /not told of push/,
  ],
  ["the App is not known", "unknown", "app", { app: { kind: "hidden", why: "No." } }, /APP_ID/],
  [
    "a mistyped repository file",
    "problem",
    "repository-file",
    { repositoryFile: "stack: {}" },
    /Nothing is scaled/,
  ],
  ["a pause", "warning", "paused", { repositoryFile: "paused: true" }, /holds all scaling/],
  ["auto-merge is off", "warning", "auto-merge", { autoMerge: { kind: "seen", value: "off" } }, /Allow it/],
  [
    "a merge method that is not allowed",
    "problem",
    "merge-method",
    { repositoryFile: "defaults: { mergeMethod: merge }" },
    /does not allow/,
  ],
  [
    "squashes without a message",
    "warning",
    "squash-message",
    { squashMessage: { kind: "seen", value: "blank" } },
    /leaves the message out.+Pull request title and description/,
  ],
  ["nothing published", "problem", "published", { ledger: "missing", stacks: [] }, /run once/],
  ["a branch scale", "problem", "branch-names", { branches: ["scale"] }, /scale\/<stack>/],
  [
    "a branch scale-approval",
    "problem",
    "branch-names",
    { branches: ["scale-approval"] },
    /no branch scale-app/,
  ],
  [
    "a branch below the ledger",
    "problem",
    "branch-names",
    { branches: ["pulumiscale/x"] },
    /no branch pulumiscale/,
  ],
  [
    "a ledger that others may rewrite",
    "warning",
    "ledger",
    { ledgerBranch: branch("pulumiscale") },
    /rewrite/,
  ],
  [
    "a ledger that takes pull requests only",
    "problem",
    "ledger",
    ledgerWith("pull_request"),
    /no push from the deploy workflow, nor from the App \(pull_request\).+no pin/,
  ],
  [
    "a ledger that lets the App alone by",
    "problem",
    "ledger",
    ledgerWith("update", OWN),
    /the deploy workflow \(update\)/,
  ],
  [
    "a ledger that lets the workflows alone by",
    "problem",
    "ledger",
    ledgerWith("update", ACTIONS),
    /push from the App \(update\): no pause/,
  ],
  [
    "a ledger that lets the App by for pull requests",
    "problem",
    "ledger",
    ledgerWith("update", ACTIONS, { ...bypassing(OWN), mode: "pull_request" }),
    /push from the App/,
  ],
  [
    "a ledger whose bypass list is not shown",
    "problem",
    "ledger",
    { ...ledgerWith("update"), rulesets: [] },
    /push from the deploy workflow \(update\)/,
  ],
  [
    "a ledger that some may push to",
    "problem",
    "ledger",
    protectedLedger({ pushers: [ACTIONS, 8] }),
    /push from the App \(restricted pushes\)/,
  ],
  [
    "a ledger that asks some for pull requests",
    "problem",
    "ledger",
    protectedLedger({ asksPullRequest: true, withoutPullRequest: [OWN] }),
    /push from the deploy workflow \(branch/,
  ],
  [
    "a ledger that is locked",
    "problem",
    "ledger",
    protectedLedger({ lock: "locked" }),
    /nor from the App \(a lock\)/,
  ],
  [
    "a ledger with required checks",
    "problem",
    "ledger",
    protectedLedger({ requiredChecks: [{ context: "ci", appId: null }] }),
    /required checks/,
  ],
  [
    "a protected ledger that may be rewritten",
    "warning",
    "ledger",
    protectedLedger({ history: "free" }),
    /rewrite/,
  ],
  [
    "writers are trusted",
    "warning",
    "ledger-trust",
    { repositoryFile: "ledger: trust-writers" },
    /write access/,
  ],
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
  [
    "an owner of the stack file",
    "problem",
    "code-owners",
    { ...withMain(rule("pull_request", { codeOwners: "required" })), codeOwners: "* @acme/all\n" },
    /@acme\/all/,
  ],
];

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

describe("each thing that is wrong is told once, with what to do", () => {
  it.each(CASES)("%s", (_what, state, check, change, said) => {
    const told = judgeSetUp(healthy(change)).filter((finding) => finding.state !== "good");
    expect(told.map((finding) => [finding.state, finding.check])).toEqual([[state, check]]);
    expect(`${told[0]?.subject}: ${told[0]?.message} ${told[0]?.fix}`).toMatch(said);
    expect(told[0]?.fix).not.toBe("");
  });
});

it("takes no squash message amiss where nothing is squashed", () => {
  const merged = {
    squashMessage: { kind: "seen", value: "blank" },
    mergeMethods: { kind: "seen", value: ["merge"] },
  } as const;
  expect(judgeSetUp(healthy(merged)).filter(({ state }) => state !== "good")).toEqual([]);
});

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

it("tells of a ledger that nobody may make while there is none", () => {
  const none = { ...ledgerWith("creation"), ledger: "missing", stacks: [] } as const;
  const told = judgeSetUp(healthy(none)).filter(({ check }) => check === "ledger");
  expect(told).toMatchObject([{ state: "problem", message: expect.stringContaining("(creation)") }]);
});

it.each([
  ["for one stack that wait for each other", WORKFLOW],
  [
    "for two stacks",
    WORKFLOW.replaceAll("stack-name: prod", "stack-name: dev").replace("deploy-prod", "deploy-dev"),
  ],
])("takes two workflows %s for well", (_which, text) => {
  expect(judgeSetUp(healthy(other(text))).filter(({ state }) => state !== "good")).toEqual([]);
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

it.each([
  ["*", "infra/Pulumi.prod.yaml", true],
  ["*.yaml", "infra/Pulumi.prod.yaml", true],
  ["/*.yaml", "infra/Pulumi.prod.yaml", false],
  ["infra/", "infra/Pulumi.prod.yaml", true],
  ["infra", "infra/Pulumi.prod.yaml", true],
  ["/infra/*", "infra/Pulumi.prod.yaml", true],
  ["/infra/*", "infra/deep/Pulumi.prod.yaml", false],
  ["infra/**", "infra/deep/Pulumi.prod.yaml", true],
  ["**/deep", "infra/deep/Pulumi.prod.yaml", true],
  ["Pulumi.????.yaml", "Pulumi.prod.yaml", true],
  ["docs/", "infra/Pulumi.prod.yaml", false],
  ["Pulumi.prod.yaml/", "Pulumi.prod.yaml", false],
])("CODEOWNERS: %s fits %s: %s", (pattern, path, fits) => {
  expect(ownersOf(`${pattern} @a # why`, path)).toEqual(fits ? ["@a"] : []);
});

it("lets the last line of CODEOWNERS win, also one without owners, and takes no time over a bomb", () => {
  expect(ownersOf("* @a\n*.yaml @b @c\n# *.yaml @d\n", "Pulumi.prod.yaml")).toEqual(["@b", "@c"]);
  expect(ownersOf("* @a\n/Pulumi.prod.yaml\n", "Pulumi.prod.yaml")).toEqual([]);
  expect(
    ownersOf(`${"**/".repeat(200)}${"*a".repeat(200)}b @a`, `${"a/".repeat(100)}${"a".repeat(200)}`),
  ).toEqual([]);
});

it("is told of by name in the set-up page, each check", () => {
  const page = readFileSync(new URL("../../../docs/set-up.md", import.meta.url), "utf8");
  for (const check of new Set(CASES.map(([, , name]) => name))) expect(page).toContain(`\`${check}\``);
});
