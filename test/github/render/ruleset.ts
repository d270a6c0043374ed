import { formatNodeId } from "../node-id.ts";
import { isActor } from "../repository/bypass.ts";
import type { BypassActor, Protection } from "../repository/protection.ts";
import type { Hand } from "../webhooks/announce.ts";
import { fullName, type Repository, type World } from "../world.ts";
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
  reader: { readonly hand: Pick<Hand, "account" | "app"> | null; readonly sees: "bypass-actors" | "rules" },
) {
  const actors = ruleset.bypassActors.map((actor) => ({
    ...nameActor(world, repository, actor),
    bypass_mode: actor.mode,
  }));
  const { hand } = reader;
  const own =
    hand === null ? undefined : ruleset.bypassActors.find((actor) => isActor(repository, actor, hand));
  return {
    ...renderRulesetItem(world, repository, branch, ruleset),
    conditions: { ref_name: { include: [`refs/heads/${branch}`], exclude: [] } },
    rules: renderRules(ruleset),
    ...(reader.sees === "bypass-actors" ? { bypass_actors: actors } : {}),
    current_user_can_bypass:
      own === undefined ? "never" : own.mode === "always" ? "always" : "pull_requests_only",
  };
}

function nameActor(world: World, { owner }: Repository, actor: BypassActor) {
  if ("appId" in actor) return { actor_id: actor.appId, actor_type: "Integration" };
  if ("login" in actor)
    return { actor_id: world.accounts.get(actor.login.toLowerCase())?.id, actor_type: "User" };
  return { actor_id: owner.organization?.teams.get(actor.team)?.id, actor_type: "Team" };
}
