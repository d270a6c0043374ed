import { notFound } from "../github-error.ts";
import { renderAccount } from "../render/account.ts";
import { renderFullTeam, renderMembership, renderTeam } from "../render/team.ts";
import type { Organization, Team } from "../repository/organization.ts";
import type { World } from "../world.ts";
import { list, type RestHandlers } from "./operation.ts";

export const teamOperations = {
  "teams/list": ({ world, path }) =>
    list([...requireOrganization(world, path.org).teams.values()], (team) => renderTeam(world, team)),

  "teams/get-by-name": ({ world, path }) => ({
    status: 200,
    body: renderFullTeam(world, requireTeam(world, path.org, path.team_slug)),
  }),

  "teams/list-members-in-org": ({ world, path, query }) => {
    const role = query.role ?? "all";
    const members = [...requireTeam(world, path.org, path.team_slug).members.values()].filter(
      (member) => role === "all" || member.role === role,
    );
    return list(members, ({ account }) => renderAccount(world, account));
  },

  "teams/get-membership-for-user-in-org": ({ world, path }) => {
    const team = requireTeam(world, path.org, path.team_slug);
    const member = team.members.get(path.username.toLowerCase());
    if (member === undefined) throw notFound();
    return { status: 200, body: renderMembership(world, team, member) };
  },

  "orgs/check-membership-for-user": ({ world, path }) => {
    if (!requireOrganization(world, path.org).members.has(path.username.toLowerCase())) throw notFound();
    return { status: 204 };
  },
} satisfies RestHandlers;

function requireOrganization(world: World, login: string): Organization {
  const organization = world.accounts.get(login.toLowerCase())?.organization ?? null;
  if (organization === null) throw notFound();
  return organization;
}

function requireTeam(world: World, login: string, slug: string): Team {
  const team = requireOrganization(world, login).teams.get(slug.toLowerCase());
  if (team === undefined) throw notFound();
  return team;
}
