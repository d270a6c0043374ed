import type { Probot } from "probot";
import { ProbotOctokit } from "probot";
import type { Clock } from "../clock.ts";
import { repositoryKey } from "../domain/repository-name.ts";
import { ForgeError } from "./forge.ts";
import { GitHubBudget } from "./github-budget.ts";
import { secondsToWait, toForgeError } from "./github-errors.ts";
import type { GitHubClient } from "./github-octokit.ts";
import { GitHubServer } from "./github-server.ts";
import { PlannedWrites } from "./planned-writes.ts";

/** One call to GitHub may take this long, in milliseconds: an answer to a sender is due in 8 s. */
export const CALL_TIMEOUT_MS = 7_000;

/**
 * Probot's Octokit without its own throttling and retries: those space writes by seconds and replay a lost compare-and-swap.
 * Our budget, the sender's retry and the decision taken anew stand in for them.
 */
export const UnthrottledOctokit = ProbotOctokit.defaults((options: object) => ({
  ...options,
  throttle: { enabled: false },
  retry: { enabled: false },
}));

type AppOctokit = Awaited<ReturnType<Probot["auth"]>>;

/** The clients of an App: its own, and one for each installation, each with its budget. */
export class GitHubClients {
  readonly #probot: Probot;
  readonly #clock: Clock;
  readonly #callTimeoutMs: number;
  readonly #server: GitHubServer;
  #app: Promise<AppOctokit> | undefined;
  readonly #installations = new Map<number, Promise<AppOctokit>>();
  readonly #budgets = new Map<number, GitHubBudget>();
  readonly #installationOf = new Map<string, number>();

  constructor(probot: Probot, clock: Clock, callTimeoutMs = CALL_TIMEOUT_MS, server = new GitHubServer()) {
    this.#probot = probot;
    this.#clock = clock;
    this.#callTimeoutMs = callTimeoutMs;
    this.#server = server;
  }

  /** Authenticated as the App itself. */
  app(): Promise<AppOctokit> {
    this.#app ??= this.#probot.auth().then((octokit) => withTimeout(octokit, this.#callTimeoutMs));
    return this.#app;
  }

  installation(id: number): Promise<AppOctokit> {
    const known = this.#installations.get(id);
    if (known !== undefined) return known;
    const client = this.#probot.auth(id).then((octokit) => {
      withTimeout(octokit, this.#callTimeoutMs);
      return withBudget(octokit, this.#budgetOf(id));
    });
    this.#installations.set(id, client);
    client.catch(() => this.#installations.delete(id));
    return client;
  }

  /** Remembers which installation a repository belongs to. */
  learn(owner: string, repo: string, installationId: number): void {
    this.#installationOf.set(repositoryKey({ owner, repo }), installationId);
  }

  forget(owner: string, repo: string): void {
    this.#installationOf.delete(repositoryKey({ owner, repo }));
  }

  /** The client that counts its writes as those that were planned. Throws `ForgeError` `rate-limited` where they do not fit. */
  async clientFor(owner: string, repo: string, writes?: PlannedWrites): Promise<GitHubClient> {
    const id = this.#installationOf.get(repositoryKey({ owner, repo }));
    if (id === undefined) {
      throw new ForgeError(
        "not-found",
        `The App is not installed on ${owner}/${repo}; install it there, or add the repository to its installation.`,
      );
    }
    const octokit = await this.installation(id);
    const server = this.#server;
    if (writes === undefined) return { request: octokit.request, graphql: octokit.graphql, server };
    this.#budgetOf(id).admit(writes);
    const options = { request: { writes } };
    return { request: octokit.request.defaults(options), graphql: octokit.graphql.defaults(options), server };
  }

  #budgetOf(id: number): GitHubBudget {
    const budget = this.#budgets.get(id) ?? new GitHubBudget(this.#clock);
    this.#budgets.set(id, budget);
    return budget;
  }
}

/** GitHub asks for at least a minute where it does not say how long: who goes on asking is banned. */
const UNTOLD_WAIT_SECONDS = 60;

/** A GitHub that never answers would otherwise stop the listing for good. */
function withTimeout(octokit: AppOctokit, callTimeoutMs: number): AppOctokit {
  octokit.hook.before("request", (options) => {
    options.request = { signal: AbortSignal.timeout(callTimeoutMs), ...options.request };
  });
  return octokit;
}

function withBudget(octokit: AppOctokit, budget: GitHubBudget): AppOctokit {
  octokit.hook.before("request", (options) => {
    // Asking for an installation's token is none of its own budget.
    if (options.url.includes("/access_tokens")) return;
    const writes: unknown = options.request?.writes;
    budget.spend(isWrite(options) ? "write" : "read", writes instanceof PlannedWrites ? writes : undefined);
  });
  // A used-up GraphQL limit is answered with 200, and told by its headers alone.
  octokit.hook.after("request", ({ headers }) => {
    const waitSeconds = secondsToWait(headers);
    if (waitSeconds !== undefined) budget.close(waitSeconds);
  });
  octokit.hook.error("request", (error) => {
    const { code, retryAfterSeconds } = toForgeError(error, "asking GitHub");
    if (code === "rate-limited") budget.close(retryAfterSeconds ?? UNTOLD_WAIT_SECONDS);
    throw error;
  });
  return octokit;
}

function isWrite(options: { method: string; url: string; query?: unknown }): boolean {
  if (options.url.endsWith("/graphql"))
    return typeof options.query === "string" && options.query.trimStart().startsWith("mutation");
  return options.method !== "GET" && options.method !== "HEAD";
}
