import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ActionsRunner } from "../actions/actions-runner.ts";
import { APP_EVENTS, APP_PERMISSIONS } from "../forge/app-permissions.ts";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import type { OidcIssuer } from "../oidc/start-oidc-issuer.ts";
import { countWorkers } from "./count-workers.ts";
import { deployWorkflow, seedInfra } from "./seed-infra.ts";
import { type AppProcess, startAppProcess } from "./start-app-process.ts";
import { startPlaces } from "./start-places.ts";

const WEBHOOK_SECRET = "the-apps-own-webhook-secret";

export type WorldOptions = {
  /** A folder of fixtures/programs; the worker processes unless given. */
  program?: string;
  config?: Readonly<Record<string, string>>;
  cooldownSeconds?: number;
  /** More files of the infra repository. */
  files?: Readonly<Record<string, string>>;
  /** A line about what is going on, for people. */
  log?: (line: string) => void;
};

/** Everything between an alert and the scaled resource, running on this machine. */
export type World = {
  readonly directory: string;
  readonly github: GitHubStandIn;
  readonly runner: ActionsRunner;
  readonly issuer: OidcIssuer;
  readonly repository: string;
  readonly stackFile: string;
  readonly token: string;
  /** Pulumi's backend and passphrase, for commands of one's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** Starts an app; the stand-in sends its webhooks to the newest one. */
  startApp(environment?: Readonly<Record<string, string>>): Promise<AppProcess>;
  /** How many worker processes really run. */
  countWorkers(): number;
  /** The ledger's entry of the stack; null before the first publish. */
  readLedger(): Promise<Record<string, unknown> | null>;
  stop(): Promise<void>;
};

/** Starts GitHub (the stand-in), the Actions runner, and an infra repository whose first deploy has run. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { program = "node-workers", log = () => {} } = options;
  const directory = mkdtempSync(join(tmpdir(), "pulumiscale-world-"));
  const workers = join(directory, "workers");
  const token = "demo-webhook-secret-0123456789abcdef0123456789";
  const closers: (() => Promise<void> | void)[] = [
    () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }),
  ];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const places = await startPlaces(directory, log);
    closers.push(() => places.stop());
    const { github, runner, issuer, environment } = places;
    github.createOrganization("acme");
    github.createUser("alice");
    log("making the infra repository: a Pulumi program, its stack file with the encrypted webhook secret");
    const files = await seedInfra({
      program,
      stack: "prod",
      config: options.config ?? { workerCount: "2", directory: workers },
      webhookSecret: token,
      directory: join(directory, "seed"),
      environment,
      ...(options.cooldownSeconds === undefined ? {} : { cooldownSeconds: options.cooldownSeconds }),
    });
    const repository = "acme/infra";
    await github.createRepository({ owner: "acme", name: "infra", files: { ...files, ...options.files } });
    github.addCollaborator(repository, "alice", "write");
    log("pushing the deploy workflow: its first run is a full up, then publish");
    await github.commit(repository, {
      login: "alice",
      message: "ci: deploy with PulumiScale",
      files: { ".github/workflows/deploy.yml": deployWorkflow() },
    });
    await runner.waitForIdle();
    const [first] = runner.runs;
    if (first?.conclusion !== "success") throw new Error(`the first deploy failed:\n${describeRun(first)}`);
    const seededApp = await github.createApp({
      permissions: APP_PERMISSIONS,
      events: APP_EVENTS,
      webhookSecret: WEBHOOK_SECRET,
    });
    github.installApp(seededApp, "acme", "all");
    return {
      directory,
      github,
      runner,
      issuer,
      repository,
      stackFile: "Pulumi.prod.yaml",
      token,
      environment,
      startApp: async (more = {}) => {
        const project = /name: (\S+)/.exec(files["Pulumi.yaml"] ?? "")?.[1] ?? "";
        const app = await startAppProcess({
          APP_ID: String(seededApp.appId),
          PRIVATE_KEY: seededApp.privateKey,
          WEBHOOK_SECRET,
          GITHUB_API_URL: github.apiUrl,
          PULUMISCALE_OIDC_ISSUER: issuer.url,
          PULUMISCALE_DEFAULT_STACK: `${repository}/${project}.prod`,
          ...more,
        });
        closers.push(() => app.process.stop());
        seededApp.setWebhook(`${app.url}/api/github/webhooks`, WEBHOOK_SECRET);
        return app;
      },
      countWorkers: () => countWorkers(workers),
      readLedger: async () => {
        const project = /name: (\S+)/.exec(files["Pulumi.yaml"] ?? "")?.[1] ?? "";
        const text = await github
          .readFile(repository, `stacks/${project}.prod.json`, "pulumiscale")
          .catch(() => null);
        return text === null ? null : JSON.parse(text);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The end of a run's log, for an error that explains itself. */
export function describeRun(run: ActionsRunner["runs"][number] | undefined): string {
  return run === undefined ? "(no run)" : run.log.slice(-6000);
}

/** Waits until a thing is so; fails with what was seen last. */
export async function until<T>(
  what: string,
  read: () => Promise<T> | T,
  isSo: (value: T) => boolean,
  withinMs = 60_000,
): Promise<T> {
  let last = await read();
  for (let tries = Math.ceil(withinMs / 100); !isSo(last); tries--) {
    if (tries === 0) throw new Error(`${what}: it did not become so; last seen: ${JSON.stringify(last)}`);
    await sleep(100);
    last = await read();
  }
  return last;
}
