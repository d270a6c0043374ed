import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/rest";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { openManifestFlow } from "../../src/cli/app-create-server.ts";
import { writeCredentialsFile } from "../../src/cli/app-credentials-file.ts";
import { APP_EVENTS, APP_PERMISSIONS } from "../../src/forge/app-manifest.ts";
import { addressesOfApi, addressesOfServer } from "../../src/forge/github-addresses.ts";
import { readSettings } from "../../src/settings.ts";
import type { GitHubOptions } from "../github/github-stand-in.ts";
import { startGitHub } from "../github/start-github.ts";
import { startProcess } from "../world/start-process.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const URL_OF_APP = "https://scale.example.com";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "app-create-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function startWorld(options: GitHubOptions = {}) {
  const github = await startGitHub(options);
  onTestFinished(() => github.stop());
  github.createUser("ann");
  github.createOrganization("acme");
  github.addMember("acme", "ann", "admin");
  return github;
}

type GitHub = Awaited<ReturnType<typeof startWorld>>;

function run(args: readonly string[], env: Record<string, string> = {}) {
  const running = startProcess(process.execPath, [MAIN, "app", "create", ...args], { cwd: folder, env });
  onTestFinished(() => running.stop());
  const exit = once(running.child, "close").then(([code]) => Number(code));
  return { running, exit };
}

/** Starts the command as a process; `startUrl` is what it has printed. */
async function start(github: GitHub, ...args: string[]) {
  const { running, exit } = run(args, { GITHUB_API_URL: github.apiUrl });
  const line = await running.waitForLine(/http:\/\/127\.0\.0\.1:\d+\//);
  return { running, exit, startUrl: line.trim() };
}

/** A person opens the page, posts the manifest, and confirms what GitHub shows. */
async function confirm(github: GitHub, startUrl: string) {
  const browser = github.signIn("ann");
  const asked = await browser.submit(await browser.open(startUrl));
  expect([asked.status, asked.html]).toEqual([200, expect.anything()]);
  return browser.submit(asked);
}

/** The settings as a shell reads them, which is stricter than the others. */
function settingsIn(file: string) {
  const text = readFileSync(join(folder, file), "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const pairs = lines.map((line) => /^(\w+)="?(.*?)"?$/.exec(line)?.slice(1) ?? ["?", line]);
  return readSettings(Object.fromEntries(pairs));
}

describe("pulumiscale app create", () => {
  it("registers the App, and writes credentials with which it can act, for nobody else to read", async () => {
    const github = await startWorld();
    const { running, exit, startUrl } = await start(github, "--org", "acme", "--url", `${URL_OF_APP}/`);
    const done = await confirm(github, startUrl);
    expect([done.status, done.html]).toEqual([200, expect.stringContaining("Go back to the terminal")]);
    expect(await exit).toBe(0);
    expect(readdirSync(folder)).toEqual([".env"]);
    expect(statSync(join(folder, ".env")).mode & 0o777).toBe(0o600);
    const settings = settingsIn(".env");
    expect(settings.githubApiUrl).toBe(github.apiUrl);
    const app = new Octokit({
      baseUrl: github.apiUrl,
      authStrategy: createAppAuth,
      auth: { appId: settings.appId, privateKey: settings.privateKey },
    });
    const { data } = await app.rest.apps.getAuthenticated();
    expect(data).toMatchObject({
      owner: { login: "acme" },
      permissions: APP_PERMISSIONS,
      events: [...APP_EVENTS],
    });
    const hook = await app.rest.apps.getWebhookConfigForApp();
    expect(hook.data.url).toBe(`${URL_OF_APP}/api/github/webhooks`);
    const printed = running.lines.join("\n");
    expect(printed).toContain(`/apps/${data?.slug}/installations/new`);
    expect(printed).toContain("pulumiscale doctor");
    expect(printed).not.toContain(settings.webhookSecret);
    expect(printed).not.toContain("PRIVATE KEY");
    expect(github.violations).toEqual([]);
  });

  it("overwrites no file but with --force, and says so before there is an App", async () => {
    const github = await startWorld();
    writeFileSync(join(folder, ".env"), "MINE=1\n");
    const refused = run([], { GITHUB_API_URL: github.apiUrl });
    expect(await refused.exit).toBe(2);
    expect(refused.running.lines.join("\n")).toContain("--force");
    expect(readFileSync(join(folder, ".env"), "utf8")).toBe("MINE=1\n");
    const { running, exit, startUrl } = await start(github, "--force");
    await confirm(github, startUrl);
    expect([await exit, running.lines.at(-1)]).toEqual([0, expect.stringContaining("doctor")]);
    expect(settingsIn(".env").appId).toBeGreaterThan(0);
  });

  it("keeps what stands there by now, and says where the credentials are", async () => {
    const path = join(folder, ".env");
    writeFileSync(path, "MINE=1\n");
    const failed = await writeCredentialsFile(path, "APP_ID=1\n", "refused").catch(String);
    expect(readFileSync(path, "utf8")).toBe("MINE=1\n");
    const kept = /They are in (\S+): move/.exec(String(failed))?.[1] ?? "";
    expect([readFileSync(kept, "utf8"), statSync(kept).mode & 0o777]).toEqual(["APP_ID=1\n", 0o600]);
  });

  it("tells what GitHub does not hand out, without the code", async () => {
    const github = await startWorld();
    github.faults.add({ match: { operation: "apps/create-from-manifest" }, kind: "status", status: 404 });
    const { running, exit, startUrl } = await start(github);
    await confirm(github, startUrl);
    expect(await exit).toBe(1);
    const code = /app-manifests\/([^/]+)\//.exec(github.requests.map(({ path }) => path).join(" "))?.[1];
    const printed = running.lines.join("\n");
    expect(printed).toContain("good once and for an hour");
    expect(printed).not.toContain(code);
    expect(existsSync(join(folder, ".env"))).toBe(false);
  });

  it("leaves nothing behind when it is interrupted", async () => {
    const github = await startWorld();
    const { running, exit } = await start(github);
    running.child.kill("SIGINT");
    expect(await exit).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ["an organization that is none", ["--org", "a/b"]],
    ["an address that others could read", ["--github", "http://github.example.com"]],
    ["an address with a password", ["--url", "https://a:b@example.com"]],
    ["a folder as the file", ["--out", ".", "--force"]],
    ["a folder that is not there", ["--out", "none/.env"]],
  ])("exits with 2 for %s", async (_what, args) => {
    expect(await run(args).exit).toBe(2);
  });
});

describe("the manifest flow on this machine", () => {
  async function openFlow(waitMs = 60_000) {
    const stopping = new AbortController();
    const flow = await openManifestFlow({
      serverUrl: "https://github.com",
      organization: null,
      manifestFor: (redirectUrl) => ({ name: `</script>"'&`, redirect_url: redirectUrl }),
      waitMs,
      signal: stopping.signal,
    });
    onTestFinished(() => flow.close());
    const page = await (await fetch(flow.startUrl)).text();
    const state = /state=([\w-]+)/.exec(page)?.[1] ?? "";
    return { flow, page, state, origin: new URL(flow.startUrl).origin };
  }

  it("takes the code with its own state only, and once", async () => {
    const { flow, state, origin } = await openFlow();
    const ask = async (query: string) => (await fetch(`${origin}/created?${query}`)).status;
    expect(state.length).toBeGreaterThan(40);
    for (const query of [
      "",
      "code=stolen",
      "code=stolen&state=",
      `code=stolen&state=${state}x`,
      `code=stolen&state=${state.slice(0, -1)}`,
      `code=stolen&state=${"é".repeat(state.length)}`,
      `code=&state=${state}`,
      `code=..%2f..%2fuser&state=${state}`,
    ])
      expect([query, await ask(query)]).toEqual([query, 403]);
    expect(await ask(`code=good&state=${state}`)).toBe(200);
    expect(await ask(`code=later&state=${state}`)).toBe(403);
    expect(await flow.code).toBe("good");
  });

  it("answers nobody who does not know the address, or calls it by another name", async () => {
    const { flow, origin } = await openFlow();
    expect((await fetch(`${origin}/`)).status).toBe(404);
    expect((await fetch(flow.startUrl, { method: "POST" })).status).toBe(405);
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const rebound = request(flow.startUrl, { headers: { host: "attacker.example.com" } }, (response) =>
      resolve(response.resume().statusCode),
    );
    rebound.end();
    expect(await promise).toBe(403);
  });

  it("shows the manifest as text, to no frame and no script", async () => {
    const { flow, page } = await openFlow();
    expect(page).not.toContain("</script>");
    const { headers } = await fetch(flow.startUrl);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect([headers.get("cache-control"), headers.get("referrer-policy")]).toEqual([
      "no-store",
      "no-referrer",
    ]);
  });

  it("ends by itself", async () => {
    const { flow } = await openFlow(1);
    await expect(flow.code).rejects.toThrow(/No App was confirmed/);
  });
});

it.each([
  ["https://api.github.com", "https://github.com"],
  ["https://api.acme.ghe.com", "https://acme.ghe.com"],
  ["https://github.example.com/api/v3", "https://github.example.com"],
  ["https://api.example.com/api/v3", "https://api.example.com"],
  ["https://proxy.example.com/github/api/v3", "https://proxy.example.com/github"],
])("%s is the API of %s", (apiUrl, serverUrl) => {
  expect(addressesOfApi(apiUrl)).toEqual({ apiUrl, serverUrl });
  expect(addressesOfServer(serverUrl)).toEqual({ apiUrl, serverUrl });
});
