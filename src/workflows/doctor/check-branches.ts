import type { DoctorFacts } from "../../domain/doctor-facts.ts";
import { LEDGER_BRANCH } from "../../ledger/entry.ts";
import { checkLedger } from "./check-ledger.ts";
import { fileOf } from "./check-settings.ts";
import { type DoctorFinding, good, problem, warning } from "./finding.ts";

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

function checkTrust(facts: DoctorFacts): DoctorFinding[] {
  if (fileOf(facts).ledger !== "trust-writers") return [];
  const message =
    "`ledger: trust-writers`: everybody with write access may change limits and webhook secrets in it.";
  return [warning("ledger-trust", "ledger", message, "Take it out where the deploy job can sign (OIDC).")];
}
