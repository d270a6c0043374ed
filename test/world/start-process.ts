import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export type RunningProcess = {
  readonly child: ChildProcess;
  /** Everything it has printed so far. */
  readonly lines: readonly string[];
  /** Resolves with the first line that matches, also one that was printed already. Rejects when the process ends first. */
  waitForLine(pattern: RegExp): Promise<string>;
  /** SIGTERM, and SIGKILL after 15 s. */
  stop(): Promise<void>;
  /** SIGKILL: what a machine that goes away does. */
  kill(): Promise<void>;
};

/** Starts a program whose lines on both outputs are kept. */
export function startProcess(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string | undefined>> } = {},
): RunningProcess {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  const ended = once(child, "close").then(() => {
    for (const watch of watchers) watch();
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      for (const watch of watchers) watch();
    });
  }
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: NodeJS.Signals) => {
    if (isOver()) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await ended;
    clearTimeout(timer);
  };
  return {
    child,
    lines,
    waitForLine: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const line = lines.find((candidate) => pattern.test(candidate));
          if (line === undefined && !isOver()) return;
          watchers.delete(watch);
          if (line !== undefined) resolve(line);
          else
            reject(new Error(`${program} ended before it said ${pattern}:\n${lines.slice(-20).join("\n")}`));
        };
        watchers.add(watch);
        watch();
      }),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}
