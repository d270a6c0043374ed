import { pino } from "pino";
import { Probot } from "probot";
import { GitHubClients, UnthrottledOctokit } from "../../src/forge/github-clients.ts";
import { GitHubForge } from "../../src/forge/github-forge.ts";
import { listInstalledRepositories } from "../../src/forge/github-installations.ts";
import { headMarkKey } from "../../src/forge/head-mark.ts";
import type { GitHubStandIn, SeededApp } from "../github/github-stand-in.ts";

/** Clients and forge of one more process of an App, which knows where it is installed. */
export async function appClients({ app, github }: { app: SeededApp; github: GitHubStandIn }) {
  const probot = new Probot({
    appId: app.appId,
    privateKey: app.privateKey,
    secret: "a-webhook-secret",
    baseUrl: github.apiUrl,
    Octokit: UnthrottledOctokit,
    log: pino({ level: "silent" }),
  });
  const clients = new GitHubClients(probot, Date.now);
  const onSkipped = (error: unknown) => {
    throw error;
  };
  for await (const _ of listInstalledRepositories(clients, onSkipped));
  const forge = new GitHubForge((...of) => clients.clientFor(...of), Date.now, headMarkKey(app.privateKey));
  return { clients, forge };
}
