import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askToScale, endOfOperation } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { hold, untilBegun } from "./support/pace-files.ts";
import type { Program } from "./support/program.ts";
import { findLeftovers } from "./support/random-leftovers.ts";
import { descendantsOf, killAll } from "./support/random-processes.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

/** What a killed `serve` has left is gone after the next start, wherever the kill came. */
let program: Program;

beforeAll(async () => {
  const opened = await openProgram({ program: "yaml-pace", folder: "infra" });
  const temporary = join(opened.root, "tmp");
  mkdirSync(temporary);
  program = { ...opened, environment: { ...opened.environment, TMPDIR: temporary } };
}, 60_000);
afterAll(() => program?.remove());

/** Kills the process and all that it has started; whoever asked it is left without an answer. */
async function killTree(serve: Serve): Promise<void> {
  const others = descendantsOf(serve.pid);
  serve.kill("SIGKILL");
  killAll(others);
  await serve.ended;
}

/** Starts again, lets everything be applied, and stops. */
async function startAndStop(): Promise<void> {
  const serve = await startServe(program);
  const { commit } = await askToScale(serve, "/scale/steady", { delta: 1 });
  if (commit !== null) await endOfOperation(serve, commit);
  expect(await serve.stop()).toBe(0);
}

test("inside an update: the copy of the stack file, and what Pulumi said", async () => {
  const serve = await startServe(program);
  const held = hold(program, "slow");
  const asked = serve.request("POST", "/scale/slow", { delta: 1 }).catch(() => null);
  await untilBegun(program, "slow");
  await killTree(serve);
  held.release();
  await asked;
  expect(await findLeftovers(program)).not.toEqual([]);
  await startAndStop();
  expect(await findLeftovers(program)).toEqual([]);
}, 60_000);

test("inside a preview and inside a read of the outputs: a wrapper holds Pulumi there", async () => {
  for (const command of ["preview", "stack output"]) {
    const waits = holdPulumi(command);
    const serve = await startServe(program, [], waits.environment);
    waits.begin();
    const path = command === "preview" ? "/scale/steady?dryRun=true" : "/scale/steady";
    const asked = serve.request("POST", path, { delta: 1 }).catch(() => null);
    await expect.poll(waits.hasBegun, { timeout: 30_000 }).toBe(true);
    await killTree(serve);
    await asked;
    waits.end();
    await startAndStop();
    expect(await findLeftovers(program)).toEqual([]);
  }
}, 90_000);

test("inside a commit: the index that it is made with", async () => {
  const hook = join(program.repository, ".git/hooks/pre-commit");
  const begun = join(program.root, "hook-begun");
  writeFileSync(hook, `#!/bin/sh\n: > '${begun}'\nsleep 600\n`);
  chmodSync(hook, 0o755);
  const serve = await startServe(program);
  const asked = serve.request("POST", "/scale/steady", { delta: 1 }).catch(() => null);
  await expect.poll(() => existsSync(begun), { timeout: 30_000 }).toBe(true);
  await killTree(serve);
  await asked;
  rmSync(hook);
  const leftovers = await findLeftovers(program);
  expect(leftovers).toContainEqual(expect.stringMatching(/^state: work\/[^/]+\/index$/));
  const again = await startServe(program);
  expect(await again.stop()).toBe(0);
  expect(await findLeftovers(program)).toEqual([]);
}, 60_000);

test("as the branch has moved: git's lock on the index", async () => {
  const hook = join(program.repository, ".git/hooks/reference-transaction");
  const begun = join(program.root, "moved");
  writeFileSync(hook, `#!/bin/sh\n[ "$1" = committed ] || exit 0\n: > '${begun}'\nsleep 600\n`, {
    mode: 0o755,
  });
  const serve = await startServe(program);
  const asked = serve.request("POST", "/scale/steady", { delta: 1 }).catch(() => null);
  await expect.poll(() => existsSync(begun), { timeout: 30_000 }).toBe(true);
  await killTree(serve);
  await asked;
  rmSync(hook);
  expect(await findLeftovers(program)).toContain(".git/index.lock");
  await expect(program.git("add", ".")).rejects.toThrow("index.lock");
  const again = await startServe(program);
  expect(again.lines).toContainEqual(expect.stringContaining("a process was killed in between"));
  expect(await program.git("status", "--porcelain")).toBe("");
  await program.git("add", ".");
  expect(await again.stop()).toBe(0);
  expect(await findLeftovers(program)).toEqual([]);
}, 60_000);

/** A `pulumi` that waits before one of its commands, from `begin` on. */
function holdPulumi(command: string) {
  const folder = join(program.root, "wrapper");
  const [armed, begun] = [join(folder, "armed"), join(folder, "begun")];
  mkdirSync(folder, { recursive: true });
  const script = `#!/bin/sh
if [ -e '${armed}' ]; then case "$*" in ${command.replace(" ", "\\ ")}*) : > '${begun}'; sleep 600;; esac; fi
PATH=\${PATH#*:} exec pulumi "$@"
`;
  writeFileSync(join(folder, "pulumi"), script, { mode: 0o755 });
  return {
    environment: { PATH: [folder, program.environment.PATH].join(delimiter) },
    begin: () => writeFileSync(armed, ""),
    hasBegun: () => existsSync(begun),
    end: () => {
      rmSync(armed);
      rmSync(begun, { force: true });
    },
  };
}
