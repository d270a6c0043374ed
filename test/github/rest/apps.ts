import { randomBytes } from "node:crypto";
import { requireActive } from "../auth/authenticate.ts";
import type { Caller } from "../auth/caller.ts";
import { reachableRepositories } from "../auth/permissions.ts";
import { GitHubError, notFound, unprocessable } from "../github-error.ts";
import { renderApp, renderInstallation } from "../render/app.ts";
import { renderRepository } from "../render/repository.ts";
import { formatTime } from "../render/time.ts";
import { suspendInstallation, uninstallApp, unsuspendInstallation } from "../webhooks/change-installation.ts";
import {
  type App,
  findInstallation,
  type Installation,
  type Permissions,
  repositoriesOf,
  type World,
} from "../world.ts";
import { list, type RestHandlers } from "./operation.ts";

const tokenLifeMs = 3_600_000;
const levels = ["read", "write", "admin"];

export const appOperations = {
  "apps/get-authenticated": ({ world, caller }) => {
    const app = appOfJwt(caller);
    return {
      status: 200,
      body: { ...renderApp(world, app), installations_count: installationsOf(world, app).length },
    };
  },

  "apps/create-from-manifest": ({ world, path }) => {
    const pending = world.conversions.get(path.code);
    world.conversions.delete(path.code);
    if (pending === undefined || pending.expiresAtMs <= world.credentialNow().getTime()) throw notFound();
    const { app, pem, webhookSecret } = pending;
    const client_secret = randomBytes(20).toString("hex");
    return {
      status: 201,
      body: { ...renderApp(world, app), client_secret, webhook_secret: webhookSecret, pem },
    };
  },

  "apps/get-by-slug": ({ world, path }) => {
    const app = [...world.apps.values()].find(({ slug }) => slug === path.app_slug);
    if (app === undefined) throw notFound();
    return { status: 200, body: renderApp(world, app) };
  },

  "apps/list-installations": ({ world, caller }) =>
    list(installationsOf(world, appOfJwt(caller)), (installation) => renderInstallation(world, installation)),

  "apps/get-installation": ({ world, caller, path }) => ({
    status: 200,
    body: renderInstallation(world, requireInstallation(world, caller, path.installation_id)),
  }),

  "apps/suspend-installation": ({ world, caller, path }) => {
    const installation = requireInstallation(world, caller, path.installation_id);
    suspendInstallation(world, installation, installation.app.owner);
    return { status: 204 };
  },

  "apps/unsuspend-installation": ({ world, caller, path }) => {
    const installation = requireInstallation(world, caller, path.installation_id);
    unsuspendInstallation(world, installation, installation.app.owner);
    return { status: 204 };
  },

  "apps/delete-installation": ({ world, caller, path }) => {
    const installation = requireInstallation(world, caller, path.installation_id);
    uninstallApp(world, installation, installation.app.owner);
    return { status: 204 };
  },

  "apps/get-repo-installation": ({ world, caller, repository }) => {
    const installation = findInstallation(world, appOfJwt(caller), repository);
    if (installation === undefined) throw notFound();
    return { status: 200, body: renderInstallation(world, installation) };
  },

  "apps/create-installation-access-token": ({ world, caller, path, body }) => {
    const installation = requireInstallation(world, caller, path.installation_id);
    requireActive(installation);
    const permissions = narrowPermissions(installation, body.permissions ?? {});
    const chosen = narrowRepositories(world, installation, body);
    const token = `ghs_${randomBytes(18).toString("hex")}`;
    const expiresAt = new Date(world.credentialNow().getTime() + tokenLifeMs);
    world.credentials.set(token, {
      kind: "installation",
      installation,
      permissions,
      repositories: chosen === null ? "all" : new Set(chosen.map(({ id }) => id)),
      expiresAtMs: expiresAt.getTime(),
    });
    return {
      status: 201,
      body: {
        token,
        expires_at: formatTime(expiresAt),
        permissions,
        repository_selection: chosen === null && installation.repositories === "all" ? "all" : "selected",
        ...(chosen === null
          ? {}
          : { repositories: chosen.map((repository) => renderRepository(world, repository)) }),
      },
    };
  },

  "apps/revoke-installation-access-token": ({ world, caller }) => {
    for (const [token, credential] of world.credentials)
      if (credential === caller) world.credentials.delete(token);
    return { status: 204 };
  },

  "apps/list-repos-accessible-to-installation": ({ world, caller }) =>
    list(
      reachableRepositories(world, caller),
      (repository) => renderRepository(world, repository),
      (repositories, total) => ({ total_count: total, repositories }),
    ),
} satisfies RestHandlers;

function appOfJwt(caller: Caller): App {
  if (caller.kind !== "app") throw new GitHubError(401, "A JSON web token could not be decoded");
  return caller.app;
}

function installationsOf(world: World, app: App): Installation[] {
  return [...world.installations.values()].filter((installation) => installation.app === app);
}

function requireInstallation(world: World, caller: Caller, id: number): Installation {
  const installation = world.installations.get(id);
  if (installation === undefined || installation.app !== appOfJwt(caller)) throw notFound();
  return installation;
}

/** A token may ask for less than the installation has, never for more. */
function narrowPermissions(
  installation: Installation,
  wanted: Readonly<Record<string, string | undefined>>,
): Permissions {
  const names = Object.keys(wanted);
  if (names.length === 0) return installation.permissions;
  const tooMuch = names.some(
    (name) => levels.indexOf(wanted[name] ?? "") > levels.indexOf(installation.permissions[name] ?? "none"),
  );
  if (tooMuch) throw unprocessable("The permissions requested are not granted to this installation.");
  return { ...toPermissions(wanted), metadata: "read" };
}

function toPermissions(wanted: Readonly<Record<string, string | undefined>>): Permissions {
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([name, level]) =>
      level === "read" || level === "write" || level === "admin" ? [[name, level] as const] : [],
    ),
  );
}

function narrowRepositories(
  world: World,
  installation: Installation,
  wanted: { readonly repositories?: string[]; readonly repository_ids?: number[] },
) {
  if (wanted.repositories === undefined && wanted.repository_ids === undefined) return null;
  const reachable = repositoriesOf(world, installation);
  const names = (wanted.repositories ?? []).map((name) => name.toLowerCase());
  const chosen = reachable.filter(
    ({ id, name }) => names.includes(name.toLowerCase()) || (wanted.repository_ids ?? []).includes(id),
  );
  if (chosen.length < names.length + (wanted.repository_ids ?? []).length) {
    throw unprocessable(
      "There is at least one repository that does not exist or is not accessible to the parent installation.",
    );
  }
  return chosen;
}
