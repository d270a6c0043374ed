import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { readOwnContract } from "../../src/apply/read-contract.ts";
import { openProgram, type ProgramOptions, webhookSecret } from "./support/open-program.ts";
import {
  type PoolValues,
  readBackendValues,
  readStackValues,
  upTarget,
  writeStackValues,
} from "./support/pool-values.ts";
import type { Program } from "./support/program.ts";
import { stackTexts } from "./support/stack-texts.ts";

/** The programs, with the values of those pools whose values reach their targets. */
const cases: (ProgramOptions & { name: string; values: PoolValues })[] = [
  { name: "node-workers", program: "node-workers", values: { "worker-pool": 2 } },
  { name: "yaml-stash", program: "yaml-stash", values: { web: 3, queue: 5 } },
  { name: "yaml-pace", program: "yaml-pace", values: { steady: 1, slow: 2, fragile: 3 } },
  { name: "yaml-nested", program: "yaml-nested", values: { general: 2, memory: 3, edge: 5 } },
  {
    name: "yaml-nested with CRLF",
    program: "yaml-nested",
    stackText: stackTexts["yaml-nested"]().replaceAll("\n", "\r\n"),
    values: { general: 2, memory: 3, edge: 5 },
  },
];

describe.each(cases)("$name", ({ values, ...options }) => {
  let program: Program;
  beforeAll(async () => {
    program = await openProgram(options);
  }, 60_000);
  afterAll(() => program?.remove());

  test("comes up with a good contract, whose values stand in the stack file and in the backend", async () => {
    const { contract, warnings } = await readOwnContract(program.stack, program);
    expect(warnings).toEqual([]);
    expect(await readStackValues(program, contract)).toMatchObject(values);
    expect(await readBackendValues(program, Object.keys(values))).toEqual(values);
  }, 30_000);

  test("the stack file stands as it was given, beside Pulumi's own lines", async () => {
    const given = options.stackText ?? stackTexts[options.program](program.directory);
    const text = await program.readStackFile();
    const lines = text.split(/(?<=\n)/);
    expect(lines.filter((line) => !/secure|webhook-secret|encryptionsalt/.test(line)).join("")).toBe(given);
    expect(lines.map((line) => line.endsWith("\r\n"))).not.toContain(!String(given).includes("\r\n"));
  });

  test("a targeted up on a pool's URN changes that pool's resource only", async () => {
    const { contract } = await readOwnContract(program.stack, program);
    const next = Object.fromEntries(Object.entries(values).map(([pool, value]) => [pool, value + 1]));
    await writeStackValues(program, contract, next);
    let expected = values;
    for (const [pool, value] of Object.entries(next)) {
      await upTarget(program, contract, pool);
      expected = { ...expected, [pool]: value };
      expect(await readBackendValues(program, Object.keys(values))).toEqual(expected);
    }
    if (options.program === "node-workers") expect(program.countWorkers()).toBe(3);
  }, 60_000);
});

describe("a program in a git repository", () => {
  let program: Program;
  beforeAll(async () => {
    program = await openProgram({ program: "yaml-pace", folder: "infra", stack: "prod" });
  }, 60_000);
  afterAll(() => program?.remove());
  const file = (name: string) => join(program.directory, name);

  test("all of it is committed, and the secret is readable by Pulumi alone", async () => {
    expect(await program.git("status", "--porcelain")).toBe("");
    expect(await program.git("ls-files", "infra/Pulumi.prod.yaml")).not.toBe("");
    expect((await program.pulumi("config", "get", "pulumiscale:webhook-secret")).trim()).toBe(webhookSecret);
    expect(await program.readStackFile()).not.toContain(webhookSecret);
  }, 30_000);

  test("the command line runs in the program's folder and tells its exit code", async () => {
    expect(await program.cli(["--version"])).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await program.cli(["no-such-command"])).exitCode).toBe(2);
  }, 30_000);

  test("a slow pool's update goes on, and holds the stack, until its hold is gone", async () => {
    const { contract } = await readOwnContract(program.stack, program);
    writeFileSync(file("slow.hold"), "");
    await writeStackValues(program, contract, { slow: 7 });
    const update = upTarget(program, contract, "slow");
    await expect.poll(() => existsSync(file("slow.begun")), { timeout: 20_000 }).toBe(true);
    await expect(upTarget(program, contract, "steady")).rejects.toThrow("the stack is currently locked by");
    expect(readFileSync(file("slow.count"), "utf8")).toBe("2");
    rmSync(file("slow.hold"));
    await update;
    expect(readFileSync(file("slow.count"), "utf8")).toBe("7");
    expect(await program.readBackend("slow")).toBe(7);
  }, 30_000);

  test("a failing pool's update fails with the words that were asked for, and nothing has moved", async () => {
    const { contract } = await readOwnContract(program.stack, program);
    writeFileSync(file("fragile.fail"), "the quota does not allow a count of 9");
    await writeStackValues(program, contract, { fragile: 9 });
    await expect(upTarget(program, contract, "fragile")).rejects.toMatchObject({
      stdout: expect.stringContaining("error: the quota does not allow a count of 9"),
    });
    expect(await program.readBackend("fragile")).toBe(3);
    expect(readFileSync(file("fragile.count"), "utf8")).toBe("3");
    rmSync(file("fragile.fail"));
    await upTarget(program, contract, "fragile");
    expect(await program.readBackend("fragile")).toBe(9);
  }, 30_000);
});

test("without git the program stands in a plain folder, and without a secret there is none", async () => {
  const program = await openProgram({ program: "yaml-stash", git: false, secret: null });
  onTestFinished(program.remove);
  await expect(program.git("rev-parse", "--is-inside-work-tree")).rejects.toThrow("not a git repository");
  expect(await program.readStackFile()).not.toContain("webhook-secret");
  expect(await program.readBackend("web")).toBe(3);
}, 30_000);
