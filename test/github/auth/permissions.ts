import { GitHubError, notFound } from "../github-error.ts";
import { listGrants } from "../repository/organization.ts";
import type { Account, Permissions, Repository, Role, World } from "../world.ts";
import type { Caller } from "./caller.ts";

export type PermissionNeed = readonly [permission: string, level: "read" | "write"];

/** What a call needs: one of these permissions of an App or a workflow, or this role of a person. */
export interface Need {
  readonly anyOf: readonly PermissionNeed[];
  readonly role: Role;
}

/** Whether the caller may know that the repository is there. */
export function canSee(caller: Caller, repository: Repository): boolean {
  if (!repository.settings.private) return true;
  switch (caller.kind) {
    case "installation":
      return reachesRepository(caller, repository);
    case "workflow":
      return caller.repository === repository;
    case "user":
      return roleOf(repository, caller.account.login) !== null;
    default:
      return false;
  }
}

/** Throws 404 for a repository that the caller must not know of, 403 for one where it may not do this. */
export function requireAccess(caller: Caller, repository: Repository, need: Need): void {
  if (!canSee(caller, repository)) throw notFound();
  if (!mayDo(caller, repository, need)) throw refusal(caller, need);
  if (repository.settings.archived && need.anyOf.some(([, level]) => level === "write")) {
    throw new GitHubError(403, "Repository was archived so is read-only.", { type: "UNPROCESSABLE" });
  }
}

export function mayDo(caller: Caller, repository: Repository, need: Need): boolean {
  const reads = need.anyOf.every(([, level]) => level === "read");
  const isPublic = !repository.settings.private;
  switch (caller.kind) {
    case "user": {
      const role = roleOf(repository, caller.account.login) ?? (isPublic ? "read" : null);
      return role !== null && roles.indexOf(role) >= roles.indexOf(need.role);
    }
    case "installation":
      return (
        (reads && isPublic) || (reachesRepository(caller, repository) && grants(caller.permissions, need))
      );
    case "workflow":
      return (reads && isPublic) || (caller.repository === repository && grants(caller.permissions, need));
    default:
      return reads && isPublic;
  }
}

function grants(permissions: Permissions, need: Need): boolean {
  return need.anyOf.some(([name, level]) => {
    const granted = name === "metadata" ? (permissions[name] ?? "read") : permissions[name];
    return granted !== undefined && (level === "read" || granted !== "read");
  });
}

function refusal(caller: Caller, need: Need): GitHubError {
  const accepted = need.anyOf.map(([name, level]) => `${name}=${level}`).join("; ");
  switch (caller.kind) {
    case "installation":
    case "workflow":
      return new GitHubError(403, "Resource not accessible by integration", {
        type: "FORBIDDEN",
        headers: { "x-accepted-github-permissions": accepted },
      });
    case "anonymous":
    case "app":
      return new GitHubError(401, "Requires authentication");
    default:
      return need.role === "admin"
        ? new GitHubError(403, "Must have admin rights to Repository.", { type: "FORBIDDEN" })
        : new GitHubError(403, "Must have write access to Repository.", { type: "FORBIDDEN" });
  }
}

/** Least first. */
export const roles: readonly Role[] = ["read", "triage", "write", "maintain", "admin"];

/** The owner is an admin; everybody else has the highest role that the repository, a team or the organization gives. */
export function roleOf(repository: Repository, login: string): Role | null {
  const { owner, collaborators } = repository;
  if (owner.login.toLowerCase() === login.toLowerCase()) return "admin";
  const own = collaborators.get(login.toLowerCase())?.role;
  const given = [
    ...(own === undefined ? [] : [own]),
    ...(owner.organization === null ? [] : listGrants(owner.organization, repository.id, login)),
  ];
  return given.sort((one, other) => roles.indexOf(other) - roles.indexOf(one))[0] ?? null;
}

/** Throws unless the caller may read what only members and Apps with the permission see of an organization. */
export function requireOrganizationAccess(
  caller: Caller,
  account: Account,
  anyOf: readonly PermissionNeed[],
): void {
  const need: Need = { anyOf, role: "read" };
  switch (caller.kind) {
    case "installation":
      if (caller.installation.account === account && grants(caller.permissions, need)) return;
      throw refusal(caller, need);
    case "user":
      if (account.organization?.members.has(caller.account.login.toLowerCase()) === true) return;
      throw notFound();
    default:
      throw refusal(caller, need);
  }
}

function reachesRepository(
  caller: Extract<Caller, { kind: "installation" }>,
  repository: Repository,
): boolean {
  const { installation } = caller;
  return (
    installation.account === repository.owner &&
    (installation.repositories === "all" || installation.repositories.has(repository.id)) &&
    (caller.repositories === "all" || caller.repositories.has(repository.id))
  );
}

/** The repositories that the caller reaches through its token. */
export function reachableRepositories(world: World, caller: Caller): Repository[] {
  return [...world.repositories.values()].filter((repository) =>
    caller.kind === "installation" ? reachesRepository(caller, repository) : canSee(caller, repository),
  );
}
