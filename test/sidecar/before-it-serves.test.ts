import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../world/free-port.ts";
import { startProcess } from "../world/start-process.ts";
import { askToScale, scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { breakGroup, countOf, hold, untilBegun } from "./support/pace-files.ts";
import { commandLine, type Program } from "./support/program.ts";
import { startServe } from "./support/start-serve.ts";

let program: Program;
beforeAll(async () => {
  program = await openProgram({ program: "yaml-pace" });
}, 90_000);
afterAll(() => program?.remove());

const commitValue = async (key: string, value: number) => {
  const text = await program.readStackFile();
  writeFileSync(program.stackFile, text.replace(new RegExp(`(?<=${key}: ).*`), String(value)));
  await program.git("commit", "--quiet", "--all", `--message=${key} ${value}`);
};

test("SIGHUP in the middle of a start ends nothing", async () => {
  const query = `endpoint=http://127.0.0.1:${await freePort()}&disableSSL=true&s3ForcePathStyle=true&region=eu-test-1`;
  const away = {
    PULUMI_BACKEND_URL: `s3://infra?${query}`,
    AWS_ACCESS_KEY_ID: "a-key-for-tests",
    AWS_SECRET_ACCESS_KEY: "a secret key for tests",
    AWS_MAX_ATTEMPTS: "1",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const start = startProcess(process.execPath, [commandLine, "serve", "--port", "0"], {
    cwd: program.workDir,
    env: { ...program.environment, ...away },
  });
  await start.waitForLine(/It is tried again in 1 s\./);
  start.child.kill("SIGHUP");
  await start.waitForLine(/It is tried again in 2 s\./);
  await start.stop();
}, 60_000);

test("`up` that waited for another update takes what was committed meanwhile for committed", async () => {
  const { release } = hold(program, "slow");
  await commitValue("slowCount", 3);
  const other = program.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
  await untilBegun(program, "slow");
  const up = startProcess(process.execPath, [commandLine, "up"], {
    cwd: program.workDir,
    env: program.environment,
  });
  await up.waitForLine(/currently locked/);
  await commitValue("steadyCount", 7);
  release();
  await other;
  await up.waitForLine(/is up:/);
  await up.stop();
  expect(countOf(program, "steady")).toBe(7);
  expect(up.lines.join("\n")).not.toContain("is applied from the work tree");
}, 90_000);

test("with --push, what the remote has already is applied at once", async () => {
  const remote = join(program.root, "remote.git");
  await program.git("init", "--quiet", "--bare", remote);
  await program.git("remote", "add", "origin", remote);
  await program.git("push", "--quiet", "--set-upstream", "origin", "main");
  await commitValue("steadyCount", 9);
  await program.git("push", "--quiet");
  await program.git("reset", "--quiet", "--hard", "HEAD~1");
  const serve = await startServe(program, ["--push"]);
  await serve.waitForLine(/^steady 7 → 9 applied/);
  await serve.stop();
}, 60_000);

test("a commit of its own that could not be applied is not taken for news", async () => {
  const serve = await startServe(program);
  const { mend } = breakGroup(program, "fragile", "no quota");
  await scaleToEnd(serve, "/scale/fragile", { value: 8 });
  // Longer than it takes to find a commit of somebody else's.
  await delay(8_000);
  await serve.stop();
  mend();
  expect(serve.lines.filter((line) => line.startsWith("Applying fragile"))).toHaveLength(1);
  expect(serve.lines.filter((line) => line.includes('"msg":"apply ended"'))).toHaveLength(1);
}, 60_000);

test("with --on-failure=revert, a stop in the middle of an update takes nothing back", async () => {
  const serve = await startServe(program, ["--on-failure=revert"]);
  const { release } = hold(program, "slow");
  await askToScale(serve, "/scale/slow?wait=false", { value: 9 });
  await untilBegun(program, "slow");
  serve.kill("SIGTERM");
  await serve.waitForLine(/^SIGTERM: /);
  serve.kill("SIGTERM");
  await serve.ended;
  release();
  expect(await program.git("log", "-1", "--format=%s")).toBe("scale(pace.dev): slow 3 → 9\n");
  const next = await startServe(program, ["--on-failure=revert"]);
  await next.waitForLine(/^slow 3 → 9 applied/);
  await next.stop();
  expect(countOf(program, "slow")).toBe(9);
}, 90_000);
