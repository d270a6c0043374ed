import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { adoptStack } from "../../src/apply/adopt-stack.ts";
import { localOutside } from "../../src/cli/local/flags.ts";
import { fullUp } from "../../src/cli/local/full-up.ts";
import { openProgram as openLocalProgram } from "../../src/cli/local/open-program.ts";
import { makeCountingPulumi } from "../apply/support/deploy-repository.ts";
import { scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { type CommandRun, runCommandLine } from "./support/program.ts";
import { startServe } from "./support/start-serve.ts";

// Where nothing of ours has run yet, Pulumi's own history is all that tells what is applied.

function appliedIn({ exitCode, stdout, stderr }: CommandRun): [string, number | null][] {
  expect(exitCode, stderr).toBe(0);
  const { pools } = JSON.parse(stdout) as { pools: { pool: string; applied: number | null }[] };
  return pools.map(({ pool, applied }): [string, number | null] => [pool, applied]).toSorted();
}

test("pools tells what is applied in a fresh clone, and notes nothing there", async () => {
  const program = await openProgram({ program: "yaml-stash" });
  onTestFinished(program.remove);
  expect(await program.cli(["scale", "web", "4", "--apply"])).toMatchObject({ exitCode: 0 });
  const clone = join(program.root, "clone");
  await program.git("clone", "--quiet", ".", clone);
  const pools = () =>
    runCommandLine(["pools", "--stack", "dev", "--json"], { cwd: clone, env: program.environment });
  expect(appliedIn(await pools())).toEqual([
    ["idle", 1],
    ["queue", 5],
    ["web", 4],
  ]);
  expect(existsSync(join(clone, ".git/pulumiscale"))).toBe(false);
}, 120_000);

test("pools tells it in a plain folder, also what a person has brought up after the last note", async () => {
  const program = await openProgram({ program: "yaml-stash", git: false });
  onTestFinished(program.remove);
  const values = async () => Object.fromEntries(appliedIn(await program.cli(["pools", "--json"])));
  expect(await values()).toEqual({ idle: 1, queue: 5, web: 3 });
  expect(existsSync(join(program.workDir, ".pulumiscale/stacks"))).toBe(false);
  expect(await program.cli(["scale", "web", "4", "--apply"])).toMatchObject({ exitCode: 0 });
  expect(await values()).toEqual({ idle: 1, queue: 5, web: 4 });
  await program.pulumi("config", "set", "queueCount", "7", "--stack", "dev");
  await program.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
  expect(await values()).toEqual({ idle: 1, queue: 7, web: 4 });
}, 120_000);

test("after up in a plain folder serve has nothing to apply, and the next value needs no preview", async () => {
  const program = await openProgram({ program: "yaml-stash", git: false });
  onTestFinished(program.remove);
  await program.pulumi("config", "set", "queueCount", "7", "--stack", "dev");
  const up = await program.cli(["up"]);
  expect(up).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("queue 7") });
  const log = join(program.root, "processes");
  const PATH = [await makeCountingPulumi(log), program.environment.PATH].join(delimiter);
  const serve = await startServe(program, [], { PATH });
  onTestFinished(async () => void (await serve.stop()));
  const { operation } = await scaleToEnd(serve, "/scale/web", { value: 4 });
  expect(operation).toMatchObject({ status: "applied" });
  const processes = (await readFile(log, "utf8")).split("\n");
  expect(processes.filter((name) => name === "up" || name === "preview")).toEqual(["up"]);
}, 120_000);

test("what up has noted counts as newer than its update, even where the backend's clock is ahead", async () => {
  const program = await openProgram({ program: "yaml-stash", git: false });
  onTestFinished(program.remove);
  const outside = { ...localOutside(program.environment), tell: () => {} };
  const local = await openLocalProgram({ workDir: program.workDir, stack: "dev" }, {}, outside);
  const { world, deployPlace: place, engine } = local;
  await fullUp({ ...local, world: { ...world, clock: () => Date.UTC(2020, 0) } }, outside);
  const checkout = await local.readCheckout();
  expect(await adoptStack({ place, checkout, engine }, world)).toMatchObject({
    kind: "kept",
    entry: { deployed: checkout.commit },
  });
}, 120_000);
