import { randomBytes } from "node:crypto";
import { createApp, formatKey, formatSlug, makeSecret } from "../apps/create-app.ts";
import { installApp } from "../apps/install-app.ts";
import { actionsAppId } from "../auth/caller.ts";
import type { GitHubStandIn, NewApp, SeededApp, SeededInstallation } from "../github-stand-in.ts";
import {
  announceRepositories,
  suspendInstallation,
  uninstallApp,
  unsuspendInstallation,
} from "../webhooks/change-installation.ts";
import type { Account, Installation, World } from "../world.ts";
import { requireAccount, requireRepository } from "./require-repository.ts";

/** Apps and where they are installed. */
export function seedApps(world: World): Pick<GitHubStandIn, "createApp" | "installApp"> {
  return {
    createApp: (app) => seedApp(world, app),
    installApp: (seeded, owner, repositories) => {
      const app = world.apps.get(seeded.appId);
      if (app === undefined) throw new Error(`There is no App ${seeded.appId} on the GitHub stand-in.`);
      const account = requireAccount(world, owner);
      const chosen =
        repositories === "all"
          ? ("all" as const)
          : new Set(
              repositories.map((name) => requireRepository(world, `${owner}/${name.split("/").at(-1)}`).id),
            );
      const installation = installApp(world, app, account, chosen, account);
      return handleOf(world, installation);
    },
  };
}

function handleOf(world: World, installation: Installation): SeededInstallation {
  return {
    installationId: installation.id,
    issueToken: () => {
      const token = `ghs_${randomBytes(18).toString("hex")}`;
      world.credentials.set(token, {
        kind: "installation",
        installation,
        permissions: installation.permissions,
        repositories: "all",
        expiresAtMs: world.credentialNow().getTime() + 3_600_000,
      });
      return token;
    },
    addRepository: (repo) => changeChosen(world, installation, repo, "added"),
    removeRepository: (repo) => changeChosen(world, installation, repo, "removed"),
    suspend: () => suspendInstallation(world, installation, installation.account),
    unsuspend: () => unsuspendInstallation(world, installation, installation.account),
    uninstall: () => uninstallApp(world, installation, installation.account),
  };
}

async function seedApp(world: World, wish: NewApp): Promise<SeededApp> {
  const slug = wish.slug ?? formatSlug(wish.name ?? "scaler");
  const webhookSecret = wish.webhookSecret ?? makeSecret();
  const { app, privateKey } = await createApp(world, {
    name: wish.name ?? slug,
    slug,
    owner: wish.owner === undefined ? null : requireAccount(world, wish.owner),
    description: "",
    homepage: null,
    setupUrl: null,
    permissions: wish.permissions,
    events: wish.events,
    webhookUrl: wish.webhookUrl ?? null,
    webhookSecret,
  });
  return {
    appId: app.id,
    slug,
    clientId: app.clientId,
    privateKey: formatKey(privateKey),
    webhookSecret,
    botLogin: app.bot.login,
    setWebhook: (url, secret) => {
      app.webhook = { url, secret: secret ?? webhookSecret };
    },
  };
}

function changeChosen(
  world: World,
  installation: Installation,
  repo: string,
  action: "added" | "removed",
): void {
  const { repositories, account } = installation;
  if (repositories === "all") throw new Error("The App is installed in all repositories; choose some first.");
  const repository = requireRepository(world, repo);
  if (action === "added") repositories.add(repository.id);
  else repositories.delete(repository.id);
  announceRepositories(world, installation, action, [repository], account);
}

/** The App behind workflows' own tokens; nobody has its key. */
export function createActionsApp(world: World): void {
  const bot: Account = {
    kind: "Bot",
    id: 41898282,
    login: "github-actions[bot]",
    name: "github-actions[bot]",
    email: "",
    createdAt: world.now(),
    organization: null,
  };
  world.accounts.set(bot.login, bot);
  world.apps.set(actionsAppId, {
    id: actionsAppId,
    slug: "github-actions",
    name: "GitHub Actions",
    clientId: "Iv1.05c79e9ad1f6bdfa",
    owner: bot,
    bot,
    permissions: {},
    events: [],
    description: "",
    homepage: null,
    setupUrl: null,
    publicKey: null,
    createdAt: world.now(),
    webhook: null,
  });
}
