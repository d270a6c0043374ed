import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ControlsAnswer } from "../../src/http/answers.ts";
import { requireProgram } from "../setup/require-program.ts";
import { askToScale, readPool, scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import type { Program } from "./support/program.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

/** One after the other, each from where the one before has left it. */
describe.each([
  ["a git work tree", true, ".git/pulumiscale"],
  ["a plain folder", false, ".pulumiscale"],
] as const)("pauses and pins in %s", { timeout: 90_000 }, (_, git, state) => {
  let program: Program;
  let serve: Serve;
  const stateFile = (name: string) => join(program.repository, state, name);
  const ask = async (path: string, body: unknown) => {
    const { status, json, text } = await serve.request("POST", path, body);
    expect([status, text]).toEqual([200, text]);
    return ControlsAnswer.parse(json);
  };
  const cli = async (...args: string[]) => {
    const run = await program.cli([...args, "--json"]);
    return { ...run, answer: JSON.parse(run.stdout || "null") };
  };

  beforeAll(async () => {
    requireProgram("pulumi", (why) => {
      throw new Error(why);
    });
    program = await openProgram({ program: "yaml-stash", git });
    if (git) await program.git("config", "user.name", "jane_doe");
    serve = await startServe(program);
  }, 120_000);
  afterAll(async () => {
    await serve?.stop();
    await program?.remove();
  }, 60_000);

  test("a pause by the command line holds what the server is asked for, and says who and why", async () => {
    const { exitCode, answer } = await cli("pause", "web", "out", "for", "2h", "--why", "load test");
    expect([exitCode, answer]).toMatchObject([0, { kind: "changed", replaced: [] }]);
    await expect
      .poll(async () => (await readPool(serve, "web")).paused, { timeout: 20_000 })
      .toContain("(load test)");
    const held = await askToScale(serve, "/scale/web", { value: 5 });
    expect(held).toMatchObject({ kind: "hold", reasons: [{ code: "paused" }] });
    if (git) expect(held.reasons[0]?.message).toContain("jane_doe has paused scaling out of web until");
    // It may shrink all the same.
    expect(await askToScale(serve, "/scale/web?dryRun=true", { value: 2 })).toMatchObject({ kind: "scale" });
    const pools = await program.cli(["pools"]);
    expect(pools.stdout).toContain("has paused scaling out of web");
    expect(statSync(stateFile("controls/shop.dev.json")).mode & 0o777).toBe(0o600);
    if (git) expect((await program.git("status", "--porcelain")).trim()).toBe("");
  });

  test("it outlives the server, and the command line alone resumes it", async () => {
    expect(await serve.stop()).toBe(0);
    serve = await startServe(program);
    expect(await askToScale(serve, "/scale/web", { value: 5 })).toMatchObject({ kind: "hold" });
    const { status, text } = await serve.request("POST", "/resume", { pool: "web" });
    expect([status, text]).toEqual([422, expect.stringContaining("`pulumiscale resume`")]);
    expect((await cli("resume", "web")).answer).toMatchObject({ kind: "changed", stillHeld: [] });
    const { operation } = await scaleToEnd(serve, "/scale/web", { value: 5 });
    expect(operation.status).toBe("applied");
  });

  test("a pin by a call commits its value, and no other goes through", async () => {
    const pinned = await ask("/pin", { pool: "queue", value: 7, for: "1d" });
    expect(pinned.scale).toMatchObject({ kind: "scale", to: 7 });
    expect(pinned.scale?.commit).not.toBeNull();
    await expect.poll(async () => (await readPool(serve, "queue")).applied, { timeout: 60_000 }).toBe(7);
    expect(await askToScale(serve, "/scale/queue", { value: 8 })).toMatchObject({
      kind: "hold",
      reasons: [{ code: "pinned", message: expect.stringContaining("an API call has pinned queue at 7") }],
    });
    expect((await readPool(serve, "queue")).pinned).toMatchObject({ value: 7 });
    const scaled = await program.cli(["scale", "queue", "+1"]);
    expect([scaled.exitCode, scaled.stdout]).toEqual([1, expect.stringContaining("has pinned queue at 7")]);
  });

  test("a pin by the command line commits too, and one that the pool cannot have is refused", async () => {
    const refused = await cli("pin", "web", "9999");
    expect([refused.exitCode, refused.answer.kind]).toEqual([1, "refused"]);
    await cli("resume", "queue");
    const { exitCode, answer } = await cli("pin", "queue", "7", "until", "2098-01-01");
    expect([exitCode, answer]).toEqual([2, null]);
    const again = await cli("pin", "queue", "7", "for", "1d");
    expect([again.exitCode, again.answer.scale.reasons[0].code]).toEqual([0, "unchanged"]);
    await cli("resume", "queue");
  });

  test("all is every stack of the place, and what a person has said of one stays", async () => {
    await cli("pause", "all", "--why", "freeze");
    await cli("pause", "shop.dev", "in");
    const held = await askToScale(serve, "/scale/web", { value: 6 });
    expect(held.reasons[0]?.message).toContain(
      "has paused the whole repository until somebody resumes it (freeze)",
    );
    const { stdout } = await program.cli(["resume", "all"]);
    expect(stdout).toContain("The whole repository is resumed");
    expect(stdout).toMatch(/This still holds: .* has paused scaling in of shop\.dev/);
    await cli("resume", "shop.dev");
    expect((await readPool(serve, "web")).paused).toBeNull();
  });

  test("a file that cannot be read scales nothing, is left alone, and says what to do", async () => {
    const path = stateFile("controls/shop.dev.json");
    const before = readFileSync(path, "utf8");
    writeFileSync(path, before.slice(0, 20));
    const told = "controls/shop.dev.json with the pauses and pins cannot be read (it is no JSON)";
    const answers = async (route: string, body: unknown) => {
      const { status, text } = await serve.request("POST", route, body);
      return `${status} ${text}`;
    };
    // What was read a moment ago is good for a second.
    await expect
      .poll(() => answers("/scale/web?dryRun=true", { value: 6 }), { timeout: 20_000 })
      .toContain(told);
    expect(await answers("/scale/web", { value: 6 })).toContain(told);
    expect(await answers("/pause", {})).toMatch(/^503 /);
    expect(readFileSync(path, "utf8")).toBe(before.slice(0, 20));
    rmSync(path);
    await expect
      .poll(async () => (await serve.request("GET", "/pools/web")).json, { timeout: 20_000 })
      .toMatchObject({ paused: null });
  });

  test("two at the same moment lose neither, and what a killed process has left is no hindrance", async () => {
    mkdirSync(stateFile("controls"), { recursive: true });
    writeFileSync(stateFile("controls/.shop.dev.json.pulumiscale"), "half");
    const both = await Promise.all([ask("/pause", { pool: "web" }), ask("/pause", { pool: "queue" })]);
    expect(both.map(({ kind }) => kind)).toEqual(["changed", "changed"]);
    const { holds } = JSON.parse(readFileSync(stateFile("controls/shop.dev.json"), "utf8"));
    expect(holds).toHaveLength(2);
    expect(readdirSync(stateFile("controls"))).toEqual(["shop.dev.json"]);
  });

  test("words that are not understood are a mistake in the call", async () => {
    for (const args of [
      ["pause", "web", "for", "ever"],
      ["pause", "web", "sideways"],
      ["pause", "wbe"],
      ["pin", "web", "six"],
      ["pin", "web", "6", "in"],
    ]) {
      const { exitCode, stdout, stderr } = await program.cli(args);
      expect([args.join(" "), exitCode, stdout]).toEqual([args.join(" "), 2, ""]);
      expect(stderr).not.toBe("");
    }
  });
});
