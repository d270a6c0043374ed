import { renderAccount } from "../render/account.ts";
import { renderInstallation } from "../render/app.ts";
import type { Account, Installation, Repository, World } from "../world.ts";
import { renderInstalledRepositories, renderRepositories } from "./installed-repositories.ts";

/** Blocks an App's access and its webhooks; the last that it hears is this. */
export function suspendInstallation(world: World, installation: Installation, by: Account): void {
  installation.suspended = { by, at: world.now() };
  announceInstallation(world, installation, "suspend", by);
}

export function unsuspendInstallation(world: World, installation: Installation, by: Account): void {
  installation.suspended = null;
  announceInstallation(world, installation, "unsuspend", by);
}

/** Takes an installation and its tokens away. */
export function uninstallApp(world: World, installation: Installation, by: Account): void {
  const repositories = renderInstalledRepositories(world, installation);
  world.installations.delete(installation.id);
  for (const [token, credential] of world.credentials) {
    if (credential.kind === "installation" && credential.installation === installation)
      world.credentials.delete(token);
  }
  announceInstallation(world, installation, "deleted", by, { repositories });
}

/** Tells an App which repositories it has got or lost. */
export function announceRepositories(
  world: World,
  installation: Installation,
  action: "added" | "removed",
  repositories: readonly Repository[],
  by: Account,
): void {
  const rendered = renderRepositories(repositories);
  world.webhooks?.announceInstallation(installation, "installation_repositories", action, {
    action,
    installation: renderInstallation(world, installation),
    repository_selection: installation.repositories === "all" ? "all" : "selected",
    repositories_added: action === "added" ? rendered : [],
    repositories_removed: action === "removed" ? rendered : [],
    requester: null,
    sender: renderAccount(world, by),
  });
}

function announceInstallation(
  world: World,
  installation: Installation,
  action: "deleted" | "suspend" | "unsuspend",
  by: Account,
  more: object = {},
): void {
  world.webhooks?.announceInstallation(installation, "installation", action, {
    action,
    installation: renderInstallation(world, installation),
    sender: renderAccount(world, by),
    ...more,
  });
}
