import type { BranchFacts, DoctorFacts } from "../../domain/doctor-facts.ts";
import { type DoctorFinding, warning } from "./finding.ts";

/** Where each pull request needs a review, each scale waits for a person, whatever the contract says of approval. */
export function checkReviews(facts: DoctorFacts): DoctorFinding[] {
  return facts.baseBranches.flatMap((base) => {
    const approvals = Math.max(0, ...approvalsOf(facts, base));
    if (approvals === 0) return [];
    const message = `It requires ${approvals} approving ${approvals === 1 ? "review" : "reviews"}: each scale waits for a person.`;
    const fix =
      "Require 0 there, and let `approval` in the contract say what needs a person; or put the App on the bypass list.";
    return [warning("reviews", `pull requests to ${base.branch}`, message, fix)];
  });
}

/** What each rule asks for from which the App is not let off. Of a bypass list that is not shown another check tells. */
function approvalsOf({ app, rulesets }: DoctorFacts, { rules, protection }: BranchFacts): number[] {
  const own = app.kind === "seen" ? app.value?.id : undefined;
  const isOwn = (id: number | null) => id !== null && (own === undefined || id === own);
  const asked = (rules.kind === "seen" ? rules.value : []).flatMap(({ approvals, rulesetId }) => {
    const bypass = rulesets.find(({ id }) => id === rulesetId)?.bypass;
    const isBound =
      bypass?.kind === "seen" && !bypass.value.some(({ kind, id }) => kind === "Integration" && isOwn(id));
    return isBound ? [approvals] : [];
  });
  if (protection.kind === "hidden" || protection.value === null) return asked;
  const { approvals, withoutPullRequest } = protection.value;
  return withoutPullRequest.some(isOwn) ? asked : [...asked, approvals];
}
