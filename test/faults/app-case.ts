import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { GitHubStandIn } from "../github/github-stand-in.ts";
import { type AppWorld, type AppWorldOptions, openAppWorld, TOKEN } from "../support/open-app-world.ts";
import { type RunningProcess, startProcess } from "../world/start-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** GitHub is given so long for one call, in milliseconds: long enough for a busy machine. */
const CALL_TIMEOUT_MS = 2_000;
/** Alertmanager's tries of one notification: half as late again each time, and no more than fit into its group_interval of 5 min. */
const MOST_TRIES = 14;
/** So long is a second of the sender's in truth, in milliseconds: the app lists anew in the same measure. */
const SECOND_MS = 10;
export const firstWaitSeconds = 0.5;
export const nextWaitSeconds = (waitSeconds: number) => Math.min(waitSeconds * 1.5, 60);

type App = { url: string; idle: () => Promise<void>; stop: () => Promise<void> };

/** One world in which one thing goes wrong: its clock, its app, and the sender. */
export type AppCase = {
  readonly world: AppWorld;
  /** What the sender was told, try by try: `200 scale`, `503`, `cut`. */
  readonly told: string[];
  advance: (seconds: number) => void;
  /** Seconds since the case began, by the moved clock. */
  seconds: () => number;
  /** Sends a message once; answers whether its sender leaves it at that. */
  sendOnce: (message: unknown) => Promise<"final" | "tries-again">;
  /** Sends an alert, the same bytes each time, until it is answered with 2xx, as its sender does. */
  send: (message: unknown) => Promise<void>;
  /** Resolves when nothing is under way: no webhook, no call, no background work. */
  quiet: () => Promise<void>;
  stopApp: () => Promise<void>;
  /** The app that is started next, when one is needed, is a process of its own. */
  nextIsProcess: () => void;
  isRunning: () => boolean;
  /** SIGKILL of the app that is such a process. */
  kill: () => Promise<void>;
  close: () => Promise<void>;
};

export async function openAppCase(options: AppWorldOptions): Promise<AppCase> {
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const startedMs = now();
  const world = await openAppWorld({
    ...options,
    github: { ...options.github, now: () => new Date(now()) },
    internals: {
      clock: now,
      callTimeoutMs: CALL_TIMEOUT_MS,
      listAgainMs: 5 * SECOND_MS,
      ...options.internals,
    },
  });
  const { github } = world;
  const told: string[] = [];
  let app: App | null = world.replica;
  let child: RunningProcess | null = null;
  let kills = 0;
  let startNext: "here" | "as-a-process" = "here";

  const startChild = async (): Promise<App> => {
    const started = startProcess(process.execPath, ["src/cli/main.ts", "app"], {
      cwd: ROOT,
      env: { ...world.environment, LOG_LEVEL: "info" },
    });
    child = started;
    const line = await started.waitForLine(/"msg":"listening"/);
    const url = `http://127.0.0.1:${/"port":(\d+)/.exec(line)?.[1]}`;
    while ((await fetch(`${url}/readyz`)).status !== 200) await sleep(20);
    return { url, idle: () => calmOf(github), stop: () => started.stop() };
  };
  /** The app that runs, or a new one: an operator's platform starts it again. */
  const current = async (): Promise<App> => {
    if (app !== null) return app;
    const where = startNext;
    startNext = "here";
    const killsBefore = kills;
    const started = await (where === "here" ? world.startReplica() : startChild());
    if (kills !== killsBefore) throw new Error("it was killed as it started");
    app = started;
    world.app.setWebhook(`${app.url}/api/github/webhooks`);
    return app;
  };

  const sendOnce = async (message: unknown): Promise<Answered> => {
    const answer = await current().then(
      ({ url }) => post(`${url}/webhook/prometheus`, JSON.stringify(message)),
      () => CUT,
    );
    told.push(answer.said);
    return answer;
  };

  return {
    world,
    told,
    advance: (seconds) => {
      aheadMs += seconds * 1000;
    },
    seconds: () => (now() - startedMs) / 1000,
    sendOnce: async (message) => ((await sendOnce(message)).isFinal ? "final" : "tries-again"),
    send: async (message) => {
      let waitSeconds = firstWaitSeconds;
      for (let tries = 1; tries <= MOST_TRIES; tries++) {
        if ((await sendOnce(message)).isFinal) return;
        aheadMs += waitSeconds * (1000 - SECOND_MS);
        await sleep(waitSeconds * SECOND_MS);
        waitSeconds = nextWaitSeconds(waitSeconds);
      }
    },
    quiet: async () => {
      const { idle } = await current();
      for (let before = -1; before !== github.requests.length; ) {
        before = github.requests.length;
        await github.webhooksIdle();
        await idle();
      }
    },
    stopApp: async () => {
      const stopping = app?.stop();
      app = null;
      await stopping;
    },
    nextIsProcess: () => {
      startNext = "as-a-process";
    },
    isRunning: () => app !== null,
    kill: async () => {
      kills += 1;
      app = null;
      await child?.kill();
    },
    close: async () => {
      await child?.kill();
      await world.stop();
    },
  };
}

/** Nothing can be asked of a process but what it asks of GitHub: it is quiet when it has asked nothing for some looks. */
async function calmOf(github: GitHubStandIn): Promise<void> {
  for (let calm = 0, before = -1; calm < 4; before = github.requests.length) {
    const isBusy = github.requests.some(({ status, durationMs }) => status === null && durationMs() < 1000);
    calm = before === github.requests.length && !isBusy ? calm + 1 : 0;
    await sleep(50);
  }
}

type Answered = { said: string; isFinal: boolean };
const CUT: Answered = { said: "cut", isFinal: false };

async function post(url: string, body: string): Promise<Answered> {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  try {
    const response = await fetch(url, { method: "POST", headers, body });
    const text = await response.text();
    const kinds = [...text.matchAll(/"kind":"(\w+)".*?"reasons":\[\{"code":"([\w-]+)"/g)];
    const results = kinds.map(([, kind, code]) => ` ${kind}${kind === "scale" ? "" : ` ${code}`}`).join("");
    return {
      said: response.status === 200 ? `200${results}` : String(response.status),
      // Alertmanager tries again after 5xx only.
      isFinal: response.status < 500,
    };
  } catch {
    return CUT;
  }
}
