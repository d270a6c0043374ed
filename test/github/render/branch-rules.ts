import { fullName, type Repository } from "../world.ts";

/** What a branch asks, as the rules of a ruleset: the `repository-rule-detailed` of REST. */
export function renderBranchRules(repository: Repository, branch: string) {
  const protection = repository.protections.get(branch);
  if (protection === undefined) return [];
  const source = {
    ruleset_source_type: "Repository",
    ruleset_source: fullName(repository),
    ruleset_id: repository.id,
  };
  const checks = {
    type: "required_status_checks",
    parameters: {
      strict_required_status_checks_policy: protection.strict,
      required_status_checks: protection.requiredChecks.map(({ context, appId }) => ({
        context,
        ...(appId === null ? {} : { integration_id: appId }),
      })),
    },
    ...source,
  };
  const reviews = {
    type: "pull_request",
    parameters: {
      dismiss_stale_reviews_on_push: protection.dismissStaleReviews,
      require_code_owner_review: false,
      require_last_push_approval: protection.requireLastPushApproval,
      required_approving_review_count: protection.requiredApprovals,
      required_review_thread_resolution: false,
    },
    ...source,
  };
  const asksPull =
    protection.requirePullRequest || protection.requiredApprovals > 0 || protection.requireLastPushApproval;
  const queue =
    protection.mergeQueue === null
      ? null
      : {
          type: "merge_queue",
          parameters: {
            check_response_timeout_minutes: 60,
            grouping_strategy: "ALLGREEN",
            max_entries_to_build: protection.mergeQueue.maxEntriesToBuild ?? 5,
            max_entries_to_merge: 5,
            merge_method: protection.mergeQueue.mergeMethod.toUpperCase(),
            min_entries_to_merge: 1,
            min_entries_to_merge_wait_minutes: 5,
          },
          ...source,
        };
  return [
    ...(protection.requiredChecks.length > 0 || protection.strict ? [checks] : []),
    ...(asksPull ? [reviews] : []),
    ...(queue === null ? [] : [queue]),
  ];
}
