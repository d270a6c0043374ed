import { spawn } from "node:child_process";
import { shareLocks } from "./lock.mjs";

/** A step of the set-up failed; its own output, on stderr, says more. */
export class StepFailed extends Error {
  /**
   * @param {string} message
   * @param {number} exitCode what this process should end with
   */
  constructor(message, exitCode) {
    super(message);
    this.name = "StepFailed";
    this.exitCode = exitCode;
  }
}

const forwardedSignals = /** @type {const} */ ({ SIGHUP: 1, SIGINT: 2, SIGTERM: 15 });

/**
 * Runs one program of the set-up, in a process group of its own, so that a signal to us ends all of it before we
 * clean up. Its stderr is ours. Its stdout is returned with `stdout: "return"`, else it goes to our stderr.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, stdout?: "return" | "stderr", timeoutMs?: number }} [options]
 * @returns {Promise<string>}
 * @throws {StepFailed} when it cannot be started, ends with an error, is interrupted or takes too long
 */
export async function runStep(program, args, options = {}) {
  const name = [program, ...args].join(" ");
  /** @type {keyof typeof forwardedSignals | undefined} */
  let interruptedBy;
  let timedOut = false;
  /** @param {NodeJS.Signals} signal */
  const endGroup = (signal) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended by itself.
    }
  };
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    if (signal in forwardedSignals) interruptedBy = /** @type {keyof typeof forwardedSignals} */ (signal);
    endGroup(signal);
  };
  // Before the start, as a signal may come at any time after it.
  for (const signal of Object.keys(forwardedSignals)) process.on(signal, forward);
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: ["ignore", options.stdout === "return" ? "pipe" : 2, 2],
  });
  const timer = options.timeoutMs
    ? setTimeout(() => {
        timedOut = true;
        endGroup("SIGKILL");
      }, options.timeoutMs)
    : undefined;
  // Should we be killed, the step would go on: it holds our locks too.
  if (child.pid !== undefined) shareLocks(child.pid);
  try {
    let stdout = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
    });
    const ended = await new Promise((resolve, reject) => {
      child.on("error", (error) =>
        reject(new StepFailed(`${name} could not be started: ${error.message}`, 1)),
      );
      child.on("close", (code, signal) => resolve(code ?? signal));
    });
    if (interruptedBy)
      throw new StepFailed(`interrupted by ${interruptedBy}`, 128 + forwardedSignals[interruptedBy]);
    if (timedOut) throw new StepFailed(`${name} took longer than ${options.timeoutMs} ms`, 1);
    if (ended !== 0) throw new StepFailed(`${name} ended with ${ended}`, 1);
    return stdout;
  } finally {
    clearTimeout(timer);
    for (const signal of Object.keys(forwardedSignals)) process.off(signal, forward);
  }
}
