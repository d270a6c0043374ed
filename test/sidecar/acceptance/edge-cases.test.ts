import { renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { endOfOperation, readPool, resultsOf, scaleToEnd } from "../support/ask-serve.ts";
import { openWrittenProgram } from "../support/open-written-program.ts";
import { countOf } from "../support/pace-files.ts";
import type { Program } from "../support/program.ts";
import { type Serve, startServe } from "../support/start-serve.ts";

const POOLS = {
  web: { configKey: "webCount", value: 3 },
  queue: { configKey: "queueCount", value: 5 },
  crooked: { configKey: "crookedCount", value: 1, rules: { strategy: "sideways" } },
};

let program: Program;
let serve: Serve;
beforeAll(async () => {
  program = await openWrittenProgram(POOLS);
  serve = await startServe(program);
}, 120_000);
afterAll(async () => {
  await serve?.stop();
  await program?.remove();
}, 60_000);

const config = async (key: string) => Number(await program.pulumi("config", "get", key, "--stack", "dev"));

test("EC.1 two scaling events arrive simultaneously: neither is lost, neither counts twice", async () => {
  const before = (await program.git("rev-parse", "HEAD")).trim();
  const ask = (pool: string) =>
    serve.request("POST", `/webhook/${pool}/delta?wait=false`, { delta: 2 }).then(resultsOf);
  const [[web], [queue]] = await Promise.all([ask("web"), ask("queue")]);
  expect([web, queue]).toMatchObject([
    { kind: "scale", from: 3, to: 5 },
    { kind: "scale", from: 5, to: 7 },
  ]);
  const ends = await Promise.all([web, queue].map((result) => endOfOperation(serve, result?.commit ?? "")));
  expect(ends.map(({ status }) => status)).toEqual(["applied", "applied"]);
  expect([countOf(program, "web"), countOf(program, "queue")]).toEqual([5, 7]);
  expect([await config("webCount"), await config("queueCount")]).toEqual([5, 7]);
  const trailers = (await program.git("log", "--format=%b", `${before}..`)).match(
    /^Pulumiscale-Scale: \S+/gm,
  );
  expect(trailers?.sort()).toEqual(["Pulumiscale-Scale: queue", "Pulumiscale-Scale: web"]);
}, 60_000);

test("EC.1 the same event twice at once, as two Alertmanagers send it, scales once", async () => {
  const key = { authorization: `Bearer ${program.secret}`, "idempotency-key": "one event" };
  const ask = () => serve.request("POST", "/webhook/web/delta?wait=false", { delta: 1 }, key).then(resultsOf);
  const results = (await Promise.all([ask(), ask(), ask()])).flat();
  expect(results.map(({ kind }) => kind).sort()).toEqual(["hold", "hold", "scale"]);
  const commit = results.find(({ kind }) => kind === "scale")?.commit ?? "";
  expect((await endOfOperation(serve, commit)).status).toBe("applied");
  expect([countOf(program, "web"), await config("webCount")]).toEqual([6, 6]);
}, 60_000);

test("EC.2 the backend is unreachable: the update fails safely, the value stays, and the next one catches up", async () => {
  const [backend, away] = [join(program.root, "backend"), join(program.root, "away")];
  renameSync(backend, away);
  const { result, operation } = await scaleToEnd(serve, "/scale/queue", { value: 9 }).finally(() =>
    renameSync(away, backend),
  );
  expect(result).toMatchObject({ kind: "scale", from: 7, to: 9 });
  expect(operation.status).toBe("failed");
  expect([await config("queueCount"), countOf(program, "queue")]).toEqual([9, 7]);
  expect(await readPool(serve, "queue")).toMatchObject({ committed: 9, applied: 7 });
  await scaleToEnd(serve, "/scale/web", { value: 1 });
  expect(await readPool(serve, "queue")).toMatchObject({ committed: 9, applied: 9, problem: null });
  expect([await program.readBackend("queue"), countOf(program, "queue")]).toEqual([9, 9]);
}, 120_000);

test("EC.2 while the backend is unreachable, what only Pulumi can answer is to be asked again, and the rest is answered", async () => {
  const oids = (await program.git("log", "--format=%H", "--grep=web 3", "--extended-regexp")).split("\n");
  const [backend, away] = [join(program.root, "backend"), join(program.root, "away")];
  renameSync(backend, away);
  const [operation, shown, pools] = await Promise.all([
    serve.request("GET", `/operations/${oids[0]}`),
    serve.request("POST", "/scale/web?dryRun=true", { value: 8 }),
    serve.request("GET", "/pools"),
  ]).finally(() => renameSync(away, backend));
  expect([operation.status, operation.text]).toEqual([503, expect.stringContaining("Pulumi could not")]);
  expect(Number(operation.headers.get("retry-after"))).toBeGreaterThan(0);
  expect([shown.status, resultsOf(shown)[0]?.preview?.verdict]).toEqual([200, "failed"]);
  expect([pools.status, serve.lines.join("\n")]).toEqual([
    200,
    expect.not.stringContaining("request failed"),
  ]);
  expect((await serve.request("GET", `/operations/${oids[0]}`)).status).toBe(200);
}, 60_000);

test("EC.3 the stack output is malformed: the error is logged with its path, and the route is not registered", async () => {
  expect(serve.lines[serve.lines.findIndex((line) => line.includes("pulumiscale.crooked"))]).toMatch(
    /^warning: pulumiscale\.crooked\.strategy: /,
  );
  const paths = ["/pools/crooked", "/pools/crooked/history"];
  for (const path of paths) expect((await serve.request("GET", path)).status).toBe(404);
  for (const path of ["/scale/crooked", "/webhook/crooked/count", "/webhook/crooked/prometheus"]) {
    expect((await serve.request("POST", path, { value: 2 })).status).toBe(404);
    expect((await serve.request("POST", path, { value: 2 }, {})).status).toBe(401);
  }
  expect(await readPool(serve, "web")).toMatchObject({ pool: "web" });
}, 60_000);
