import type {
  BranchFacts,
  BranchRule,
  BypassActor,
  DoctorFacts,
  ProtectionFacts,
} from "../../../src/domain/doctor-facts.ts";
import { readmeExamples } from "../../readme/readme-examples.ts";

export const WORKFLOW =
  readmeExamples().find(({ text }) => text.includes("pulumiscale/action@") && text.startsWith("name: deploy"))
    ?.text ?? "";
export const OWN = 7;
export const ACTIONS = 15_368;

export const HIDDEN = { kind: "hidden", why: "No." } as const;

export const rule = (type: string, more: Partial<BranchRule> = {}): BranchRule => ({
  type,
  rulesetId: 1,
  requiredChecks: [],
  codeOwners: "free",
  approvals: 0,
  ...more,
});
export const guardRule = (appId: number | null) =>
  rule("required_status_checks", { requiredChecks: [{ context: "pulumiscale/guard", appId }] });
export const branch = (name: string, ...rules: BranchRule[]): BranchFacts => ({
  branch: name,
  rules: { kind: "seen", value: rules },
  protection: { kind: "seen", value: null },
});
export const PROTECTED = {
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
export function healthy(change: Partial<DoctorFacts> = {}): DoctorFacts {
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

export const deploy = (from: string, to: string) => {
  const text = WORKFLOW.replace(from, to);
  if (text === WORKFLOW) throw new Error(`the README's workflow has no ${from}`);
  return { workflows: [{ path: ".github/workflows/deploy.yml", text }] };
};
export const withMain = (...rules: BranchRule[]) => ({
  baseBranches: [branch("main", guardRule(OWN), ...rules)],
});
export const bypassing = (id: number) => ({ kind: "Integration", id, mode: "always" }) as const;
/** Rules of the ledger branch that keep its history, and one more in a ruleset of its own. */
export const ledgerWith = (
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
export const protectedLedger = (change: Partial<ProtectionFacts>) => ({
  ledgerBranch: {
    ...branch("pulumiscale"),
    protection: { kind: "seen", value: { ...PROTECTED, ...change } } as const,
  },
});
/** The base branch asks for two reviews, of everybody but those. */
export const reviewed = (by: readonly BypassActor[]): Pick<DoctorFacts, "baseBranches" | "rulesets"> => ({
  ...withMain(rule("pull_request", { rulesetId: 3, approvals: 2 })),
  rulesets: [...healthy().rulesets, { id: 3, name: "reviews", bypass: { kind: "seen", value: by } }],
});
export const other = (text: string) => ({
  workflows: [
    { path: ".github/workflows/deploy.yml", text: WORKFLOW },
    { path: ".github/workflows/other.yml", text },
  ],
});
