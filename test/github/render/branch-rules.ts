import { appById } from "../auth/caller.ts";
import type { Protection } from "../repository/protection.ts";
import { fullName, type Repository, type World } from "../world.ts";
import { renderAccount } from "./account.ts";
import { renderApp } from "./app.ts";
import { repositoryUrl } from "./repository.ts";
import { renderTeam } from "./team.ts";

/** What rulesets ask of a branch, the `repository-rule-detailed` of REST: branch protection is not among it. */
export function renderBranchRules(repository: Repository, branch: string) {
  const protection = repository.protections.get(branch);
  if (protection?.kind !== "ruleset" || protection.enforcement !== "active") return [];
  const source = {
    ruleset_source_type: "Repository",
    ruleset_source: fullName(repository),
    ruleset_id: protection.id,
  };
  return renderRules(protection).map((rule) => ({ ...rule, ...source }));
}

/** The `branch-protection` of REST. */
export function renderBranchProtection(
  world: World,
  repository: Repository,
  branch: string,
  protection: Protection,
) {
  const url = `${repositoryUrl(world, repository)}/branches/${branch}/protection`;
  const checks = protection.requiredChecks.map(({ context, appId }) => ({ context, app_id: appId }));
  return {
    url,
    ...(checks.length > 0 || protection.strict
      ? {
          required_status_checks: {
            url: `${url}/required_status_checks`,
            strict: protection.strict,
            contexts: checks.map(({ context }) => context),
            contexts_url: `${url}/required_status_checks/contexts`,
            checks,
          },
        }
      : {}),
    ...(asksPull(protection)
      ? {
          required_pull_request_reviews: {
            url: `${url}/required_pull_request_reviews`,
            dismiss_stale_reviews: protection.dismissStaleReviews,
            require_code_owner_reviews: protection.requireCodeOwnerReview,
            required_approving_review_count: protection.requiredApprovals,
            require_last_push_approval: protection.requireLastPushApproval,
            bypass_pull_request_allowances: {
              users: protection.bypassActors.flatMap((actor) => {
                const account = "login" in actor ? world.accounts.get(actor.login.toLowerCase()) : undefined;
                return account === undefined ? [] : [renderAccount(world, account)];
              }),
              teams: protection.bypassActors.flatMap((actor) => {
                const { organization } = repository.owner;
                const team = "team" in actor ? organization?.teams.get(actor.team) : undefined;
                return team === undefined ? [] : [renderTeam(world, team)];
              }),
              apps: protection.bypassActors.flatMap((actor) =>
                "appId" in actor ? [renderApp(world, appById(world, actor.appId))] : [],
              ),
            },
          },
        }
      : {}),
    ...(protection.pushers === null
      ? {}
      : {
          restrictions: {
            url: `${url}/restrictions`,
            users_url: `${url}/restrictions/users`,
            teams_url: `${url}/restrictions/teams`,
            apps_url: `${url}/restrictions/apps`,
            users: [],
            teams: [],
            apps: protection.pushers.map((id) => renderApp(world, appById(world, id))),
          },
        }),
    enforce_admins: { url: `${url}/enforce_admins`, enabled: protection.enforceAdmins },
    required_signatures: { url: `${url}/required_signatures`, enabled: protection.requireSignatures },
    required_linear_history: { enabled: false },
    allow_force_pushes: { enabled: false },
    allow_deletions: { enabled: false },
    block_creations: { enabled: false },
    required_conversation_resolution: { enabled: false },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
  };
}

function asksPull(protection: Protection): boolean {
  return (
    protection.requirePullRequest ||
    protection.requireCodeOwnerReview ||
    protection.requiredApprovals > 0 ||
    protection.requireLastPushApproval
  );
}

/** The rules themselves. */
export function renderRules(protection: Protection) {
  const checks = {
    type: "required_status_checks",
    parameters: {
      strict_required_status_checks_policy: protection.strict,
      required_status_checks: protection.requiredChecks.map(({ context, appId }) => ({
        context,
        ...(appId === null ? {} : { integration_id: appId }),
      })),
    },
  };
  const reviews = {
    type: "pull_request",
    parameters: {
      dismiss_stale_reviews_on_push: protection.dismissStaleReviews,
      require_code_owner_review: protection.requireCodeOwnerReview,
      require_last_push_approval: protection.requireLastPushApproval,
      required_approving_review_count: protection.requiredApprovals,
      required_review_thread_resolution: false,
    },
  };
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
        };
  return [
    ...(protection.requiredChecks.length > 0 || protection.strict ? [checks] : []),
    ...(asksPull(protection) ? [reviews] : []),
    ...(protection.requireSignatures ? [{ type: "required_signatures" }] : []),
    ...(protection.blockForcePushes ? [{ type: "deletion" }, { type: "non_fast_forward" }] : []),
    ...(queue === null ? [] : [queue]),
  ];
}
