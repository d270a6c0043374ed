#!/usr/bin/env node
// node test/setup/run.mjs [program …] [-- command …]
// Sets up what is missing (npm packages, then each named program), with progress on stderr, and runs the command with
// all of it on the path. Without a command it prints the folders of the programs.
// The system's Node may be 20 and node_modules absent: plain JavaScript, without dependencies.
import { spawn } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensureNpmPackages } from "./npm-packages.mjs";
import { runStep, StepFailed } from "./step.mjs";

class ProgramsMissing extends StepFailed {}

const root = fileURLToPath(new URL("../..", import.meta.url));
const separator = process.argv.indexOf("--");
const programs = process.argv.slice(2, separator === -1 ? undefined : separator);
const command = separator === -1 ? [] : process.argv.slice(separator + 1);

try {
  const bin = await ensureNpmPackages(root);
  const folders = programs.length === 0 ? "" : await ensurePrograms(path.join(bin, "node"));
  if (command.length === 0) process.stdout.write(folders);
  else runInPlace(command, [bin, ...folders.split("\n").filter(Boolean)]);
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  // A program's set-up has said itself why it failed.
  if (!(error instanceof ProgramsMissing)) process.stderr.write(`set-up: ${error.message}\n`);
  process.exitCode = error.exitCode;
}

/**
 * From here on with Node 24, started by its path: the shell that started us may remember another one.
 * @param {string} node24
 */
async function ensurePrograms(node24) {
  const ensure = path.join(root, "test", "setup", "ensure.ts");
  try {
    return await runStep(node24, [ensure, ...programs], { stdout: "return" });
  } catch (error) {
    throw error instanceof StepFailed ? new ProgramsMissing(error.message, error.exitCode) : error;
  }
}

/**
 * Runs the command as if it had been started instead of us: same terminal, signals passed on, same end.
 * @param {string[]} command
 * @param {string[]} folders for the front of the path
 */
function runInPlace([program = "", ...args], folders) {
  // Before the start: a signal may come as soon as the command has written something.
  for (const signal of /** @type {const} */ (["SIGHUP", "SIGINT", "SIGTERM"])) {
    // A terminal's Ctrl-C has reached the child already: it shares our process group.
    process.on(signal, () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  // A program that was found on the path stays where it is: its folder holds others, another Node perhaps.
  const present = (process.env.PATH ?? "").split(path.delimiter);
  const added = folders.filter((folder, index) => index === 0 || !present.includes(folder));
  const child = spawn(program, args, {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: [...added, ...present].join(path.delimiter),
      PULUMISCALE_SET_UP: "done",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
  });
  child.on("error", (error) => {
    process.stderr.write(`set-up: ${program} could not be started: ${error.message}\n`);
    process.exitCode = 127;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (signal ? os.constants.signals[signal] : 0);
  });
}
