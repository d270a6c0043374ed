import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Logger, pino } from "pino";
import { entryPath, formatEntry, type LedgerEntry } from "../../src/ledger/entry.ts";
import { type AppInternals, type RunningApp, startApp } from "../../src/main.ts";
import { readSettings } from "../../src/settings.ts";
import type { ScaleResult } from "../../src/workflows/scaling.ts";
import { createGitHubHost } from "../actions/github-host.ts";
import { APP_EVENTS, APP_PERMISSIONS } from "../forge/app-permissions.ts";
import type { GitHubOptions, Permissions } from "../github/github-stand-in.ts";
import { startGitHub } from "../github/start-github.ts";
import { attestedEntry } from "../oidc/attested-entry.ts";
import { deployRun } from "../oidc/format-claims.ts";
import { startOidcIssuer, type TokenWish } from "../oidc/start-oidc-issuer.ts";
import { API, PLACE, STACK_FILE, WEB } from "./shop-stack.ts";

export const TOKEN = "a-webhook-secret-of-more-than-32-characters";
const WEBHOOK_SECRET = "the-apps-own-webhook-secret";

const CONTRACT = { web: WEB, api: API };

export type AppWorldOptions = {
  files?: Record<string, string>;
  contract?: Record<string, unknown>;
  entry?: Partial<LedgerEntry>;
  /** More of the app's environment. */
  environment?: Record<string, string>;
  github?: GitHubOptions;
  /** What the App is granted, where it is not all that it asks for. */
  permissions?: Permissions;
  internals?: AppInternals;
  log?: Logger;
};

export type AppWorld = Awaited<ReturnType<typeof openAppWorld>>;

const FIRST_PUBLISHED_MS = Date.parse("2026-01-07T12:00:00Z");

export function ledgerEntry(over: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    schemaVersion: 1,
    project: "shop",
    stack: "prod",
    dir: ".",
    pools: CONTRACT,
    applied: { web: 3, api: 2 },
    deployed: null,
    commit: "0".repeat(40),
    publishedAt: "2026-01-07T12:00:00Z",
    tokenHashes: [createHash("sha256").update(TOKEN).digest("hex")],
    receipt: null,
    attestation: null,
    ...over,
  };
}

/**
 * The stand-in GitHub with a published stack, and the app, started as `pulumiscale app` starts it, in this process.
 * Whoever opens it stops it.
 */
export async function openAppWorld(options: AppWorldOptions = {}) {
  const github = await startGitHub(options.github);
  const issuer = await startOidcIssuer();
  const replicas: RunningApp[] = [];
  const stop = async (): Promise<void> => {
    for (const replica of replicas) await replica.stop();
    await github.stop();
    await issuer.stop();
  };
  try {
    return { ...(await fill()), stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function fill() {
    github.createOrganization("acme");
    github.createUser("alice");
    await github.createRepository({
      owner: "acme",
      name: "infra",
      files: { "Pulumi.yaml": "name: shop\nruntime: yaml\n", [PLACE.path]: STACK_FILE, ...options.files },
    });
    github.addCollaborator("acme/infra", "alice", "write");
    const run = deployRun(await createGitHubHost(github).findRepository("acme/infra"));
    /** The entry with the signature of a job of the deploy workflow on main. */
    const sign = (entry: LedgerEntry, changes?: Partial<TokenWish>) =>
      attestedEntry(issuer, run, entry, changes);
    /** Puts an entry into the ledger as it is. */
    const putEntry = (entry: LedgerEntry | string, alias = PLACE.alias) =>
      github.commit("acme/infra", {
        branch: "pulumiscale",
        message: "publish",
        login: "alice",
        files: { [entryPath(alias)]: typeof entry === "string" ? entry : formatEntry(entry) },
      });
    let published = 0;
    /** What a deploy job does: each entry is later than the one before. */
    const publish = async (entry: Partial<LedgerEntry>) => {
      const publishedAt = new Date(FIRST_PUBLISHED_MS + 1000 * published++).toISOString();
      return putEntry(await sign(ledgerEntry({ publishedAt, ...entry })));
    };
    await publish({
      ...(options.contract === undefined ? {} : { pools: options.contract }),
      ...options.entry,
    });
    const app = await github.createApp({
      permissions: options.permissions ?? APP_PERMISSIONS,
      events: APP_EVENTS,
      webhookSecret: WEBHOOK_SECRET,
    });
    const installation = github.installApp(app, "acme", "all");

    const environment = {
      APP_ID: String(app.appId),
      PRIVATE_KEY: app.privateKey,
      WEBHOOK_SECRET,
      GITHUB_API_URL: github.apiUrl,
      PULUMISCALE_OIDC_ISSUER: issuer.url,
      HOST: "127.0.0.1",
      PORT: "0",
      PULUMISCALE_DEFAULT_STACK: "acme/infra/shop.prod",
      ...options.environment,
    };
    const startReplica = async () => {
      const log = options.log ?? pino({ level: process.env.TEST_LOG ?? "silent" });
      const running = await startApp(readSettings(environment), log, options.internals);
      replicas.push(running);
      const url = `http://127.0.0.1:${running.port}`;
      for (let tries = 0; tries < 100 && (await fetch(`${url}/readyz`)).status !== 200; tries++)
        await sleep(50);
      return { ...running, url };
    };
    const replica = await startReplica();
    // What its first listing has started makes calls too.
    await replica.idle();
    app.setWebhook(`${replica.url}/api/github/webhooks`, WEBHOOK_SECRET);

    /** Posts to a scaling route and answers status, headers and results. */
    const post = async (
      path: string,
      body: unknown,
      headers: Record<string, string> = {},
      base = replica.url,
    ) => {
      const response = await fetch(`${base}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as { results?: ScaleResult[]; detail?: string };
      return { status: response.status, headers: response.headers, results: answer.results ?? [], answer };
    };
    const get = async (path: string) => {
      const response = await fetch(`${replica.url}${path}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      return { status: response.status, answer: await response.json() };
    };
    /** The stack file on the base branch. */
    const stackFile = () => github.readFile("acme/infra", PLACE.path);
    return {
      github,
      issuer,
      run,
      sign,
      putEntry,
      app,
      installation,
      environment,
      replica,
      startReplica,
      post,
      get,
      stackFile,
      publish,
    };
  }
}
