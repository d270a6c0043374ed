import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { stringify } from "yaml";
import { entryPath, formatEntry } from "../../../src/ledger/entry.ts";
import { type RunningApp, startApp } from "../../../src/main.ts";
import { readSettings } from "../../../src/settings.ts";
import { APP_EVENTS, APP_PERMISSIONS } from "../../forge/app-permissions.ts";
import type { GitHubOptions } from "../../github/github-stand-in.ts";
import { startGitHub } from "../../github/start-github.ts";
import { ledgerEntry } from "../../support/open-app-world.ts";

const WEBHOOK_SECRET = "the-apps-own-webhook-secret";

export type StormWorldOptions = {
  readonly repositories?: number;
  /** In each repository. */
  readonly stacks?: number;
  /** In each stack. */
  readonly pools: number;
  readonly delivery: "direct" | "pull-request";
  readonly strategy: "incremental" | "absolute";
  readonly cooldownSeconds?: number;
  /** GitHub's limits on writing: `GITHUB_LIMITS` are those of github.com; none unless given. */
  readonly limits?: Pick<GitHubOptions, "contentPerMinute" | "contentPerHour">;
};

/** A published stack, and where its pools' values stand. */
export type StormStack = { readonly repo: string; readonly alias: string; readonly path: string };

export type StormWorld = Awaited<ReturnType<typeof openStormWorld>>;

/** What every pool has at the start. */
export const START = 5;
export const GITHUB_LIMITS = { contentPerMinute: 80, contentPerHour: 500 } as const;

/** `pool0`, `pool1`, … */
export function poolName(index: number): string {
  return `pool${index}`;
}

/**
 * Repositories with many published stacks of many pools on the stand-in, in one installation. The app's clock and the stand-in's are
 * one, and the test may move it. Whoever opens it stops it.
 */
export async function openStormWorld(options: StormWorldOptions) {
  const { repositories = 1, stacks = 1, pools, cooldownSeconds = 3600 } = options;
  let aheadMs = 0;
  const clock = () => Date.now() + aheadMs;
  const github = await startGitHub({ now: () => new Date(clock()), ...options.limits });
  const replicas: RunningApp[] = [];
  const stop = async () => {
    for (const replica of replicas) await replica.stop();
    await github.stop();
  };
  try {
    return { ...(await fill()), stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function fill() {
    const names = Array.from({ length: pools }, (_, index) => poolName(index));
    const rules = { strategy: options.strategy, min: 1, max: 100, cooldown: cooldownSeconds };
    const contract = Object.fromEntries(
      names.map((name) => [name, { ...rules, targetUrn: `urn:${name}`, configKey: name }]),
    );
    const applied = Object.fromEntries(names.map((name) => [name, START]));
    const text = `config:\n${names.map((name) => `  shop:${name}: ${START}\n`).join("")}`;
    const settings = stringify({ ledger: "trust-writers", defaults: { delivery: options.delivery } });
    const known: StormStack[] = [];
    github.createOrganization("acme");
    github.createUser("alice");
    for (let index = 0; index < repositories; index++) {
      const name = `infra${index}`;
      const repo = `acme/${name}`;
      const files: Record<string, string> = { "Pulumi.yaml": "name: shop\nruntime: yaml\n" };
      const entries: Record<string, string> = {};
      for (let number = 0; number < stacks; number++) {
        const stack = `s${number}`;
        const path = `Pulumi.${stack}.yaml`;
        files[path] = text;
        entries[entryPath(`shop.${stack}`)] = formatEntry(ledgerEntry({ stack, pools: contract, applied }));
        known.push({ repo, alias: `shop.${stack}`, path });
      }
      await github.createRepository({
        owner: "acme",
        name,
        files: { ...files, ".github/pulumiscale.yml": settings },
      });
      github.addCollaborator(repo, "alice", "write");
      await github.commit(repo, {
        branch: "pulumiscale",
        message: "publish",
        login: "alice",
        files: entries,
      });
    }
    const app = await github.createApp({
      permissions: APP_PERMISSIONS,
      events: APP_EVENTS,
      webhookSecret: WEBHOOK_SECRET,
    });
    const installation = github.installApp(app, "acme", "all");
    const environment = {
      APP_ID: String(app.appId),
      PRIVATE_KEY: app.privateKey,
      WEBHOOK_SECRET,
      GITHUB_API_URL: github.apiUrl,
      HOST: "127.0.0.1",
      PORT: "0",
    };
    /** Starts one more app in this process. GitHub's webhooks go to one only. */
    const startReplica = async (): Promise<string> => {
      const log = pino({ level: process.env.TEST_LOG ?? "silent" });
      const running = await startApp(readSettings(environment), log, { clock });
      replicas.push(running);
      const url = `http://127.0.0.1:${running.port}`;
      while ((await fetch(`${url}/readyz`)).status !== 200) await sleep(50);
      return url;
    };
    /** Resolves when the apps of this process have nothing in hand any more. */
    const atRest = async () => {
      let seen = -1;
      while (seen !== github.requests.length) {
        seen = github.requests.length;
        await github.webhooksIdle();
        for (const replica of replicas) await replica.idle();
      }
    };
    return {
      github,
      installation,
      environment,
      stacks: known,
      startReplica,
      sendWebhooksTo: (url: string) => app.setWebhook(`${url}/api/github/webhooks`, WEBHOOK_SECRET),
      /** Moves the clock of the apps and of GitHub, once what is in hand is done: no call takes as long as the clock jumps. */
      pass: async (seconds: number) => {
        await atRest();
        aheadMs += seconds * 1000;
      },
      /** Waits until nobody has asked GitHub for anything for a while: what goes on after the answers is over. */
      untilQuiet: async () => {
        let seen = -1;
        while (seen !== github.requests.length || github.requests.some(isOpen)) {
          seen = github.requests.length;
          await atRest();
          await sleep(700);
        }
      },
    };
  }
}

function isOpen({ status, durationMs }: { status: number | null; durationMs: () => number }): boolean {
  return status === null && durationMs() < 7_000;
}
