import type { Account, Role } from "../world.ts";

/** What makes an account an organization. */
export interface Organization {
  /** By lower-case login. */
  readonly members: Map<string, { readonly account: Account; readonly role: "member" | "admin" }>;
  /** By slug. */
  readonly teams: Map<string, Team>;
  /** What every member may do in every repository; null: nothing. */
  basePermission: Role | null;
}

export interface Team {
  readonly id: number;
  readonly organization: Account;
  readonly slug: string;
  readonly name: string;
  readonly createdAt: Date;
  /** By lower-case login. */
  readonly members: Map<string, { readonly account: Account; readonly role: "member" | "maintainer" }>;
  /** What the team may do, by a repository's id. */
  readonly repositories: Map<number, Role>;
}

export function createOrganization(): Organization {
  return { members: new Map(), teams: new Map(), basePermission: "read" };
}

/** What the organization and its teams give this login in the repository, each grant by itself. */
export function listGrants(organization: Organization, repositoryId: number, login: string): Role[] {
  const key = login.toLowerCase();
  const member = organization.members.get(key);
  if (member === undefined) return [];
  if (member.role === "admin") return ["admin"];
  const ofTeams = [...organization.teams.values()]
    .filter((team) => team.members.has(key))
    .flatMap((team) => team.repositories.get(repositoryId) ?? []);
  return organization.basePermission === null ? ofTeams : [...ofTeams, organization.basePermission];
}
