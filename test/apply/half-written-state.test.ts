import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { realPace, retryConcurrent } from "../../src/apply/retry-concurrent.ts";
import { readOutputs, updateTargets } from "../../src/apply/targeted-update.ts";
import { makePulumiStack, type PulumiStack } from "./support/pulumi-stack.ts";

let stack: PulumiStack;
let statePath: string;
beforeAll(async () => {
  stack = await makePulumiStack("yaml-stash", { webCount: 2, queueCount: 3, idleCount: 1 });
  await stack.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
  const backend = (stack.environment.PULUMI_BACKEND_URL ?? "").replace("file://", "");
  statePath = join(backend, ".pulumi", "stacks", stack.project, "dev.json");
}, 90_000);
afterAll(() => stack?.remove());

/** A state of which only the first half is written, until a process of Pulumi's has met it; the settings with which it does. */
async function halfWrite(half: (text: string) => string) {
  const whole = await readFile(statePath, "utf8");
  const bin = join(dirname(stack.workDir), "bin");
  await mkdir(bin, { recursive: true });
  const real = execFileSync("sh", ["-c", "command -v pulumi"], { encoding: "utf8" }).trim();
  await writeFile(join(bin, "whole.json"), whole);
  const script = `#!/bin/sh\n'${real}' "$@"\ncode=$?\ncp '${join(bin, "whole.json")}' '${statePath}'\nexit $code\n`;
  await writeFile(join(bin, "pulumi"), script);
  await chmod(join(bin, "pulumi"), 0o755);
  await writeFile(statePath, half(whole));
  const environment = { ...stack.environment, PATH: `${bin}:${process.env.PATH}` };
  return { workDir: stack.workDir, environment };
}

test.each([
  ["nothing", () => ""],
  ["its beginning", (text: string) => text.slice(0, 100)],
])("a state of which another process has written %s is read again", async (_name, half) => {
  const outputs = await readOutputs("dev", await halfWrite(half));
  expect(Object.keys(outputs)).toContain("pulumiscale");
});

test("an update that meets such a state waits as for one that holds the lock", async () => {
  const settings = await halfWrite((text) => text.slice(0, -20));
  const request = {
    stack: "dev",
    targets: ["**"],
    targetDependents: false,
    refresh: false,
    policyPacks: [],
    parallel: undefined,
    configFile: undefined,
    message: "again",
  };
  const run = await retryConcurrent("dev", () => updateTargets(request, settings), realPace);
  expect(run.exitCode).toBe(0);
}, 30_000);
