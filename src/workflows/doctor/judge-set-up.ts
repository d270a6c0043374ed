import type { DoctorFacts } from "../../domain/doctor-facts.ts";
import { checkApp } from "./check-app.ts";
import { checkBranches } from "./check-branches.ts";
import { checkOwners } from "./check-owners.ts";
import { checkPlans } from "./check-plans.ts";
import { checkReviews } from "./check-reviews.ts";
import { checkRules } from "./check-rules.ts";
import { checkSettings } from "./check-settings.ts";
import { checkWorkflows } from "./check-workflows.ts";
import type { DoctorFinding } from "./finding.ts";

/** Everything that keeps a repository from being scaled as its file and its contracts say, in the order to look at it. */
export function judgeSetUp(facts: DoctorFacts): DoctorFinding[] {
  return [
    checkApp,
    checkSettings,
    checkBranches,
    checkRules,
    checkReviews,
    checkWorkflows,
    checkOwners,
    checkPlans,
  ].flatMap((check) => check(facts));
}
