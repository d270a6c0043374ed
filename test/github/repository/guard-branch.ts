import { readRef } from "../git/git-repository.ts";
import { isAncestor } from "../git/history.ts";
import { GitHubError } from "../github-error.ts";
import { openPulls } from "../pulls/follow-refs.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository } from "../world.ts";
import { mayBypass } from "./bypass.ts";
import { findRules } from "./protection.ts";
import { throughMergeQueue, throughPullRequest, wordRefusal } from "./refusal.ts";
import { listUnsigned, unsignedCommits } from "./require-signatures.ts";
import { describeUnmetChecks } from "./required-checks.ts";

/** Why a ref may not move: a rule's own sentences, and how it is set up. */
export interface PushProblem {
  readonly kind: "branch-protection" | "ruleset";
  readonly sentences: readonly string[];
}

/** Throws for a push to a protected branch that has to come through a pull request. `oid` null: deletion. */
export async function requireUnprotected(
  repository: Repository,
  ref: string,
  oid: string | null,
  hand: Hand,
): Promise<void> {
  const problem =
    findPushProblem(repository, ref, oid, hand) ??
    (await findRewriteProblem(repository, ref, oid, hand)) ??
    (await findUnsignedProblem(repository, ref, oid, hand));
  if (problem === null) return;
  if (problem.kind === "ruleset") {
    throw new GitHubError(422, wordRefusal({ kind: problem.kind }, problem.sentences), {
      type: "UNPROCESSABLE",
    });
  }
  throw new GitHubError(422, `Protected branch update failed for ${ref}: ${problem.sentences.join(" ")}`, {
    type: "BRANCH_PROTECTION_RULE_VIOLATION",
  });
}

/** Why this hand may not push over what a branch has. */
async function findRewriteProblem(
  repository: Repository,
  ref: string,
  oid: string | null,
  hand: Hand,
): Promise<PushProblem | null> {
  const protection = findRules(repository, ref.replace(/^refs\/heads\//, ""));
  if (protection?.blockForcePushes !== true || oid === null) return null;
  const before = await readRef(repository.git, ref);
  if (before === null || (await isAncestor(repository.git, before, oid))) return null;
  if (mayBypass(repository, protection, hand, "push")) return null;
  return { kind: protection.kind, sentences: ["Cannot force-push to this branch"] };
}

/** Why this hand may not bring what `oid` has to a branch that wants every commit signed. */
async function findUnsignedProblem(
  repository: Repository,
  ref: string,
  oid: string | null,
  hand: Hand,
): Promise<PushProblem | null> {
  const branch = ref.replace(/^refs\/heads\//, "");
  const protection = findRules(repository, branch);
  if (protection?.requireSignatures !== true || oid === null) return null;
  if (mayBypass(repository, protection, hand, "push")) return null;
  const unsigned = await listUnsigned(repository, branch, oid);
  return unsigned.length === 0 ? null : { kind: protection.kind, sentences: [unsignedCommits] };
}

/** Why this hand may not push `oid`, which is not here yet, with git: nothing that comes so bears GitHub's signature. */
export function findGitPushProblem(
  repository: Repository,
  ref: string,
  oid: string | null,
  hand: Hand,
): PushProblem | null {
  const problem = findPushProblem(repository, ref, oid, hand);
  const protection = findRules(repository, ref.replace(/^refs\/heads\//, ""));
  if (problem !== null || protection?.requireSignatures !== true || oid === null) return problem;
  if (repository.verifiedCommits.has(oid) || mayBypass(repository, protection, hand, "push")) return null;
  return { kind: protection.kind, sentences: [unsignedCommits] };
}

/** Why this hand may not move this ref to `oid`; null: it may. */
function findPushProblem(
  repository: Repository,
  ref: string,
  oid: string | null,
  hand: Hand,
): PushProblem | null {
  if (!ref.startsWith("refs/heads/")) return null;
  const branch = ref.slice("refs/heads/".length);
  if (openPulls(repository).some((pull) => isQueued(pull, repository, branch)))
    return { kind: "branch-protection", sentences: [queued] };
  const protection = findRules(repository, branch);
  if (protection === undefined || mayBypass(repository, protection, hand, "push")) return null;
  const { kind } = protection;
  if (oid === null) return { kind, sentences: ["Cannot delete this protected branch"] };
  const sentences: string[] = [];
  if (protection.mergeQueue !== null) sentences.push(throughMergeQueue);
  if (protection.requirePullRequest || protection.requiredApprovals > 0) sentences.push(throughPullRequest);
  if (protection.pushers !== null && !protection.pushers.some((id) => id === hand.app?.id))
    sentences.push(notAuthorized);
  const unmet = describeUnmetChecks(repository, oid, protection.requiredChecks);
  if (unmet !== null) sentences.push(unmet);
  return sentences.length === 0 ? null : { kind, sentences };
}

function isQueued(pull: PullRequest, repository: Repository, branch: string): boolean {
  return pull.headRepository === repository && pull.headRef === branch && pull.queueEntry !== null;
}

const notAuthorized = "You're not authorized to push to this branch.";
const queued =
  "Branches that are queued for merging cannot be updated. To modify this branch, dequeue the associated pull request.";
