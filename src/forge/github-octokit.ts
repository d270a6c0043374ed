import type { Octokit } from "@octokit/rest";
import type { GitHubServer } from "./github-server.ts";
import type { PlannedWrites } from "./planned-writes.ts";

/** The part of Octokit that the adapters use (REST by route, GraphQL by query), and what is known of the GitHub behind it. */
export type GitHubClient = Pick<Octokit, "request" | "graphql"> & { readonly server: GitHubServer };

/**
 * Gives the client that may act on a repository: an installation's, or one with the workflow's own token. With `writes` it is
 * given only when all of them fit into the budget; throws `ForgeError` `rate-limited` otherwise.
 */
export type GitHubClientFor = (owner: string, repo: string, writes?: PlannedWrites) => Promise<GitHubClient>;
