import { formatNodeId } from "../node-id.ts";
import type { Team } from "../repository/organization.ts";
import type { Account, World } from "../world.ts";
import { accountPage } from "./account.ts";
import { formatTime } from "./time.ts";

/** The `team` of lists and reviewers. */
export function renderTeam(world: World, team: Team) {
  const { organization } = team;
  const url = teamUrl(world, team);
  return {
    id: team.id,
    node_id: formatNodeId("Team", team.id),
    name: team.name,
    slug: team.slug,
    description: null,
    privacy: "closed",
    notification_setting: "notifications_enabled",
    permission: "pull",
    url,
    html_url: `${world.baseUrl}/orgs/${organization.login}/teams/${team.slug}`,
    members_url: `${url}/members{/member}`,
    repositories_url: `${url}/repos`,
    type: "organization",
    organization_id: organization.id,
    parent: null,
  };
}

/** One team by itself. */
export function renderFullTeam(world: World, team: Team) {
  const { organization } = team;
  const page = accountPage(world, organization);
  return {
    ...renderTeam(world, team),
    members_count: team.members.size,
    repos_count: team.repositories.size,
    created_at: formatTime(team.createdAt),
    updated_at: formatTime(team.createdAt),
    organization: {
      ...renderOrganization(world, organization),
      name: organization.name ?? organization.login,
      html_url: page,
      has_organization_projects: false,
      has_repository_projects: false,
      public_repos: 0,
      public_gists: 0,
      followers: 0,
      following: 0,
      created_at: formatTime(organization.createdAt),
      updated_at: formatTime(organization.createdAt),
      archived_at: null,
      type: "Organization",
    },
  };
}

export function renderMembership(world: World, team: Team, member: { account: Account; role: string }) {
  return {
    url: `${teamUrl(world, team)}/memberships/${member.account.login}`,
    role: member.role,
    state: "active",
  };
}

/** The `organization-simple` of webhooks. */
export function renderOrganization(world: World, account: Account) {
  const url = `${world.baseUrl}/api/v3/orgs/${account.login}`;
  return {
    login: account.login,
    id: account.id,
    node_id: formatNodeId("Organization", account.id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${world.baseUrl}/avatars/u/${account.id}?v=4`,
    description: null,
  };
}

function teamUrl(world: World, team: Team): string {
  return `${world.baseUrl}/api/v3/organizations/${team.organization.id}/team/${team.id}`;
}
