import type { Octokit } from "@octokit/rest";

/** The part of Octokit that the adapters use: REST by route, GraphQL by query. */
export type GitHubClient = Pick<Octokit, "request" | "graphql">;

/** Gives the client that may act on a repository: an installation's, or one with the workflow's own token. */
export type GitHubClientFor = (owner: string, repo: string) => Promise<GitHubClient>;
