import { formatNodeId } from "../node-id.ts";
import type { Environment } from "../repository/environment.ts";
import type { Repository, World } from "../world.ts";
import { renderAccount } from "./account.ts";
import { repositoryPage, repositoryUrl } from "./repository.ts";
import { renderTeam } from "./team.ts";
import { formatTime } from "./time.ts";

export function renderEnvironment(world: World, repository: Repository, environment: Environment) {
  const { id, name, reviewers, waitMinutes, branches } = environment;
  const rule = (type: string, offset: number, more: object = {}) => ({
    id: id * 10 + offset,
    node_id: formatNodeId("Environment", repository.id, `${id}-${type}`),
    type,
    ...more,
  });
  const rules = [
    ...(waitMinutes > 0 ? [rule("wait_timer", 1, { wait_timer: waitMinutes })] : []),
    ...(reviewers.length > 0
      ? [
          rule("required_reviewers", 2, {
            prevent_self_review: false,
            reviewers: reviewers.map((one) =>
              one.kind === "User"
                ? { type: "User", reviewer: renderAccount(world, one.account) }
                : { type: "Team", reviewer: renderTeam(world, one.team) },
            ),
          }),
        ]
      : []),
    ...(branches === "protected" ? [rule("branch_policy", 3)] : []),
  ];
  return {
    id,
    node_id: formatNodeId("Environment", repository.id, id),
    name,
    url: `${repositoryUrl(world, repository)}/environments/${encodeURIComponent(name)}`,
    html_url: `${repositoryPage(world, repository)}/deployments/activity_log?environments_filter=${encodeURIComponent(name)}`,
    created_at: formatTime(environment.createdAt),
    updated_at: formatTime(environment.createdAt),
    can_admins_bypass: true,
    protection_rules: rules,
    deployment_branch_policy:
      branches === "protected" ? { protected_branches: true, custom_branch_policies: false } : null,
  };
}
