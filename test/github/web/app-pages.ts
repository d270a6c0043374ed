import { randomBytes } from "node:crypto";
import { createApp, formatKey, formatSlug, makeSecret } from "../apps/create-app.ts";
import { parseManifest } from "../apps/manifest.ts";
import type { Answer } from "../http/answer.ts";
import type { Account, World } from "../world.ts";
import { formPage, redirect, textPage } from "./page.ts";
import type { PageCall } from "./page-call.ts";

const conversionLifeMs = 3_600_000;

/** Shows what a manifest asks for, and lets the person name the App. */
export function offerApp(world: World, call: PageCall, organization: string): Answer {
  const owner = findOwner(world, call, organization);
  if (owner === null) return textPage(404, "Page not found", []);
  const text = call.form.get("manifest") ?? "";
  const manifest = parseManifest(text);
  if (!("url" in manifest)) return refuse(manifest);
  return formPage(`Create GitHub App for ${owner.login}`, {
    action: call.path.replace(/\/new$/, ""),
    button: "Create GitHub App",
    fields: [
      { name: "manifest", value: text, type: "hidden" },
      { name: "state", value: call.query.get("state") ?? "", type: "hidden" },
      { name: "app[name]", value: manifest.name, type: "text" },
    ],
  });
}

/** Registers the App, and sends the browser back with a code for its credentials. */
export async function confirmApp(world: World, call: PageCall, organization: string): Promise<Answer> {
  const owner = findOwner(world, call, organization);
  if (owner === null) return textPage(404, "Page not found", []);
  const manifest = parseManifest(call.form.get("manifest") ?? "");
  if (!("url" in manifest)) return refuse(manifest);
  const name = call.form.get("app[name]")?.trim() ?? "";
  const slug = formatSlug(name);
  if (slug === "") return refuse(["Name can't be blank"]);
  if (name.length > 34) return refuse(["Name is too long (maximum is 34 characters)"]);
  if ([...world.apps.values()].some((app) => app.slug === slug)) return refuse(["Name is already taken"]);
  const webhookSecret = makeSecret();
  const { app, privateKey } = await createApp(world, {
    ...manifest,
    name,
    slug,
    owner,
    homepage: manifest.url,
    webhookSecret,
  });
  const code = randomBytes(20).toString("hex");
  world.conversions.set(code, {
    app,
    pem: formatKey(privateKey),
    webhookSecret: manifest.webhookUrl === null ? null : webhookSecret,
    expiresAtMs: world.credentialNow().getTime() + conversionLifeMs,
  });
  if (manifest.redirectUrl === null) return redirect(`${world.baseUrl}/settings/apps/${slug}`);
  const target = new URL(manifest.redirectUrl);
  target.searchParams.set("code", code);
  const state = call.form.get("state") ?? "";
  if (state !== "") target.searchParams.set("state", state);
  return redirect(target.href);
}

/** Whoever registers an App for an organization is one of its owners. */
function findOwner(world: World, { viewer }: PageCall, organization: string): Account | null {
  if (organization === "" || viewer === null) return viewer;
  const account = world.accounts.get(organization.toLowerCase());
  const member = account?.organization?.members.get(viewer.login.toLowerCase());
  return account !== undefined && member?.role === "admin" ? account : null;
}

function refuse(problems: readonly string[]): Answer {
  return textPage(422, "Invalid GitHub App configuration", [
    "The configuration does not appear to be a valid GitHub App manifest.",
    ...problems.map((problem) => `Error: ${problem}`),
  ]);
}
