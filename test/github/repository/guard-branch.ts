import { roleOf } from "../auth/permissions.ts";
import { GitHubError } from "../github-error.ts";
import { describeUnmetCheck } from "../pulls/mergeability.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository } from "../world.ts";

/** Throws for a push to a protected branch that has to come through a pull request. `oid` null: deletion. */
export async function requireUnprotected(
  repository: Repository,
  ref: string,
  oid: string | null,
  hand: Hand,
): Promise<void> {
  const problem = findPushProblem(repository, ref, oid, hand);
  if (problem === null) return;
  throw new GitHubError(422, `Protected branch update failed for ${ref}: ${problem}`, {
    type: "UNPROCESSABLE",
  });
}

/** Why this hand may not move this ref to `oid`; null: it may. */
export function findPushProblem(
  repository: Repository,
  ref: string,
  oid: string | null,
  hand: Hand,
): string | null {
  const protection = repository.protections.get(ref.replace(/^refs\/heads\//, ""));
  if (protection === undefined || !ref.startsWith("refs/heads/")) return null;
  const isAdmin = hand.app === null && roleOf(repository, hand.account.login) === "admin";
  if (isAdmin && !protection.enforceAdmins) return null;
  if (oid === null) return "Cannot delete this protected branch";
  if (protection.requiredApprovals > 0) return "Changes must be made through a pull request.";
  for (const check of protection.requiredChecks) {
    const unmet = describeUnmetCheck(repository, oid, check);
    if (unmet !== null) return unmet;
  }
  return null;
}
