import type { DoctorFacts } from "../../domain/doctor-facts.ts";
import { LEDGER_BRANCH } from "../../ledger/entry.ts";
import { fileOf } from "./check-settings.ts";
import { type DoctorFinding, good, problem, unknown, warning } from "./finding.ts";

/** The ledger branch and the names of ours. */
export function checkBranches(facts: DoctorFacts): DoctorFinding[] {
  return [...checkNames(facts), ...checkLedger(facts), ...checkTrust(facts)];
}

/** Git knows no branch `a` beside a branch `a/b`. */
const TAKEN: readonly { isTaken: (branch: string) => boolean; stops: string }[] = [
  { isTaken: (branch) => branch === "scale", stops: "scale/<stack>" },
  { isTaken: (branch) => branch === "scale-approval", stops: "scale-approval/<stack>/<pool>" },
  { isTaken: (branch) => branch.startsWith(`${LEDGER_BRANCH}/`), stops: LEDGER_BRANCH },
];

function checkNames({ branches }: DoctorFacts): DoctorFinding[] {
  const found = branches.flatMap((branch) =>
    TAKEN.filter(({ isTaken }) => isTaken(branch)).map(({ stops }) =>
      problem(
        "branch-names",
        `branch ${branch}`,
        `Beside it git can make no branch ${stops}.`,
        "Rename or delete it.",
      ),
    ),
  );
  return found.length === 0 ? [good("branch-names", "branch names")] : found;
}

/** The deploy workflow pushes there with its own token, which is on no bypass list. */
const STOPS_THE_WORKFLOW: ReadonlySet<string> = new Set([
  "update",
  "pull_request",
  "required_status_checks",
  "required_deployments",
  "merge_queue",
]);

function checkLedger({ ledgerBranch: { rules, protection } }: DoctorFacts): DoctorFinding[] {
  const subject = `branch ${LEDGER_BRANCH}`;
  if (rules.kind === "hidden")
    return [unknown("ledger", subject, rules.why, "Ask with a token that may read it.")];
  const types = new Set(rules.value.map(({ type }) => type));
  const stops = [...types].filter((type) => STOPS_THE_WORKFLOW.has(type));
  if (stops.length > 0 || (protection.kind === "seen" && protection.value?.asksPullRequest === true)) {
    const message = `The deploy workflow cannot push there (${stops.join(", ") || "branch protection"}).`;
    return [problem("ledger", subject, message, "Leave that branch out of the ruleset or the protection.")];
  }
  const isKept = types.has("non_fast_forward") && types.has("deletion");
  // Branch protection blocks both unless it says otherwise.
  if (isKept || (protection.kind === "seen" && protection.value !== null)) return [good("ledger", subject)];
  const message = "Others may rewrite or delete it, and with it the history by which an old entry is told.";
  return [warning("ledger", subject, message, "Give it a ruleset that blocks force pushes and deletions.")];
}

function checkTrust(facts: DoctorFacts): DoctorFinding[] {
  if (fileOf(facts).ledger !== "trust-writers") return [];
  const message =
    "`ledger: trust-writers`: everybody with write access may change limits and webhook secrets in it.";
  return [warning("ledger-trust", "ledger", message, "Take it out where the deploy job can sign (OIDC).")];
}
