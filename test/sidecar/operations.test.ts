import { afterAll, beforeAll, expect, test } from "vitest";
import { type CountingPath, openCountingPath } from "../bench/counting-path.ts";
import { askToScale, endOfOperation, readOperation, readPool, scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { countOf, hold, untilBegun } from "./support/pace-files.ts";
import type { Program } from "./support/program.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

let program: Program;
let serve: Serve;
let processes: CountingPath;
beforeAll(async () => {
  program = await openProgram({ program: "yaml-pace" });
  processes = await openCountingPath(program.root, program.environment.PATH ?? "", ["pulumi"]);
  serve = await startServe(program, [], { PATH: processes.PATH });
}, 90_000);
afterAll(async () => {
  await serve?.stop();
  await program?.remove();
}, 60_000);

test("?wait=false answers when the change is committed, before its apply, and says where to look", async () => {
  const { release } = hold(program, "slow");
  const result = await askToScale(serve, "/scale/slow?wait=false", { value: 5 });
  const commit = (await program.git("rev-parse", "HEAD")).trim();
  expect(result).toMatchObject({
    ...{ kind: "scale", from: 2, to: 5, commit },
    apply: { operation: commit, status: "under-way", outcome: null },
  });
  expect(result.apply?.message).toContain(`GET /operations/${commit}`);
  await untilBegun(program, "slow");
  expect(await readOperation(serve, commit)).toMatchObject({
    ...{ operation: commit, commit, stack: "pace.dev", status: "under-way" },
    pools: [{ pool: "slow", from: 2, to: 5, requested: 5, source: "scale", outcome: null }],
  });
  expect(countOf(program, "slow")).toBe(2);
  release();
  expect(await endOfOperation(serve, commit)).toMatchObject({
    ...{ commit, status: "applied" },
    pools: [{ pool: "slow", from: 2, to: 5, outcome: "applied", message: "" }],
  });
  expect(countOf(program, "slow")).toBe(5);
}, 60_000);

test("an apply that is not over in time is answered as under way, and goes on", async () => {
  const { release } = hold(program, "slow");
  const result = await askToScale(serve, "/scale/slow", { value: 6 });
  expect(result).toMatchObject({ kind: "scale", to: 6, apply: { status: "under-way", outcome: null } });
  expect(countOf(program, "slow")).toBe(5);
  release();
  expect((await endOfOperation(serve, result.commit ?? "")).status).toBe("applied");
  expect(countOf(program, "slow")).toBe(6);
}, 60_000);

test("many who ask at once what became of it cost one process of Pulumi's", async () => {
  const { release } = hold(program, "slow");
  const { commit } = await askToScale(serve, "/scale/slow?wait=false", { value: 5 });
  await untilBegun(program, "slow");
  await processes.take();
  const asked = Array.from({ length: 30 }, () => readOperation(serve, commit ?? ""));
  expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set(["under-way"]));
  const started = await processes.take();
  // Where the thirty take longer than an answer is good for, it is read once more.
  expect(started.length, started.join("\n")).toBeLessThan(5);
  release();
  expect((await endOfOperation(serve, commit ?? "")).status).toBe("applied");
}, 60_000);

test("while one update runs, a change of another pool waits for the next and is told so", async () => {
  const { release } = hold(program, "slow");
  const slow = await askToScale(serve, "/scale/slow?wait=false", { value: 7 });
  await untilBegun(program, "slow");
  const steady = await askToScale(serve, "/scale/steady?wait=false", { value: 4 });
  const standing = await readOperation(serve, steady.commit ?? "");
  expect(["waiting", "under-way"]).toContain(standing.status);
  expect(countOf(program, "steady")).toBe(1);
  release();
  for (const { commit } of [slow, steady])
    expect((await endOfOperation(serve, commit ?? "")).status).toBe("applied");
  expect([countOf(program, "slow"), countOf(program, "steady")]).toEqual([7, 4]);
}, 60_000);

test("an operation is known after kill -9 inside its update, once the next start has seen to that update", async () => {
  const { release } = hold(program, "slow");
  const result = await askToScale(serve, "/scale/slow?wait=false", { value: 9 });
  const operation = result.commit ?? "";
  await untilBegun(program, "slow");
  serve.kill("SIGKILL", "group");
  await serve.ended;
  const starting = startServe(program);
  release();
  serve = await starting;
  expect(await endOfOperation(serve, operation)).toMatchObject({
    ...{ status: "applied", commit: operation },
    pools: [{ pool: "slow", from: 7, to: 9, requested: 9, outcome: "applied" }],
  });
  expect(countOf(program, "slow")).toBe(9);
}, 60_000);

test("an operation that waits, and one that is over, are known after kill -9", async () => {
  const { result } = await scaleToEnd(serve, "/scale/steady", { value: 5 });
  const { release } = hold(program, "slow");
  await askToScale(serve, "/scale/slow?wait=false", { value: 10 });
  await untilBegun(program, "slow");
  const waiting = await askToScale(serve, "/scale/steady?wait=false", { value: 4 });
  serve.kill("SIGKILL", "group");
  await serve.ended;
  const starting = startServe(program);
  release();
  serve = await starting;
  expect((await endOfOperation(serve, waiting.commit ?? "")).status).toBe("applied");
  expect((await readOperation(serve, result.commit ?? "")).status).toBe("applied");
  expect([countOf(program, "slow"), countOf(program, "steady")]).toEqual([10, 4]);
}, 60_000);

test("a pool whose operation is told as applied may move at once", async () => {
  for (const value of [6, 7, 8, 9]) {
    const { commit } = await askToScale(serve, "/scale/steady?wait=false", { value });
    let status = "";
    while (status !== "applied") ({ status } = await readOperation(serve, commit ?? ""));
    expect(await readPool(serve, "steady")).toMatchObject({ committed: value, applied: value });
  }
}, 60_000);

test("an earlier operation of the same pool stays applied once a newer value came", async () => {
  const { result } = await scaleToEnd(serve, "/scale/steady", { value: 2 });
  await scaleToEnd(serve, "/scale/steady", { value: 3 });
  expect(await readOperation(serve, result.commit ?? "")).toMatchObject({
    status: "applied",
    pools: [{ pool: "steady", from: 9, to: 2 }],
  });
}, 60_000);

test("what is no scale commit of the stack is unknown, and nothing else is told of it", async () => {
  const [first = ""] = (await program.git("rev-list", "--max-parents=0", "HEAD")).split("\n");
  const ids = [
    ...["0".repeat(40), first, first.slice(0, 7), "HEAD", "main", "HEAD~1", "--help", "a".repeat(5_000)],
    ...["..%2F..%2Fetc%2Fpasswd", "%00", "%0A", "%F0%9F%92%A3", "@%7B0%7D", "*"],
  ];
  for (const id of ids) {
    const answer = await serve.request("GET", `/operations/${id}`);
    expect([id, answer.status]).toEqual([id, 404]);
    expect(answer.json).toMatchObject({ type: "urn:pulumiscale:problem:unknown-operation" });
  }
  expect((await serve.request("GET", "/operations/")).status).toBe(404);
  expect((await serve.request("GET", `/operations/${first}?wait=false`)).status).toBe(422);
  expect((await serve.request("POST", "/operations/x", {})).status).toBe(405);
}, 60_000);
