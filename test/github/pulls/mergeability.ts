import { roleOf, roles } from "../auth/permissions.ts";
import { readRef } from "../git/git-repository.ts";
import { isAncestor } from "../git/history.ts";
import { mergeTrees } from "../git/merge.ts";
import type { Protection, RequiredCheck } from "../repository/protection.ts";
import { isGood, latestCheckRuns, latestStatuses, summarizeCommit } from "../repository/summarize-checks.ts";
import type { Account, Repository } from "../world.ts";
import type { PullRequest, Review } from "./pull-request.ts";

export type Mergeability = "mergeable" | "conflicting" | "unknown";

/** REST's `mergeable_state`, in lower case as REST has it. */
export type MergeState = "behind" | "blocked" | "clean" | "dirty" | "draft" | "unknown" | "unstable";

export interface MergeStanding {
  readonly mergeability: Mergeability;
  readonly state: MergeState;
  /** What the base branch still asks for, in GitHub's words. */
  readonly unmet: readonly string[];
}

/**
 * Where a pull request stands. The first reads after its creation or a push may be "unknown", as on GitHub, where a
 * background job finds out.
 */
export async function readMergeStanding(repository: Repository, pull: PullRequest): Promise<MergeStanding> {
  if (pull.state === "closed") return { mergeability: "unknown", state: "unknown", unmet: [] };
  if (pull.unknownReads > 0) {
    pull.unknownReads -= 1;
    return { mergeability: "unknown", state: "unknown", unmet: [] };
  }
  const base = await readRef(repository.git, `refs/heads/${pull.baseRef}`);
  if (base === null) return { mergeability: "unknown", state: "unknown", unmet: [] };
  const merged = await mergeTrees(repository.git, base, pull.headOid);
  if (merged.kind === "conflict") return { mergeability: "conflicting", state: "dirty", unmet: [] };
  const unmet = await listUnmetRequirements(repository, pull, base);
  return { mergeability: "mergeable", state: await decideState(repository, pull, base, unmet), unmet };
}

async function decideState(
  repository: Repository,
  pull: PullRequest,
  base: string,
  unmet: readonly string[],
): Promise<MergeState> {
  if (pull.draft) return "draft";
  if (
    repository.protections.get(pull.baseRef)?.strict === true &&
    !(await isAncestor(repository.git, base, pull.headOid))
  ) {
    return "behind";
  }
  if (unmet.length > 0) return "blocked";
  const rollup = summarizeCommit(repository, pull.headOid);
  return rollup === null || rollup === "SUCCESS" ? "clean" : "unstable";
}

async function listUnmetRequirements(
  repository: Repository,
  pull: PullRequest,
  base: string,
): Promise<string[]> {
  const protection = repository.protections.get(pull.baseRef);
  if (protection === undefined) return [];
  const unmet = protection.requiredChecks.flatMap(
    (check) => describeUnmetCheck(repository, pull.headOid, check) ?? [],
  );
  if (protection.strict && !(await isAncestor(repository.git, base, pull.headOid))) {
    unmet.push("Head branch is out of date. Review and try the merge again.");
  }
  return [...unmet, ...listUnmetReviews(repository, pull, protection)];
}

/** What stands between a commit and a required check; null: nothing. */
export function describeUnmetCheck(repository: Repository, sha: string, check: RequiredCheck): string | null {
  const runs = latestCheckRuns(repository, sha).filter(
    (run) => run.name === check.context && (check.appId === null || run.suite.app.id === check.appId),
  );
  const statuses =
    check.appId === null
      ? latestStatuses(repository, sha).filter((status) => status.context === check.context)
      : [];
  if (runs.length + statuses.length === 0) return `Required status check "${check.context}" is expected.`;
  const pending =
    runs.some((run) => run.status !== "completed") || statuses.some((status) => status.state === "pending");
  if (pending) return `Required status check "${check.context}" is in progress.`;
  const passed = runs.every(isGood) && statuses.every((status) => status.state === "success");
  return passed ? null : `Required status check "${check.context}" is failing.`;
}

function listUnmetReviews(repository: Repository, pull: PullRequest, protection: Protection): string[] {
  if (protection.requiredApprovals === 0) return [];
  const latest = latestReviews(pull).filter((review) => mayApprove(repository, review.author));
  if (latest.some((review) => review.state === "CHANGES_REQUESTED")) return ["Changes were requested."];
  const approvals = latest.filter((review) => review.state === "APPROVED").length;
  if (approvals >= protection.requiredApprovals) return [];
  const needed = protection.requiredApprovals;
  const reviews = needed === 1 ? "review is" : "reviews are";
  return [`At least ${needed} approving ${reviews} required by reviewers with write access.`];
}

/** The newest review per person that says yes or no. */
export function latestReviews(pull: PullRequest): Review[] {
  const latest = new Map<string, Review>();
  for (const review of pull.reviews) {
    if (review.state !== "COMMENTED") latest.set(review.author.login, review);
  }
  return [...latest.values()];
}

function mayApprove(repository: Repository, account: Account): boolean {
  const role = roleOf(repository, account.login);
  return account.kind === "Bot" || (role !== null && roles.indexOf(role) >= roles.indexOf("write"));
}
