import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { createInterface } from "node:readline";

/** How long each signal has before the next, stronger one. */
export interface SignalTimes {
  readonly afterInterruptMs: number;
  readonly afterTerminateMs: number;
  /** How long output may stay open after the end, in the hands of a child that went to the background. */
  readonly afterExitMs: number;
}

/** As GitHub's runner has them (actions/runner, ProcessInvoker). */
export const githubSignalTimes: SignalTimes = {
  afterInterruptMs: 7_500,
  afterTerminateMs: 2_500,
  afterExitMs: 5_000,
};

export interface ProcessWish {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Called with each line of stdout and stderr. */
  readonly onLine: (line: string) => void;
  /** Ends the process, as a cancelled run on GitHub does. */
  readonly signal: AbortSignal;
  readonly times: SignalTimes;
}

/**
 * Runs a process to its end; the answer is its exit code, 128 + n after signal n. When `signal` aborts, the process, but
 * none of its children, is interrupted, then terminated, and at last its process group is killed. Throws when it cannot
 * be started.
 */
export async function runProcess(wish: ProcessWish): Promise<number> {
  wish.signal.throwIfAborted();
  const child = spawn(wish.file, wish.args, {
    cwd: wish.cwd,
    env: wish.env,
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, so that it can be killed with its children.
    detached: true,
  });
  const lines = [child.stdout, child.stderr].map((stream) =>
    createInterface({ input: stream, crlfDelay: Infinity }),
  );
  for (const reader of lines) reader.on("line", wish.onLine);
  const exited = once(child, "exit");
  const closed = once(child, "close");
  // Both wait for the same end; a failure to start is told once.
  closed.catch(() => {});
  const end = (): void => void endProcess(child, wish.times).catch(() => {});
  wish.signal.addEventListener("abort", end, { once: true });
  try {
    await exited;
    const drain = setTimeout(() => killGroup(child), wish.times.afterExitMs);
    await closed;
    clearTimeout(drain);
  } finally {
    wish.signal.removeEventListener("abort", end);
  }
  const { exitCode, signalCode } = child;
  return exitCode ?? 128 + signalNumber(signalCode);
}

async function endProcess(child: ChildProcess, times: SignalTimes): Promise<void> {
  child.kill("SIGINT");
  if (await endsWithin(child, times.afterInterruptMs)) return;
  child.kill("SIGTERM");
  if (await endsWithin(child, times.afterTerminateMs)) return;
  killGroup(child);
}

async function endsWithin(child: ChildProcess, ms: number): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true;
  return await once(child, "exit", { signal: AbortSignal.timeout(ms) }).then(
    () => true,
    () => false,
  );
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody of it is left.
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : (constants.signals[signal] ?? 0);
}
