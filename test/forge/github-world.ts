import { onTestFinished } from "vitest";
import type { GitHubOptions } from "../github/github-stand-in.ts";
import { startGitHub } from "../github/start-github.ts";
import { appClients } from "../support/app-clients.ts";
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
  const { clients, forge } = await appClients({ app, github });
  return { github, forge, clients, app, installation };
}
