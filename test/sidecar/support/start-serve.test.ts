import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openProgram } from "./open-program.ts";
import type { Program } from "./program.ts";
import { startServe } from "./start-serve.ts";

let program: Program;
beforeAll(async () => {
  program = await openProgram({ program: "yaml-pace" });
}, 60_000);
afterAll(() => program?.remove());

test("a server that listens answers requests with the program's secret, and ends on SIGTERM", async () => {
  const serve = await startServe(program);
  onTestFinished(async () => void (await serve.stop()));
  expect(serve.lines.join("\n")).toContain(serve.url);
  const [health, pools] = [await serve.request("GET", "/healthz"), await serve.request("GET", "/pools")];
  expect(health.status).toBe(200);
  expect(pools).toMatchObject({ status: 200, json: { pools: expect.any(Array) } });
  expect(pools.headers.get("content-type")).toMatch(/^application\/json/);
  expect((await serve.request("GET", "/pools", undefined, {})).status).toBe(401);
  const decided = await serve.request("POST", "/scale/steady?dryRun=true", { value: 2 });
  expect(decided).toMatchObject({ status: 200, json: { results: [{ pool: "steady", from: 1, to: 2 }] } });
  expect(await serve.stop()).toBe(0);
}, 60_000);

test("a killed server's end is told as a shell tells it", async () => {
  const serve = await startServe(program);
  serve.kill("SIGKILL", "group");
  expect(await serve.ended).toBe(137);
  await expect(serve.waitForLine(/never said/)).rejects.toThrow("serve ended (137) before it said");
}, 60_000);

test("a server that does not start rejects with what it has printed", async () => {
  await expect(startServe(program, ["--stack", "no-such-stack"])).rejects.toThrow(/no-such-stack/);
}, 60_000);
