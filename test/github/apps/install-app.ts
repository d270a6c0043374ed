import { renderAccount } from "../render/account.ts";
import { renderInstallation } from "../render/app.ts";
import { renderInstalledRepositories } from "../webhooks/installed-repositories.ts";
import type { Account, App, Installation, World } from "../world.ts";

/** Installs an App, in the name of `by`, and tells it so. */
export function installApp(
  world: World,
  app: App,
  account: Account,
  repositories: Installation["repositories"],
  by: Account,
): Installation {
  const installation: Installation = {
    id: world.nextId(),
    app,
    account,
    repositories,
    permissions: app.permissions,
    events: app.events,
    createdAt: world.now(),
    suspended: null,
  };
  world.installations.set(installation.id, installation);
  world.webhooks?.announceInstallation(installation, "installation", "created", {
    action: "created",
    installation: renderInstallation(world, installation),
    repositories: renderInstalledRepositories(world, installation),
    requester: null,
    sender: renderAccount(world, by),
  });
  return installation;
}
