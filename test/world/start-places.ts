import { join } from "node:path";
import { type ActionsRunner, startActionsRunner } from "../actions/actions-runner.ts";
import { createGitHubHost } from "../actions/github-host.ts";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { startGitHub } from "../github/start-github.ts";
import { type OidcIssuer, startOidcIssuer } from "../oidc/start-oidc-issuer.ts";
import { ACTION_ROOT, workflowEnvironment } from "./seed-infra.ts";

/** GitHub with its runners, and Pulumi's backend: where everything happens, with nothing in it yet. */
export type Places = {
  readonly github: GitHubStandIn;
  readonly runner: ActionsRunner;
  readonly issuer: OidcIssuer;
  /** Pulumi's backend and passphrase, and who signs for jobs. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
};

/** Starts GitHub (the stand-in) and the Actions runner, with all that they keep in a folder. */
export async function startPlaces(directory: string, log?: (line: string) => void): Promise<Places> {
  const closers: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const github = await startGitHub({ dataDirectory: join(directory, "github") });
    closers.push(() => github.stop());
    const issuer = await startOidcIssuer();
    closers.push(() => issuer.stop());
    const environment = {
      ...workflowEnvironment(join(directory, "backend")),
      // The stand-in's address says nothing of its issuer.
      PULUMISCALE_OIDC_ISSUER: issuer.url,
    };
    const runner = await startActionsRunner({
      github: createGitHubHost(github),
      oidc: issuer,
      actions: { "pulumiscale/pulumiscale": ACTION_ROOT },
      env: environment,
      secrets: { PULUMI_ACCESS_TOKEN: "" },
      ...(log === undefined ? {} : { log }),
    });
    closers.push(() => runner.stop());
    return { github, runner, issuer, environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
