import { installApp } from "../apps/install-app.ts";
import type { Answer } from "../http/answer.ts";
import type { App, Installation, World } from "../world.ts";
import { formPage, redirect, textPage } from "./page.ts";
import type { PageCall } from "./page-call.ts";

/** Asks where to install an App: `target` is a login, `repositories` their names with commas, or nothing for all. */
export function offerInstallation(world: World, { viewer }: PageCall, slug: string): Answer {
  const app = findApp(world, slug);
  if (app === undefined || viewer === null) return textPage(404, "Page not found", []);
  return formPage(`Install ${app.name}`, {
    action: `/apps/${app.slug}/installations`,
    button: "Install",
    fields: [
      { name: "target", value: viewer.login, type: "text" },
      { name: "repositories", value: "", type: "text" },
    ],
  });
}

export function confirmInstallation(world: World, { viewer, form }: PageCall, slug: string): Answer {
  const app = findApp(world, slug);
  const account = world.accounts.get((form.get("target") ?? "").toLowerCase());
  if (app === undefined || viewer === null || account === undefined)
    return textPage(404, "Page not found", []);
  const isOwner =
    account === viewer || account.organization?.members.get(viewer.login.toLowerCase())?.role === "admin";
  if (!isOwner) return textPage(404, "Page not found", []);
  const names = (form.get("repositories") ?? "").split(",").map((name) => name.trim().toLowerCase());
  const wanted = new Set(names.filter((name) => name !== ""));
  const chosen = [...world.repositories.values()].filter(
    ({ owner, name }) => owner === account && wanted.has(name.toLowerCase()),
  );
  if (chosen.length < wanted.size) return textPage(422, "Some repositories were not found", []);
  const repositories: Installation["repositories"] =
    wanted.size === 0 ? "all" : new Set(chosen.map(({ id }) => id));
  const installation = installApp(world, app, account, repositories, viewer);
  if (app.setupUrl === null) return redirect(`${world.baseUrl}/settings/installations/${installation.id}`);
  const target = new URL(app.setupUrl);
  target.searchParams.set("installation_id", String(installation.id));
  target.searchParams.set("setup_action", "install");
  return redirect(target.href);
}

function findApp(world: World, slug: string): App | undefined {
  return [...world.apps.values()].find((app) => app.slug === slug);
}
