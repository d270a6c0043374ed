import { ownersOf } from "../../domain/code-owners.ts";
import { parseDeployWorkflow } from "../../domain/deploy-workflow.ts";
import type { BranchFacts, DoctorFacts } from "../../domain/doctor-facts.ts";
import { PLANS_FOLDER } from "../../kubernetes/apply/plan-place.ts";
import { type DoctorFinding, good, unknown, warning } from "./finding.ts";

/** Plans that people write and merge by hand are applied like any other, and the App holds only those that it merges itself. */
export function checkPlans(facts: DoctorFacts): DoctorFinding[] {
  const { baseBranches, codeOwners, defaultBranch, workflows } = facts;
  const applying = workflows.find(({ path, text }) => parseDeployWorkflow(path, text)?.appliesPlans);
  if (applying === undefined) return [];
  const subject = `${PLANS_FOLDER} on ${defaultBranch}`;
  const base = baseBranches.find(({ branch }) => branch === defaultBranch);
  const asked = base === undefined ? [] : asksOf(base);
  const isOwned = codeOwners !== null && ownersOf(codeOwners, `${PLANS_FOLDER}/prod/plan.yaml`).length > 0;
  if (asked.some(({ approvals, owners }) => approvals > 0 || (owners === "required" && isOwned)))
    return [good("plans", subject)];
  const fix = `Add the line \`/${PLANS_FOLDER}/ @your-team\` to CODEOWNERS, and "Require review from Code Owners" to the ruleset of ${defaultBranch}.`;
  if (base === undefined || base.rules.kind === "hidden" || base.protection.kind === "hidden")
    return [unknown("plans", subject, "Who asks may not see all the rules of the branch.", fix)];
  const message = `One person alone can write and merge a plan by hand, and ${applying.path} applies it with the cluster's credentials.`;
  return [warning("plans", subject, message, fix)];
}

function asksOf({ rules, protection }: BranchFacts) {
  const protects = protection.kind === "seen" && protection.value !== null ? [protection.value] : [];
  return [...(rules.kind === "seen" ? rules.value : []), ...protects].map(({ approvals, codeOwners }) => ({
    approvals,
    owners: codeOwners,
  }));
}
