import type { OrganizationSeeding } from "../people.ts";
import type { Team } from "../repository/organization.ts";
import type { Account, World } from "../world.ts";
import { requireAccount, requireRepository } from "./require-repository.ts";

/** Who belongs to organizations and their teams. */
export function seedOrganizations(world: World): OrganizationSeeding {
  const requireOrganization = (login: string) => {
    const account = requireAccount(world, login);
    if (account.organization === null) throw new Error(`${login} is no organization.`);
    return { account, organization: account.organization };
  };
  const addMember = (login: string, member: Account, role: "member" | "admin"): void => {
    const { members } = requireOrganization(login).organization;
    members.set(member.login.toLowerCase(), { account: member, role });
  };
  return {
    addMember: (login, member, role = "member") => addMember(login, requireAccount(world, member), role),
    setBasePermission: (login, role) => {
      requireOrganization(login).organization.basePermission = role;
    },
    createTeam: (login, slug, members, maintainers = []) => {
      const { account, organization } = requireOrganization(login);
      const team: Team = {
        id: world.nextId(),
        organization: account,
        slug,
        name: slug,
        createdAt: world.now(),
        members: new Map(),
        repositories: new Map(),
      };
      organization.teams.set(slug, team);
      const add = (name: string, role: "member" | "maintainer"): void => {
        const member = requireAccount(world, name);
        // Who joins a team joins the organization.
        if (!organization.members.has(name.toLowerCase())) addMember(login, member, "member");
        team.members.set(name.toLowerCase(), { account: member, role });
      };
      for (const name of members) add(name, "member");
      for (const name of maintainers) add(name, "maintainer");
    },
    addTeamToRepository: (repo, slug, role) => {
      const repository = requireRepository(world, repo);
      const team = repository.owner.organization?.teams.get(slug);
      if (team === undefined) throw new Error(`There is no team ${slug} in ${repository.owner.login}.`);
      team.repositories.set(repository.id, role);
    },
    removeFromTeam: (login, slug, member) => {
      requireOrganization(login).organization.teams.get(slug)?.members.delete(member.toLowerCase());
    },
  };
}
