import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/rest";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type OctoInfra, quietOctokit, refusal, startOctoInfra } from "./octo-infra.ts";
import type { Page } from "./web/browser.ts";

let scene: OctoInfra;
let callback: Server;
let called: URL[];
let origin: string;
let nowMs: number;

/** A tool's own page on localhost: it posts the manifest to GitHub, and GitHub sends the browser back to it. */
beforeEach(async () => {
  nowMs = Date.now();
  scene = await startOctoInfra({ options: { credentialNow: () => new Date(nowMs) } });
  called = [];
  callback = createServer((request, response) => {
    called.push(new URL(request.url ?? "/", origin));
    response.end("Done.");
  });
  await new Promise<void>((resolve) => callback.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${portOf(callback.address())}`;
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
  await new Promise((resolve) => callback.close(resolve));
});

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function manifest(more: object = {}): string {
  return JSON.stringify({
    name: "Octo's Scaler",
    url: "https://scaler.example.com",
    redirect_url: `${origin}/callback`,
    setup_url: `${origin}/installed`,
    hook_attributes: { url: `${origin}/hook` },
    default_permissions: { contents: "write", issues: "read" },
    default_events: ["push", "issue_comment"],
    ...more,
  });
}

function offer(text: string, path = "/settings/apps/new", login = "octo"): Promise<Page> {
  const page: Page = {
    url: origin,
    status: 200,
    html: "",
    form: { action: `${scene.github.url}${path}?state=s%26t`, method: "post", fields: { manifest: text } },
  };
  return scene.github.signIn(login).submit(page);
}

async function register(text = manifest(), path = "/settings/apps/new", login = "octo"): Promise<string> {
  const asked = await offer(text, path, login);
  expect(asked.status).toBe(200);
  const done = await scene.github.signIn(login).submit(asked);
  expect([done.status, done.html]).toEqual([200, "Done."]);
  return called.at(-1)?.searchParams.get("code") ?? "";
}

function convert(code: string) {
  return new Octokit({ baseUrl: scene.github.apiUrl }).rest.apps.createFromManifest({ code });
}

test("a manifest becomes an App whose credentials are handed out once, and which is then installed", async () => {
  const code = await register();
  expect(called.at(-1)?.pathname).toBe("/callback");
  expect(called.at(-1)?.searchParams.get("state")).toBe("s&t");
  const { data } = await convert(code);
  expect(data).toMatchObject({
    name: "Octo's Scaler",
    slug: "octo-s-scaler",
    owner: { login: "octo" },
    external_url: "https://scaler.example.com",
    permissions: { contents: "write", issues: "read", metadata: "read" },
    events: ["push", "issue_comment"],
  });
  const app = quietOctokit({
    baseUrl: scene.github.apiUrl,
    authStrategy: createAppAuth,
    auth: { appId: data.id, privateKey: data.pem },
  });
  expect((await app.rest.apps.getAuthenticated()).data?.slug).toBe("octo-s-scaler");
  expect((await app.rest.apps.getWebhookConfigForApp()).data.url).toBe(`${origin}/hook`);
  const octo = scene.github.signIn("octo");
  const page = await octo.open(`${scene.github.url}/apps/octo-s-scaler/installations/new`);
  await octo.submit(page, { target: "octo", repositories: "infra" });
  const { data: installations } = await app.rest.apps.listInstallations();
  expect(installations).toMatchObject([{ account: { login: "octo" }, repository_selection: "selected" }]);
  const installed = called.find(({ pathname }) => pathname === "/installed");
  expect(installed?.searchParams.get("installation_id")).toBe(String(installations[0]?.id));
});

test("a code is good once, and for an hour", async () => {
  const code = await register();
  await convert(code);
  expect(await refusal(convert(code))).toBe("404 Not Found");
  expect(await refusal(convert("none"))).toBe("404 Not Found");
  const late = await register(manifest({ name: "late" }));
  nowMs += 3_600_001;
  expect(await refusal(convert(late))).toBe("404 Not Found");
});

test("what GitHub does not take is told on the page, and nothing is registered", async () => {
  const before = scene.github.violations.length;
  const told = async (text: string) => {
    const { status, html } = await offer(text);
    return `${status} ${html.split("<p>").slice(2).join(" ").replaceAll("</p>", "").replaceAll("&quot;", '"')}`;
  };
  expect(await told("{")).toBe("422 Error: The manifest is not valid JSON");
  expect(await told(manifest({ url: undefined }))).toBe(`422 Error: "url" wasn't supplied.`);
  expect(await told(manifest({ default_permissions: { contents: "write" } }))).toBe(
    "422 Error: Default events are not supported by permissions: issue_comment",
  );
  expect(await told(manifest({ default_events: ["push", "installation"] }))).toBe(
    "422 Error: Default events unsupported: installation",
  );
  const taken = await scene.github.signIn("octo").submit(await offer(manifest({ name: "scaler" })));
  expect(taken.html).toContain("Name is already taken");
  expect([called, scene.github.violations.length]).toEqual([[], before]);
});

test("an organization's Apps are registered by its owners, and nobody's without signing in", async () => {
  const { github } = scene;
  github.createOrganization("acme");
  github.createUser("ann");
  github.addMember("acme", "ann");
  const path = "/organizations/acme/settings/apps/new";
  expect((await offer(manifest(), path, "ann")).status).toBe(404);
  github.addMember("acme", "ann", "admin");
  const { data } = await convert(await register(manifest(), path, "ann"));
  expect(data.owner).toMatchObject({ login: "acme" });
  const stranger = await fetch(`${github.url}/settings/apps/new`, { method: "POST", redirect: "manual" });
  expect(stranger.headers.get("location")).toContain(`${github.url}/login?return_to=`);
});

test("an App without a webhook has no secret for it", async () => {
  const { data } = await convert(
    await register(manifest({ hook_attributes: undefined, default_events: [] })),
  );
  expect(data.webhook_secret).toBeNull();
});
