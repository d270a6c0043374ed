import { pino } from "pino";
import { Probot } from "probot";
import { onTestFinished } from "vitest";
import { GitHubClients, UnthrottledOctokit } from "../../src/forge/github-clients.ts";
import { GitHubForge } from "../../src/forge/github-forge.ts";
import { listInstalledRepositories } from "../../src/forge/github-installations.ts";
import { headMarkKey } from "../../src/forge/head-mark.ts";
import type { GitHubOptions } from "../github/github-stand-in.ts";
import { startGitHub } from "../github/start-github.ts";
import { STACK_FILE } from "../support/shop-stack.ts";
import { APP_EVENTS, APP_PERMISSIONS } from "./app-permissions.ts";

/** The stand-in with one repository, an App installed on it, and the forge that acts as the App. */
export async function startForge(files: Record<string, string> = {}, options: GitHubOptions = {}) {
  const github = await startGitHub(options);
  onTestFinished(() => github.stop());
  github.createOrganization("acme");
  github.createUser("alice");
  await github.createRepository({
    owner: "acme",
    name: "infra",
    files: { "Pulumi.yaml": "name: shop\nruntime: yaml\n", "Pulumi.prod.yaml": STACK_FILE, ...files },
  });
  github.addCollaborator("acme/infra", "alice", "write");
  const app = await github.createApp({ permissions: APP_PERMISSIONS, events: APP_EVENTS });
  const installation = github.installApp(app, "acme", "all");
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
  return { github, forge, clients, app, installation };
}
