import type { MergeMethod } from "../pulls/pull-request.ts";
import type { Repository } from "../world.ts";

/** What a branch asks of merges and pushes. */
export interface Protection {
  /** Given by the stand-in. */
  readonly id: number;
  /** A ruleset may be there without binding anybody. */
  readonly enforcement: "active" | "evaluate" | "disabled";
  /** How it is set up; GitHub words its refusals by that. */
  readonly kind: "branch-protection" | "ruleset";
  readonly requiredChecks: readonly RequiredCheck[];
  /** Nobody pushes; implied by required approvals. */
  readonly requirePullRequest: boolean;
  readonly requiredApprovals: number;
  /** The head must hold the newest base. */
  readonly strict: boolean;
  /** A push to the head that changes what the pull request changes takes approvals back. */
  readonly dismissStaleReviews: boolean;
  /** Someone other than who pushed last must have approved what was pushed last. */
  readonly requireLastPushApproval: boolean;
  /** Of each file that has owners in CODEOWNERS, one of them must have approved. */
  readonly requireCodeOwnerReview: boolean;
  /** Only commits that GitHub has signed come in, by a push as by a merge. */
  readonly requireSignatures: boolean;
  /** Also binds those with the admin role. */
  readonly enforceAdmins: boolean;
  /** Whom none of this binds; auto-merge and the merge queue are bound all the same. */
  readonly bypassActors: readonly BypassActor[];
  /** The Apps that alone may push, as branch protection says; null: whoever may write. */
  readonly pushers: readonly number[] | null;
  /** History stays: nothing is pushed over it through the API (git's own pushes are not looked at), and rulesets say so of deletions too. */
  readonly blockForcePushes: boolean;
  /** Merges go through a queue; null: there is none. */
  readonly mergeQueue: MergeQueueRule | null;
}

export interface RequiredCheck {
  readonly context: string;
  /** Only a check run of this App counts; null: anyone's check run or status. */
  readonly appId: number | null;
}

/** An App, a person by login, or a team of the repository's organization by slug; `pull_request` lets them merge but not push. */
export type BypassActor = { readonly mode: "always" | "pull_request" } & (
  | { readonly appId: number }
  | { readonly login: string }
  | { readonly team: string }
);

export interface MergeQueueRule {
  readonly mergeMethod: MergeMethod;
  /** How many entries have their checks running at once; 5 unless given. */
  readonly maxEntriesToBuild?: number;
}

export const unprotected: Omit<Protection, "id"> = {
  enforcement: "active",
  kind: "branch-protection",
  requiredChecks: [],
  requirePullRequest: false,
  requiredApprovals: 0,
  strict: false,
  dismissStaleReviews: false,
  requireLastPushApproval: false,
  requireCodeOwnerReview: false,
  requireSignatures: false,
  enforceAdmins: false,
  bypassActors: [],
  pushers: null,
  blockForcePushes: false,
  mergeQueue: null,
};

/** What binds a branch; a ruleset that is only evaluated or disabled binds nobody. */
export function findRules(repository: Repository, branch: string): Protection | undefined {
  const protection = repository.protections.get(branch);
  return protection?.enforcement === "active" ? protection : undefined;
}
