import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startProcess } from "../world/start-process.ts";
import { askToScale, endOfOperation, readPool, resultsOf, scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { countOf, hold, untilBegun } from "./support/pace-files.ts";
import { commandLine, type Program } from "./support/program.ts";
import { readWorld } from "./support/read-bytes.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

let program: Program;
let serve: Serve;
beforeAll(async () => {
  program = await openProgram({ program: "yaml-pace" });
  serve = await startServe(program);
}, 90_000);
afterAll(async () => {
  await serve?.stop();
  await program?.remove();
}, 60_000);

test("a pool without a cooldown is announced as one", () => {
  expect(serve.lines.join("\n")).toMatch(/steady: \d+ to \d+, .*, without a cooldown/);
});

const updates = async (): Promise<{ message: string }[]> =>
  JSON.parse(await program.pulumi("stack", "history", "--json", "--stack", "dev"));

test("a dry run while an update runs answers, and moves no byte on disk or in the backend", async () => {
  const { release } = hold(program, "slow");
  const slow = await askToScale(serve, "/scale/slow?wait=false", { value: 4 });
  await untilBegun(program, "slow");
  const before = readWorld(program);
  const shown = await askToScale(serve, "/scale/fragile?dryRun=true", { value: 11 });
  expect(shown).toMatchObject({
    kind: "scale",
    from: 3,
    to: 11,
    commit: null,
    preview: { verdict: "changes" },
  });
  expect(shown.preview?.steps.map(({ urn }) => urn)).toContain(
    "urn:pulumi:dev::pace::pace:index:Group::fragile",
  );
  expect(shown.preview?.steps.map(({ urn }) => urn).join()).not.toContain("Group::slow");
  expect(readWorld(program)).toEqual(before);
  release();
  expect((await endOfOperation(serve, slow.commit ?? "")).status).toBe("applied");
  expect([countOf(program, "slow"), countOf(program, "fragile")]).toEqual([4, 3]);
}, 60_000);

test("thirty demands while a slow update runs are few updates, with the newest values", async () => {
  const already = (await updates()).length;
  const { release } = hold(program, "slow");
  await askToScale(serve, "/scale/slow?wait=false", { value: 5 });
  await untilBegun(program, "slow");
  const pools = ["steady", "fragile"];
  const answers = [];
  for (let turn = 1; turn <= 15; turn += 1) {
    for (const pool of pools)
      answers.push(await serve.request("POST", `/scale/${pool}?wait=false`, { value: turn + 1 }));
  }
  const results = answers.flatMap(resultsOf);
  expect(results).toHaveLength(30);
  const commits = results.flatMap(({ commit }) => commit ?? []);
  release();
  for (const commit of commits) await endOfOperation(serve, commit);
  // What was held while it waited is asked for again, as a sender does.
  for (const pool of pools) {
    const last = await askToScale(serve, `/scale/${pool}?wait=false`, { value: 16 });
    if (last.commit !== null) await endOfOperation(serve, last.commit);
    expect(await readPool(serve, pool)).toMatchObject({ committed: 16, applied: 16 });
  }
  expect([countOf(program, "steady"), countOf(program, "fragile"), countOf(program, "slow")]).toEqual([
    16, 16, 5,
  ]);
  // One that ran, one for all that waited, and at most one for each pool's last word.
  expect((await updates()).length - already).toBeLessThanOrEqual(4);
}, 120_000);

test("SIGHUP reads the contract again, and the secret that was changed meanwhile", async () => {
  const path = join(program.workDir, "Pulumi.yaml");
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/(?<=configKey: steadyCount[\s\S]*?max: )20/, "25"));
  const next = "a-new-webhook-secret-of-forty-eight-characters-678";
  await program.pulumi("config", "set", "--secret", "pulumiscale:webhook-secret", next, "--stack", "dev");
  await program.git("commit", "--quiet", "--all", "--message=A higher max and a new secret");
  await program.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
  const ask = (secret: string) =>
    serve.request("GET", "/pools/steady", undefined, { authorization: `Bearer ${secret}` });
  serve.kill("SIGHUP");
  await expect.poll(async () => (await ask(next)).status, { timeout: 30_000 }).toBe(200);
  expect((await ask(program.secret)).status).toBe(401);
  expect((await ask(next)).json).toMatchObject({ max: 25 });
  expect(serve.lines.join("\n")).not.toContain(next);
  await program.pulumi(
    "config",
    "set",
    "--secret",
    "pulumiscale:webhook-secret",
    program.secret,
    "--stack",
    "dev",
  );
  await program.git("commit", "--quiet", "--all", "--message=The secret as it was");
  serve.kill("SIGHUP");
  await expect.poll(async () => (await ask(program.secret)).status, { timeout: 30_000 }).toBe(200);
  const { result, operation } = await scaleToEnd(serve, "/scale/steady", { value: 99 });
  expect([result.to, operation.status, countOf(program, "steady")]).toEqual([25, "applied", 25]);
}, 120_000);

test("SIGTERM takes no more requests, lets the update that runs finish, and ends with 0", async () => {
  const { release } = hold(program, "slow");
  const result = await askToScale(serve, "/scale/slow?wait=false", { value: 12 });
  await untilBegun(program, "slow");
  serve.kill("SIGTERM");
  await serve.waitForLine(/^SIGTERM: no more requests/);
  await expect
    .poll(() =>
      serve.request("GET", "/healthz").then(
        () => "answered",
        () => "refused",
      ),
    )
    .toBe("refused");
  release();
  expect(await serve.ended).toBe(0);
  expect([countOf(program, "slow"), await program.readBackend("slow")]).toEqual([12, 12]);
  serve = await startServe(program);
  expect((await endOfOperation(serve, result.commit ?? "")).status).toBe("applied");
  expect(await readPool(serve, "slow")).toMatchObject({ committed: 12, applied: 12, problem: null });
}, 90_000);

test("SIGTERM ends a start that waits for the update of a killed process, and leaves that update alone", async () => {
  const { release } = hold(program, "slow");
  const result = await askToScale(serve, "/scale/slow?wait=false", { value: 14 });
  await untilBegun(program, "slow");
  serve.kill("SIGKILL", "group");
  await serve.ended;
  const { child, lines, waitForLine, stop } = startProcess(
    process.execPath,
    [commandLine, "serve", "--port", "0"],
    {
      cwd: program.workDir,
      env: program.environment,
    },
  );
  await waitForLine(/`up` of dev still runs as the process \d+, .*: waiting for its end/);
  child.kill("SIGTERM");
  await once(child, "exit");
  await stop();
  expect(child.exitCode).not.toBeNull();
  expect(lines.join("\n")).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(existsSync(join(program.directory, "slow.begun"))).toBe(true);
  release();
  serve = await startServe(program);
  expect((await endOfOperation(serve, result.commit ?? "")).status).toBe("applied");
  expect(countOf(program, "slow")).toBe(14);
}, 90_000);
