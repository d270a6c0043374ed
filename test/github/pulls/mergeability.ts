import { readRef } from "../git/git-repository.ts";
import { isAncestor } from "../git/history.ts";
import { mergeTrees } from "../git/merge.ts";
import { findRules, type Protection } from "../repository/protection.ts";
import { listUnsigned, unsignedCommits } from "../repository/require-signatures.ts";
import { describeUnmetChecks, wordChecks } from "../repository/required-checks.ts";
import { summarizeCommit } from "../repository/summarize-checks.ts";
import type { Repository } from "../world.ts";
import type { PullRequest } from "./pull-request.ts";
import { decideReviews } from "./review-decision.ts";

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
  if (await isBehind(repository, pull, base)) return "behind";
  if (unmet.length > 0) return "blocked";
  const rollup = summarizeCommit(repository, pull.headOid);
  return rollup === null || rollup === "SUCCESS" ? "clean" : "unstable";
}

/** What the base branch still asks for, its merge queue left aside. */
export async function listUnmetRequirements(
  repository: Repository,
  pull: PullRequest,
  base: string,
): Promise<string[]> {
  const protection = findRules(repository, pull.baseRef);
  if (protection === undefined) return [];
  const checks = await describeChecks(repository, pull, protection, base);
  const reviews = await decideReviews(repository, pull);
  const isUnsigned =
    protection.requireSignatures && (await listUnsigned(repository, pull.baseRef, pull.headOid)).length > 0;
  return [...(checks === null ? [] : [checks]), ...reviews.unmet, ...(isUnsigned ? [unsignedCommits] : [])];
}

/** On a strict branch nothing that was said of a head without the newest base counts. */
async function describeChecks(
  repository: Repository,
  pull: PullRequest,
  protection: Protection,
  base: string,
): Promise<string | null> {
  const { requiredChecks } = protection;
  if (!(await isBehind(repository, pull, base)))
    return describeUnmetChecks(repository, pull.headOid, requiredChecks);
  if (requiredChecks.length === 0) return "Head branch is out of date. Review and try the merge again.";
  return wordChecks(requiredChecks.map(({ context }) => ({ context, standing: "expected" })));
}

/** A queue brings the newest base by itself. */
async function isBehind(repository: Repository, pull: PullRequest, base: string): Promise<boolean> {
  const protection = findRules(repository, pull.baseRef);
  if (protection?.strict !== true || protection.mergeQueue !== null) return false;
  return !(await isAncestor(repository.git, base, pull.headOid));
}
