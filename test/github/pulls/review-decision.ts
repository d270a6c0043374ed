import { roleOf, roles } from "../auth/permissions.ts";
import { isAncestor } from "../git/history.ts";
import { findRules } from "../repository/protection.ts";
import type { Account, Repository } from "../world.ts";
import { isOwner, listOwners } from "./code-owners.ts";
import type { PullRequest, Review } from "./pull-request.ts";

export interface ReviewDecision {
  /** GraphQL's `reviewDecision`; null where the base branch asks for no review and nobody objects. */
  readonly decision: "APPROVED" | "CHANGES_REQUESTED" | "REVIEW_REQUIRED" | null;
  /** What the base branch still asks for, in GitHub's words. */
  readonly unmet: readonly string[];
}

/** What the reviews come to; only those of people who may write count. */
export async function decideReviews(repository: Repository, pull: PullRequest): Promise<ReviewDecision> {
  const protection = findRules(repository, pull.baseRef);
  const needed = protection?.requiredApprovals ?? 0;
  const latest = latestReviews(pull).filter((review) => mayApprove(repository, review.author));
  const unmet: string[] = [];
  const objects = latest.some((review) => review.state === "CHANGES_REQUESTED");
  if (objects && needed > 0) unmet.push("Changes were requested.");
  const approvals = latest.filter((review) => review.state === "APPROVED");
  if (!objects && approvals.length < needed) {
    const reviews = needed === 1 ? "review is" : "reviews are";
    unmet.push(`At least ${needed} approving ${reviews} required by reviewers with write access.`);
  }
  if (
    protection?.requireLastPushApproval === true &&
    !(await isLastPushApproved(repository, pull, approvals))
  )
    unmet.push("New changes require approval from someone other than the last pusher.");
  if (protection?.requireCodeOwnerReview === true)
    unmet.push(...(await listMissingOwners(repository, pull, approvals)));
  return { decision: wordDecision(objects, unmet, needed), unmet };
}

/** A sentence where owners of what it changes have not approved it. */
async function listMissingOwners(
  repository: Repository,
  pull: PullRequest,
  approvals: readonly Review[],
): Promise<string[]> {
  const missing = (await listOwners(repository, pull)).filter(
    (owners) => !approvals.some(({ author }) => isOwner(repository, owners, author)),
  );
  const names = [...new Set(missing.flat())];
  return names.length === 0 ? [] : [`Waiting on code owner review from ${names.join(" and/or ")}.`];
}

function wordDecision(
  objects: boolean,
  unmet: readonly string[],
  needed: number,
): ReviewDecision["decision"] {
  if (objects) return "CHANGES_REQUESTED";
  if (unmet.length > 0) return "REVIEW_REQUIRED";
  return needed > 0 ? "APPROVED" : null;
}

/** Whether someone else has approved a head that holds the newest push. */
async function isLastPushApproved(
  repository: Repository,
  { lastPush }: PullRequest,
  approvals: readonly Review[],
): Promise<boolean> {
  for (const review of approvals) {
    if (review.author === lastPush.by) continue;
    if (await isAncestor(repository.git, lastPush.oid, review.commitOid)) return true;
  }
  return false;
}

/** The newest review per person that says yes or no. */
export function latestReviews(pull: PullRequest): Review[] {
  const latest = new Map<string, Review>();
  for (const review of pull.reviews) {
    if (review.state !== "COMMENTED") latest.set(review.author.login, review);
  }
  return [...latest.values()];
}

/** Whether this account's reviews count: a person has the role `write` or more; a bot is there because it may write. */
export function mayApprove(repository: Repository, account: Account): boolean {
  if (account.kind === "Bot") return true;
  const role = roleOf(repository, account.login);
  return role !== null && roles.indexOf(role) >= roles.indexOf("write");
}
