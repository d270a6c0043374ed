import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Environment } from "./make-home.ts";
import { commandLine, exitCodeOf, type Program } from "./program.ts";

export type Answer = { status: number; headers: Headers; text: string; json: unknown };

/** A `pulumiscale serve` that listens. */
export type Serve = {
  readonly url: string;
  readonly pid: number;
  /** Everything that it has printed so far, on both outputs. */
  readonly lines: readonly string[];
  /** The exit code when it has ended; 128 and the signal's number where a signal has ended it. */
  readonly ended: Promise<number>;
  /**
   * `path` begins with a slash. A body that is no text is sent as JSON. Without headers the program's secret is sent as the bearer
   * token; given headers stand for themselves.
   */
  request: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
  /** Resolves with the first line that matches, also one that was printed already. Rejects when the process ends first. */
  waitForLine: (pattern: RegExp) => Promise<string>;
  /** Sends a signal to the process alone, as `kill` and systemd do; or to its group, as a terminal does. */
  kill: (signal: NodeJS.Signals, whom?: "process" | "group") => void;
  /** SIGTERM; answers the exit code. Its whole group is killed when it has not ended after half a minute. */
  stop: () => Promise<number>;
};

/**
 * Starts `pulumiscale serve --port 0` in the program's folder, as a process with a group of its own, and waits until it listens.
 * Rejects with its output when it ends before that.
 */
export async function startServe(
  program: Pick<Program, "workDir" | "environment" | "secret">,
  args: readonly string[] = [],
  environment: Environment = {},
): Promise<Serve> {
  const child = spawn(process.execPath, [commandLine, "serve", "--port", "0", ...args], {
    cwd: program.workDir,
    env: { ...program.environment, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  const notify = () => {
    for (const watch of watchers) watch();
  };
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      notify();
    });
  }
  running.add(child);
  let hasSaidAll = false;
  // At the end of the process: a child that outlives it may hold its outputs open.
  const ended = once(child, "exit").then(() => exitCodeOf(child));
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  void Promise.race([once(child, "close"), ended.then(() => delay(1000))]).then(() => {
    running.delete(child);
    hasSaidAll = true;
    notify();
  });

  const waitForLine = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const watch = () => {
        const line = lines.find((candidate) => pattern.test(candidate));
        if (line === undefined && !hasSaidAll) return;
        watchers.delete(watch);
        if (line !== undefined) return resolve(line);
        reject(
          new Error(`serve ended (${exitCodeOf(child)}) before it said ${pattern}:\n${lines.join("\n")}`),
        );
      };
      watchers.add(watch);
      watch();
    });
  const kill = (signal: NodeJS.Signals, whom: "process" | "group" = "process") => {
    if (child.pid === undefined || isOver()) return;
    process.kill(whom === "group" ? -child.pid : child.pid, signal);
  };
  const line = await waitForLine(LISTENING);
  const url = LISTENING.exec(line)?.[1] ?? "";
  return {
    ...{ url, pid: child.pid ?? 0, lines, ended, waitForLine, kill },
    request: (method, path, body, headers = { authorization: `Bearer ${program.secret}` }) =>
      ask(`${url}${path}`, method, body, headers),
    stop: async () => {
      kill("SIGTERM");
      const timer = setTimeout(() => kill("SIGKILL", "group"), 30_000);
      const exitCode = await ended;
      clearTimeout(timer);
      return exitCode;
    },
  };
}

/** A server that a test has forgotten, or did not live to stop, is not to outlive the tests. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const { pid } of running) if (pid !== undefined) killGroup(pid);
});

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended in this moment.
  }
}

const LISTENING = /listening on (http:\/\/[^\s"]+:\d+)/;

async function ask(
  url: string,
  method: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const isJson = body !== undefined && typeof body !== "string";
  const response = await fetch(url, {
    method,
    headers: { ...(isJson ? { "content-type": "application/json" } : {}), ...headers },
    body: isJson ? JSON.stringify(body) : (body ?? null),
    redirect: "manual",
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parseJson(text) };
}

/** Undefined where the answer is no JSON: a test that expects some then says so. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
