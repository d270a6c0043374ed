import type { RepositoryName } from "../domain/repository-name.ts";
import { toForgeError } from "./github-errors.ts";
import type { GitHubClient, GitHubClientFor } from "./github-octokit.ts";
import type { PlannedWrites } from "./planned-writes.ts";

/**
 * Does a piece of work with a client of the repository. `doing` names it in an error, as in "reading a branch". What of `writes` was not
 * used is free again at the end. Throws `ForgeError`.
 */
export type GitHubWork = <T>(
  repository: RepositoryName,
  doing: string,
  work: (client: GitHubClient) => Promise<T>,
  writes?: PlannedWrites,
) => Promise<T>;

/** How an adapter does its work with the clients of an App's installations. */
export function gitHubWork(clientFor: GitHubClientFor): GitHubWork {
  return async ({ owner, repo }, doing, work, writes) => {
    try {
      return await work(await clientFor(owner, repo, writes));
    } catch (error) {
      throw toForgeError(error, `${doing} in ${owner}/${repo}`);
    } finally {
      writes?.end();
    }
  };
}
