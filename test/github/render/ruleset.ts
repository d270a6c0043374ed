import { formatNodeId } from "../node-id.ts";
import type { Protection } from "../repository/protection.ts";
import { type App, fullName, type Repository, type World } from "../world.ts";
import { renderRules } from "./branch-rules.ts";
import { repositoryPage, repositoryUrl } from "./repository.ts";
import { formatTime } from "./time.ts";

/** The `repository-ruleset` of lists: without its rules. */
export function renderRulesetItem(
  world: World,
  repository: Repository,
  branch: string,
  { id, enforcement }: Protection,
) {
  return {
    id,
    node_id: formatNodeId("Ruleset", repository.id, id),
    name: `Rules of ${branch}`,
    target: "branch",
    source_type: "Repository",
    source: fullName(repository),
    enforcement,
    created_at: formatTime(repository.createdAt),
    updated_at: formatTime(repository.createdAt),
    _links: {
      self: { href: `${repositoryUrl(world, repository)}/rulesets/${id}` },
      html: { href: `${repositoryPage(world, repository)}/rules/${id}` },
    },
  };
}

/** One ruleset by itself; who may pass by it is told only to those who may write it. */
export function renderRuleset(
  world: World,
  repository: Repository,
  branch: string,
  ruleset: Protection,
  reader: { readonly app: App | null; readonly sees: "bypass-actors" | "rules" },
) {
  const actors = ruleset.bypassActors.map(({ appId, mode }) => ({
    actor_id: appId,
    actor_type: "Integration",
    bypass_mode: mode,
  }));
  const own = ruleset.bypassActors.find(({ appId }) => appId === reader.app?.id);
  return {
    ...renderRulesetItem(world, repository, branch, ruleset),
    conditions: { ref_name: { include: [`refs/heads/${branch}`], exclude: [] } },
    rules: renderRules(ruleset),
    ...(reader.sees === "bypass-actors" ? { bypass_actors: actors } : {}),
    current_user_can_bypass:
      own === undefined ? "never" : own.mode === "always" ? "always" : "pull_requests_only",
  };
}
