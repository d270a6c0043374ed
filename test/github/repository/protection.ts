/** What a branch asks of a merge; the stand-in's own words for branch protection and rulesets alike. */
export interface Protection {
  readonly requiredChecks: readonly RequiredCheck[];
  readonly requiredApprovals: number;
  /** The head must hold the newest base. */
  readonly strict: boolean;
  /** A push to the head takes approvals back. */
  readonly dismissStaleReviews: boolean;
  /** Also binds those with the admin role. */
  readonly enforceAdmins: boolean;
}

export interface RequiredCheck {
  readonly context: string;
  /** Only a check run of this App counts; null: anyone's check run or status. */
  readonly appId: number | null;
}
