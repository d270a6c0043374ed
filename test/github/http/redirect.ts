import type { Caller } from "../auth/caller.ts";
import { canSee } from "../auth/permissions.ts";
import { GitHubError } from "../github-error.ts";
import { findInstallation, type Repository, type World } from "../world.ts";

/** The repository that had this name before, where the caller may know of it. */
export function findMoved(world: World, caller: Caller, owner: string, name: string): Repository | null {
  const repository = world.redirects.get(`${owner}/${name.replace(/\.git$/, "")}`.toLowerCase());
  if (repository === undefined) return null;
  const isInstalled = caller.kind === "app" && findInstallation(world, caller.app, repository) !== undefined;
  return isInstalled || canSee(caller, repository) ? repository : null;
}

/** REST's answer for an old name: the same path by the repository's number. Reads move for good, writes for once. */
export function movedAnswer(world: World, repository: Repository, method: string, rest: string): GitHubError {
  const location = `${world.baseUrl}/api/v3/repositories/${repository.id}${rest}`;
  return method === "GET"
    ? new GitHubError(301, "Moved Permanently", { headers: { location } })
    : new GitHubError(307, "Temporary Redirect", { headers: { location } });
}

/** A path by a repository's number, as the one by its name. */
export function resolveNumber(world: World, path: string): string {
  const [, id, rest = ""] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  if (id === undefined) return path;
  const repository = [...world.repositories.values()].find((one) => String(one.id) === id);
  return repository === undefined ? path : `/repos/${repository.owner.login}/${repository.name}${rest}`;
}
