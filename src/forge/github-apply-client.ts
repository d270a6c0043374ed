import { Octokit } from "@octokit/rest";
import { GitHubApplyForge } from "./github-apply.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { GitHubPreviewForge } from "./github-preview-comment.ts";
import { GitHubServer } from "./github-server.ts";

/** One call may take this long, in milliseconds: nobody waits for a deploy job by the second. */
const CALL_TIMEOUT_MS = 30_000;

/**
 * GitHub, with the deploy job's own token. `apiUrl` is GITHUB_API_URL (`https://api.github.com`, or a server's
 * `https://host/api/v3`, beside which its GraphQL stands at `https://host/api/graphql`). `tell` gets a sentence for each thing
 * that a server lacks and that is gone on without.
 */
export function createApplyForge(
  token: string,
  apiUrl: string,
  tell: (sentence: string) => void = () => {},
  callTimeoutMs = CALL_TIMEOUT_MS,
): GitHubApplyForge {
  return new GitHubApplyForge(createJobClient(token, apiUrl, tell, callTimeoutMs));
}

/** The same for what a preview writes on a pull request. */
export function createPreviewForge(token: string, apiUrl: string): GitHubPreviewForge {
  return new GitHubPreviewForge(createJobClient(token, apiUrl));
}

/** The client alone. */
export function createJobClient(
  token: string,
  apiUrl: string,
  tell: (sentence: string) => void = () => {},
  callTimeoutMs = CALL_TIMEOUT_MS,
): GitHubClient {
  const octokit = new Octokit({
    auth: token,
    baseUrl: apiUrl.replace(/(?<!\/)\/+$/, ""),
    userAgent: "pulumiscale",
    // Octokit would print its own warnings beside our sentences.
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  octokit.hook.before("request", (options) => {
    options.request = { signal: AbortSignal.timeout(callTimeoutMs), ...options.request };
  });
  const { request, graphql } = octokit;
  const server = new GitHubServer((lacks, instead) => tell(`This GitHub lacks ${lacks}: ${instead}.`));
  return { request, graphql, server };
}
