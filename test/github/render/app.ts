import { formatNodeId } from "../node-id.ts";
import type { App, Installation, World } from "../world.ts";
import { accountPage, renderAccount } from "./account.ts";
import { formatTime } from "./time.ts";

/** The `integration` of REST and webhooks. */
export function renderApp(world: World, app: App) {
  return {
    id: app.id,
    slug: app.slug,
    client_id: app.clientId,
    node_id: formatNodeId("App", app.id),
    owner: renderAccount(world, app.owner),
    name: app.name,
    description: app.description,
    external_url: app.homepage ?? `${world.baseUrl}/apps/${app.slug}`,
    html_url: `${world.baseUrl}/apps/${app.slug}`,
    created_at: formatTime(app.createdAt),
    updated_at: formatTime(app.createdAt),
    permissions: app.permissions,
    events: app.events,
  };
}

/** The `installation` of REST and webhooks. */
export function renderInstallation(world: World, installation: Installation) {
  const { app, account } = installation;
  return {
    id: installation.id,
    account: renderAccount(world, account),
    repository_selection: installation.repositories === "all" ? "all" : "selected",
    access_tokens_url: `${world.baseUrl}/api/v3/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${world.baseUrl}/api/v3/installation/repositories`,
    html_url: `${accountPage(world, account)}/settings/installations/${installation.id}`,
    app_id: app.id,
    client_id: app.clientId,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.kind,
    permissions: installation.permissions,
    events: installation.events,
    created_at: formatTime(installation.createdAt),
    updated_at: formatTime(installation.createdAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: installation.suspended === null ? null : renderAccount(world, installation.suspended.by),
    suspended_at: installation.suspended === null ? null : formatTime(installation.suspended.at),
  };
}
