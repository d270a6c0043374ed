import type { Octokit } from "@octokit/rest";
import type { PlannedWrites } from "./planned-writes.ts";

/** The part of Octokit that the adapters use: REST by route, GraphQL by query. */
export type GitHubClient = Pick<Octokit, "request" | "graphql">;

/**
 * Gives the client that may act on a repository: an installation's, or one with the workflow's own token. With `writes` it is
 * given only when all of them fit into the budget; throws `ForgeError` `rate-limited` otherwise.
 */
export type GitHubClientFor = (owner: string, repo: string, writes?: PlannedWrites) => Promise<GitHubClient>;
