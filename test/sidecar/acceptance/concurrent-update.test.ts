import { once } from "node:events";
import { readdirSync } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningProcess, startProcess } from "../../world/start-process.ts";
import { askToScale, endOfOperation, readPool } from "../support/ask-serve.ts";
import { openProgram } from "../support/open-program.ts";
import { countOf, hold, untilBegun } from "../support/pace-files.ts";
import type { Program } from "../support/program.ts";
import { type Serve, startServe } from "../support/start-serve.ts";

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

/** A person's own `pulumi up` of the slow group, with a value of theirs, in a process that lives until the group's hold is gone. */
async function startOwnUpdate(count: number): Promise<RunningProcess> {
  const configFile = join(program.root, "own-config.yaml");
  await copyFile(program.stackFile, configFile);
  const text = await readFile(configFile, "utf8");
  await writeFile(configFile, text.replace(/slowCount: \d+/, `slowCount: ${count}`));
  const target = `urn:pulumi:dev::pace::pace:index:Group::slow`;
  const args = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", "dev"];
  const own = startProcess("pulumi", [...args, "--config-file", configFile, "--target", target], {
    cwd: program.workDir,
    env: program.environment,
  });
  await untilBegun(program, "slow");
  return own;
}

const ended = async ({ child }: RunningProcess) => {
  if (child.exitCode === null) await once(child, "exit");
  return child.exitCode;
};
const locks = () =>
  readdirSync(join(program.root, "backend", ".pulumi", "locks"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map(({ name }) => name);

test("FR-011 a concurrent update is waited for: a living pulumi up holds the lock while a scale comes, then it is applied", async () => {
  const { release } = hold(program, "slow");
  const own = await startOwnUpdate(7);
  const lock = locks();
  expect(lock).toHaveLength(1);
  // It waits its 8 s for the answer: by then the lock has turned it away at least once.
  const result = await askToScale(serve, "/scale/steady", { value: 5 });
  expect(result).toMatchObject({ kind: "scale", to: 5, apply: { status: "under-way" } });
  expect([locks(), countOf(program, "steady"), await program.readBackend("steady")]).toEqual([lock, 1, 1]);
  release();
  expect(await ended(own)).toBe(0);
  expect((await endOfOperation(serve, result.commit ?? "")).status).toBe("applied");
  expect([countOf(program, "steady"), countOf(program, "slow")]).toEqual([5, 7]);
  expect(locks()).toEqual([]);
}, 90_000);

test("FR-011 a lock that stays through five retries: failed, the committed value stays, and it is tried again later", async () => {
  const { release } = hold(program, "slow");
  const own = await startOwnUpdate(8);
  const lock = locks();
  const result = await askToScale(serve, "/scale/steady?wait=false", { value: 6 });
  const operation = await endOfOperation(serve, result.commit ?? "");
  expect(operation).toMatchObject({ status: "failed", pools: [{ pool: "steady", outcome: "failed" }] });
  expect(operation.pools[0]?.message).toMatch(
    /could not be updated in 6 attempts, since another update holds its lock/,
  );
  expect(await readPool(serve, "steady")).toMatchObject({ committed: 6, applied: 5 });
  expect([locks(), countOf(program, "steady")]).toEqual([lock, 5]);
  release();
  expect(await ended(own)).toBe(0);
  // Another demand's apply covers it.
  const next = await askToScale(serve, "/scale/fragile?wait=false", { value: 4 });
  expect((await endOfOperation(serve, next.commit ?? "")).status).toBe("applied");
  expect(await readPool(serve, "steady")).toMatchObject({ committed: 6, applied: 6, problem: null });
  expect(countOf(program, "steady")).toBe(6);
}, 150_000);
