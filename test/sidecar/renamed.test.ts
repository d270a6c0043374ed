import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HistoryAnswer } from "../../src/http/answers.ts";
import { parseEntry } from "../../src/ledger/entry.ts";
import { requireProgram } from "../setup/require-program.ts";
import { askToScale, readOperation, readPool, scaleToEnd } from "./support/ask-serve.ts";
import { openProgram } from "./support/open-program.ts";
import { hold, untilBegun } from "./support/pace-files.ts";
import type { Program } from "./support/program.ts";
import { descendantsOf, killAll } from "./support/random-processes.ts";
import { type Serve, startServe } from "./support/start-serve.ts";

const SETTINGS = "stacks:\n  store: { dir: ., stack: dev, formerAliases: [pace.dev] }\n";

/** One after the other: a stack that was scaled, paused and killed in the middle under one name, and goes on under another. */
describe.each([
  ["a git work tree", true, ".git/pulumiscale"],
  ["a plain folder", false, ".pulumiscale"],
] as const)("a stack renamed with `formerAliases`, in %s", { timeout: 120_000 }, (_, git, state) => {
  const args = git ? [] : ["--alias", "store"];
  let program: Program;
  let serve: Serve;
  let first: string;
  let killed: string;
  const entryOf = (alias: string) => {
    const path = join(program.repository, state, `stacks/${alias}.json`);
    if (!existsSync(path)) return null;
    const parsed = parseEntry(readFileSync(path, "utf8"));
    return parsed.kind === "entry" ? parsed.entry : null;
  };
  const historyOf = async (pool: string) => {
    const { json } = await serve.request("GET", `/pools/${pool}/history`);
    return HistoryAnswer.parse(json).history;
  };

  beforeAll(async () => {
    requireProgram("pulumi", (why) => {
      throw new Error(why);
    });
    program = await openProgram({ program: "yaml-pace", git });
    serve = await startServe(program);
  }, 120_000);
  afterAll(async () => {
    await serve?.stop();
    await program?.remove();
  }, 60_000);

  test("is scaled and paused under its former name, and killed inside an update, which stays locked", async () => {
    first = (await scaleToEnd(serve, "/scale/steady", { value: 4 })).operation.commit;
    expect((await program.cli(["pause", "fragile", "for", "2h", "--why", "a load test"])).exitCode).toBe(0);
    const held = hold(program, "slow");
    const asked = serve.request("POST", "/scale/slow", { delta: 1 }).catch(() => null);
    await untilBegun(program, "slow");
    killed = (await historyOf("slow"))[0]?.commit ?? "";
    const others = descendantsOf(serve.pid);
    serve.kill("SIGKILL");
    killAll(others);
    await serve.ended;
    held.release();
    await asked;
  });

  test("goes on with what the killed process has left, and knows what is applied", async () => {
    mkdirSync(join(program.repository, ".github"), { recursive: true });
    writeFileSync(join(program.repository, ".github/pulumiscale.yml"), SETTINGS);
    if (git) {
      await program.git("add", "--", ".github");
      await program.git("commit", "--quiet", "--message", "another name");
    }
    serve = await startServe(program, args);
    expect(serve.lines.join("\n")).toContain("pulumiscale serves store");
    expect(serve.lines.join("\n")).not.toContain("There was no record of what is applied");
    expect(await readPool(serve, "steady")).toMatchObject({ stack: "store", committed: 4, applied: 4 });
    await expect.poll(async () => (await readPool(serve, "slow")).applied, { timeout: 60_000 }).toBe(3);
    expect(entryOf("store")?.applied).toMatchObject({ steady: 4, slow: 3 });
    expect(entryOf("store")?.receipt?.covers).toContain(killed);
    expect(await readOperation(serve, first)).toMatchObject({ status: "applied", stack: "store" });
    expect(await readOperation(serve, killed)).toMatchObject({ status: "applied" });
  });

  test("keeps its history", async () => {
    const [newest] = await historyOf("steady");
    expect(newest).toMatchObject({ commit: first, from: 1, to: 4, by: "scale" });
  });

  test("stays paused, until it is resumed under either name", async () => {
    const held = await askToScale(serve, "/scale/fragile", { value: 5 });
    expect(held).toMatchObject({ kind: "hold", reasons: [{ code: "paused" }] });
    expect(held.reasons[0]?.message).toContain("(a load test)");
    expect((await program.cli(["resume", "pace.dev/fragile", ...args])).exitCode).toBe(0);
    const { operation } = await scaleToEnd(serve, "/scale/fragile", { value: 5 });
    expect(operation.status).toBe("applied");
  });

  test("notes nothing more under the former name, and is read by it no more", async () => {
    const before = entryOf("pace.dev");
    expect(before?.applied).toMatchObject({ fragile: 3 });
    expect(entryOf("store")?.applied).toMatchObject({ fragile: 5 });
    expect(await serve.stop()).toBe(0);
    const { stdout } = await program.cli(["pools", "--json", ...args]);
    expect(JSON.parse(stdout)).toMatchObject({
      pools: expect.arrayContaining([expect.objectContaining({ pool: "fragile", applied: 5, paused: null })]),
    });
  });
});
