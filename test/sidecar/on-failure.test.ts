import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askToScale, endOfOperation, readOperation, readPool, scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { breakGroup, countOf, hold, untilBegun } from "./support/pace-files.ts";
import type { Program } from "./support/program.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

/** Pulumi hides its own secrets; it does not know what else the environment holds. */
const deployToken = "a-token-that-only-the-environment-has-0123456789";

let program: Program;
let serve: Serve;
beforeAll(async () => {
  program = await openProgram({ program: "yaml-pace" });
  serve = await startServe(program, [], { DEPLOY_TOKEN: deployToken });
}, 90_000);
afterAll(async () => {
  await serve?.stop();
  await program?.remove();
}, 60_000);

const committed = async (pool: string) => (await readPool(serve, pool)).committed;
const subjects = async (count: number) =>
  (await program.git("log", `-${count}`, "--format=%s")).trim().split("\n");

describe("a value that cannot be applied", () => {
  test("stays committed; the pool tells Pulumi's diagnostics, without a secret in them", async () => {
    const words = `${program.secret} and ${deployToken}: the quota does not allow a count of 8`;
    const { mend } = breakGroup(program, "fragile", words);
    const { result, operation } = await scaleToEnd(serve, "/scale/fragile", { value: 8 });
    expect(operation).toMatchObject({ status: "failed", pools: [{ outcome: "failed" }] });
    expect(operation.pools[0]?.message).toContain("does not allow a count of 8");
    expect(await readPool(serve, "fragile")).toMatchObject({ committed: 8, applied: 3 });
    expect((await readPool(serve, "fragile")).problem).toContain("does not allow a count of 8");
    expect([await program.readBackend("fragile"), countOf(program, "fragile")]).toEqual([3, 3]);
    const told = [
      JSON.stringify([result, operation, await readPool(serve, "fragile")]),
      serve.lines.join("\n"),
      await program.git("log", "-p"),
    ];
    for (const secret of [program.secret, deployToken])
      for (const text of told) expect(text).not.toContain(secret);
    mend();
  }, 60_000);

  test("holds the pool: the next demand is told `apply-failed`, and commits nothing", async () => {
    const before = await subjects(20);
    const next = await askToScale(serve, "/webhook/fragile/count", { value: 5 });
    expect(next).toMatchObject({ kind: "hold", to: 8, commit: null, reasons: [{ code: "apply-failed" }] });
    expect(next.reasons[0]?.message).toContain("does not allow a count of 8");
    expect(await subjects(20)).toEqual(before);
  });

  test("holds no other pool, whose apply tries it again: the hold ends with its success", async () => {
    const { operation } = await scaleToEnd(serve, "/scale/steady", { value: 2 });
    expect(operation.status).toBe("applied");
    expect(await readPool(serve, "fragile")).toMatchObject({ committed: 8, applied: 8, problem: null });
    expect([await program.readBackend("fragile"), countOf(program, "fragile")]).toEqual([8, 8]);
    const next = await scaleToEnd(serve, "/webhook/fragile/count", { value: 5 });
    expect(next.operation.status).toBe("applied");
  }, 60_000);

  test("is held after kill -9 too, and the next start tries it again", async () => {
    const { mend } = breakGroup(program, "fragile", "the zone is full");
    const { operation } = await scaleToEnd(serve, "/scale/fragile", { value: 9 });
    expect(operation.status).toBe("failed");
    serve.kill("SIGKILL", "group");
    await serve.ended;
    serve = await startServe(program);
    expect((await readPool(serve, "fragile")).problem).toContain("the zone is full");
    const held = await askToScale(serve, "/scale/fragile", { value: 1 });
    expect(held).toMatchObject({ kind: "hold", reasons: [{ code: "apply-failed" }] });
    mend();
    await scaleToEnd(serve, "/scale/steady", { value: 3 });
    expect(await readPool(serve, "fragile")).toMatchObject({ committed: 9, applied: 9, problem: null });
    expect((await readOperation(serve, operation.commit)).status).toBe("applied");
  }, 90_000);
});

describe("with --on-failure=revert", () => {
  beforeAll(async () => {
    await serve.stop();
    serve = await startServe(program, ["--on-failure=revert"]);
  }, 60_000);

  test("the old value is committed back as a scale commit and applied, and the pool may move again", async () => {
    const { mend } = breakGroup(program, "fragile", "the zone is full");
    const result = await askToScale(serve, "/scale/fragile?wait=false", { value: 12 });
    expect(result).toMatchObject({ kind: "scale", from: 9, to: 12 });
    await expect.poll(() => committed("fragile"), { timeout: 60_000 }).toBe(9);
    mend();
    expect(await subjects(2)).toEqual(["scale(pace.dev): fragile 12 → 9", "scale(pace.dev): fragile 9 → 12"]);
    expect(await program.git("log", "-1", "--format=%b")).toMatch(
      /^Pulumiscale-Scale: fragile 12 -> 9 requested=9 reason=apply-failed source=revert event=[0-9a-f]{16}$/m,
    );
    expect(await endOfOperation(serve, result.commit ?? "")).toMatchObject({ status: "failed" });
    await expect.poll(async () => (await readPool(serve, "fragile")).problem, { timeout: 60_000 }).toBeNull();
    expect(await readPool(serve, "fragile")).toMatchObject({ committed: 9, applied: 9 });
    expect([await program.readBackend("fragile"), countOf(program, "fragile")]).toEqual([9, 9]);
    const { operation } = await scaleToEnd(serve, "/scale/fragile", { value: 10 });
    expect(operation.status).toBe("applied");
  }, 120_000);

  test("a kill inside the failing apply leaves a value that the next start applies or takes back", async () => {
    const { release } = hold(program, "fragile");
    const { mend } = breakGroup(program, "fragile", "the zone is full");
    await askToScale(serve, "/scale/fragile?wait=false", { value: 14 });
    await untilBegun(program, "fragile");
    serve.kill("SIGKILL", "group");
    await serve.ended;
    release();
    serve = await startServe(program, ["--on-failure=revert"]);
    await expect.poll(() => committed("fragile"), { timeout: 60_000 }).toBe(10);
    mend();
    await expect.poll(async () => (await readPool(serve, "fragile")).problem, { timeout: 60_000 }).toBeNull();
    expect([await program.readBackend("fragile"), countOf(program, "fragile")]).toEqual([10, 10]);
  }, 120_000);

  test("a pause keeps the value from being taken back; the next try after it takes it back", async () => {
    const { release } = hold(program, "fragile");
    const { mend } = breakGroup(program, "fragile", "the zone is full");
    const { commit } = await askToScale(serve, "/scale/fragile?wait=false", { value: 13 });
    await untilBegun(program, "fragile");
    expect((await serve.request("POST", "/pause", { pool: "fragile", direction: "in" })).status).toBe(200);
    release();
    expect((await endOfOperation(serve, commit ?? "")).status).toBe("failed");
    // The next apply begins when the one before has been answered for.
    await scaleToEnd(serve, "/scale/steady", { value: 4 });
    expect(await committed("fragile")).toBe(13);
    expect((await serve.request("POST", "/resume", { pool: "fragile" })).status).toBe(200);
    await scaleToEnd(serve, "/scale/steady", { value: 5 });
    await expect.poll(() => committed("fragile"), { timeout: 60_000 }).toBe(10);
    mend();
    await expect.poll(async () => (await readPool(serve, "fragile")).problem, { timeout: 60_000 }).toBeNull();
  }, 120_000);
});
