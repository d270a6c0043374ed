import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { followLines } from "./follow-lines.ts";
import { makeOwnedFolder } from "./owned-folder.ts";
import { PulumiMissingError, saysHalfWritten } from "./pulumi-errors.ts";
import { isLocking, newRunId, RUN_VARIABLE, removeUpdateRecord, writeUpdateRecord } from "./update-record.ts";

/** Where and how every Pulumi process of one run is started. */
export type PulumiSettings = {
  /** The Pulumi program's directory. */
  workDir: string;
  /** The whole environment of the child: backend, credentials, passphrase, PATH. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Hands over what Pulumi prints, line by line as it comes, without the line's end. */
  onLine?: (line: string) => void;
  /** Aborting interrupts Pulumi once, and again after `secondInterruptAfterMs`. */
  signal?: AbortSignal;
  /** 4,000 unless told otherwise: a runner that is cancelled is killed 10 s after its first signal. */
  secondInterruptAfterMs?: number;
  /**
   * The absolute path of a folder, one for each stack, in which what locks the stack is on record from before it begins
   * until it has ended, for `recoverUpdate`. Nothing is recorded without it. What a run reads and writes stands there too, so that
   * it is found where the run's starter was killed. Needs a POSIX shell at /bin/sh.
   */
  recordFolder?: string;
};

/** How a Pulumi process ended. `eventLog` holds one JSON object a line, empty where none was written. */
export type PulumiRun = { exitCode: number; stdout: string; stderr: string; eventLog: string };

/**
 * Runs one Pulumi process to its end, whatever its exit code. Throws `PulumiMissingError` where there is no CLI.
 *
 * Its output goes to files that are followed, never to pipes: with this process dead the CLI would die at its next
 * write to a pipe, in the middle of an update, and leave a locked stack. So it finishes. It also gets a process group
 * of its own, since a terminal's Ctrl-C reaches the whole group and a second SIGINT makes Pulumi give up at once.
 */
export async function runPulumi(
  args: readonly string[],
  settings: PulumiSettings,
  events: "with-events" | "without-events" = "without-events",
): Promise<PulumiRun> {
  settings.signal?.throwIfAborted();
  const folder = await makeOwnedFolder("run", settings.recordFolder);
  const outPath = join(folder, "stdout");
  const errPath = join(folder, "stderr");
  const given = args[args.indexOf("--event-log") + 1];
  const eventPath = args.includes("--event-log") && given !== undefined ? given : join(folder, "events");
  const eventArgs =
    events === "with-events" && !args.includes("--event-log") ? ["--event-log", eventPath] : [];
  try {
    const outFile = await open(outPath, "a");
    const errFile = await open(errPath, "a");
    const command = [...args, ...eventArgs, "--non-interactive", "--color", "never"];
    let started: Started;
    try {
      const output = [outFile.fd, errFile.fd] as const;
      started =
        settings.recordFolder !== undefined && isLocking(args)
          ? await startOnRecord(command, settings, settings.recordFolder, eventPath, output)
          : await start("pulumi", command, settings, {}, ["ignore", ...output]);
    } finally {
      await Promise.all([outFile.close(), errFile.close()]);
    }
    const { child, recordPath } = started;
    const stopInterrupting = interruptOnAbort(child, settings);
    const onLine = settings.onLine ?? (() => {});
    const followers = [followLines(outPath, onLine), followLines(errPath, onLine)];
    const exitCode = await exitOf(child);
    stopInterrupting();
    await Promise.all(followers.map((follower) => follower.finish()));
    const [stdout, stderr] = await Promise.all([readFile(outPath, "utf8"), readFile(errPath, "utf8")]);
    // Absent where Pulumi gave up before it opened the log, on a wrong flag or a locked stack.
    const eventLog = await readFile(eventPath, "utf8").catch(() => "");
    if (recordPath !== null) {
      // What fell dead has left its lock: the record stays, and the next `recoverUpdate` finds it.
      if (child.signalCode === null && !PANIC.test(stderr)) await removeUpdateRecord(recordPath);
      if (exitCode === 126 || exitCode === 127) throw new PulumiMissingError(settings.workDir);
    }
    return { exitCode, stdout, stderr, eventLog };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Runs a Pulumi command that only reads, through pipes: what it prints may be secret, and no file of it is left behind
 * where this process is killed. `input` is what Pulumi reads on stdin, where no list of processes shows it. What another
 * process is just writing is read again, for three seconds at most. Throws `PulumiMissingError` where there is no CLI.
 */
export async function readWithPulumi(
  args: readonly string[],
  settings: Omit<PulumiSettings, "onLine">,
  input = "",
): Promise<Omit<PulumiRun, "eventLog">> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
    const run = await streamWithPulumi(args, settings, text, input);
    if (run.exitCode === 0 || waitMs > LONGEST_WAIT_MS || !saysHalfWritten(run.stderr)) return run;
    await delay(waitMs, undefined, settings.signal === undefined ? {} : { signal: settings.signal });
  }
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_600;

/** As `readWithPulumi`, for answers of any length: `read` takes the output as it comes, all of it. */
export async function streamWithPulumi<T>(
  args: readonly string[],
  settings: Omit<PulumiSettings, "onLine">,
  read: (stdout: Readable) => Promise<T>,
  input = "",
): Promise<{ exitCode: number; stdout: T; stderr: string }> {
  settings.signal?.throwIfAborted();
  const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
    cwd: settings.workDir,
    env: { ...settings.environment, ...PULUMI_ENVIRONMENT },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // It may end before it has read all of it.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const started = once(child, "spawn").catch((cause: unknown) => {
    throw new PulumiMissingError(settings.workDir, { cause });
  });
  const stopInterrupting = interruptOnAbort(child, settings);
  try {
    const [stdout, stderr] = await Promise.all([read(child.stdout), text(child.stderr), started]);
    return { exitCode: await exitOf(child), stdout, stderr };
  } finally {
    stopInterrupting();
  }
}

type Started = { child: ChildProcess; recordPath: string | null };

async function start(
  program: string,
  args: readonly string[],
  { workDir, environment }: PulumiSettings,
  added: Readonly<Record<string, string>>,
  stdio: ["ignore" | "pipe", number, number],
): Promise<Started> {
  const env = { ...environment, ...PULUMI_ENVIRONMENT, ...added };
  try {
    const child = spawn(program, args, { cwd: workDir, env, stdio, detached: true });
    await once(child, "spawn");
    return { child, recordPath: null };
  } catch (cause) {
    throw new PulumiMissingError(workDir, { cause });
  }
}

/**
 * Waits for one word and then becomes Pulumi, with the same process id and start time. Where the other end of its stdin
 * dies before that, it ends, and Pulumi never ran. A shell hands on only variables whose names it can hold itself.
 */
const WAIT_FOR_GO = 'read -r word && [ "$word" = go ] || exit 1; exec pulumi "$@" </dev/null';

/** Starts Pulumi so that at no time it runs without being on record. */
async function startOnRecord(
  args: readonly string[],
  settings: PulumiSettings,
  recordFolder: string,
  eventLog: string,
  output: readonly [number, number],
): Promise<Started> {
  const run = newRunId();
  const shellArgs = ["-c", WAIT_FOR_GO, "pulumi", ...args];
  const { child } = await start("/bin/sh", shellArgs, settings, { [RUN_VARIABLE]: run }, ["pipe", ...output]);
  // An interrupt may end it before it has read the word.
  child.stdin?.on("error", () => {});
  try {
    const { environment } = settings;
    const recordPath = await writeUpdateRecord(recordFolder, child.pid ?? 0, {
      run,
      args,
      environment,
      eventLog,
    });
    child.stdin?.end("go\n");
    return { child, recordPath };
  } catch (error) {
    child.stdin?.destroy();
    await exitOf(child);
    throw error;
  }
}

/** How Go ends a program that has gone wrong; nothing is cleaned up then. */
const PANIC = /^goroutine \d+ \[/m;

/** `--event-log` exists only under PULUMI_DEBUG_COMMANDS; the Automation API sets the first two itself. */
const PULUMI_ENVIRONMENT = {
  PULUMI_DEBUG_COMMANDS: "true",
  PULUMI_AUTOMATION_API: "true",
  PULUMI_SKIP_UPDATE_CHECK: "true",
  // A runner kills what carries its id when the job ends, in the middle of an update too. The update is to finish.
  RUNNER_TRACKING_ID: "",
} as const;

/** Killed by a signal counts as a failure with the code that a shell would show. */
async function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? 128;
}

/** One SIGINT lets the running operation finish; the second ends it and frees the lock. Returns how to stop. */
function interruptOnAbort(
  child: ChildProcess,
  { signal, secondInterruptAfterMs = 4000 }: PulumiSettings,
): () => void {
  let again: NodeJS.Timeout | undefined;
  const interrupt = () => {
    child.kill("SIGINT");
    again = setTimeout(() => child.kill("SIGINT"), secondInterruptAfterMs);
  };
  if (signal?.aborted) interrupt();
  signal?.addEventListener("abort", interrupt, { once: true });
  return () => {
    clearTimeout(again);
    signal?.removeEventListener("abort", interrupt);
  };
}
