import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyPools, type EngineOptions } from "../../src/apply/apply-pools.ts";
import type { PendingPool } from "../../src/apply/pending.ts";
import { readOwnContract } from "../../src/apply/read-contract.ts";
import type { Contract } from "../../src/domain/contract.ts";
import { makePulumiStack, type PulumiStack } from "./support/pulumi-stack.ts";

// What becomes of each pool, on the real engine.

const BASE = { steadyCount: 1, fragileCount: 1, slowCount: 1, tierCount: 1, goneCount: 1 };
const pack = fileURLToPath(new URL("../../fixtures/policies/counts", import.meta.url));

let stack: PulumiStack;
let contract: Contract;

beforeAll(async () => {
  stack = await makePulumiStack("node-pools", BASE);
  await stack.pulumi("up", "--yes", "--skip-preview");
  contract = (await readOwnContract("dev", stack)).contract;
}, 60_000);
afterAll(() => stack.remove());

/** Commits the values and applies them. */
async function apply(
  values: Readonly<Record<string, number>>,
  from: Readonly<Record<string, number | null>>,
  changes: Partial<EngineOptions> = {},
) {
  await stack.configure({ ...BASE, ...values });
  const pending = Object.entries(from).flatMap(([name, value]): PendingPool[] => {
    const pool = contract.get(name);
    return pool === undefined ? [] : [{ pool, from: value, to: values[`${name}Count`] ?? 1 }];
  });
  const results = await applyPools(pending, "at-once", {
    stack: "dev",
    project: stack.project,
    workDir: stack.workDir,
    environment: { ...stack.environment, PATH: `${pack}:${stack.environment.PATH}` },
    stackFile: { path: stack.stackFile, text: await readFile(stack.stackFile, "utf8") },
    refresh: false,
    policyPacks: [],
    parallel: undefined,
    unexpectedChanges: "refuse",
    message: "a test",
    pace: { wait: async () => {}, random: () => 0 },
    ...changes,
  });
  return Object.fromEntries(
    results.map(({ pool, outcome, message }) => [pool, message === "" ? outcome : { outcome, message }]),
  );
}

describe("one apply", { timeout: 60_000 }, () => {
  it("applies what it can: a failing, a missing and an idle pool hold nobody else", async () => {
    const values = { steadyCount: 2, fragileCount: 5, failAt: 5, tierCount: 3, goneCount: 4 };
    const outcomes = await apply(values, { steady: 1, fragile: 1, tier: 1, gone: 1 });
    expect(outcomes).toEqual({
      steady: "applied",
      fragile: {
        outcome: "failed",
        message: expect.stringContaining("the quota does not allow a count of 5"),
      },
      tier: {
        outcome: "no-effect",
        message: expect.stringContaining("A component's URN targets none of its children"),
      },
      gone: { outcome: "target-missing", message: expect.stringContaining("steady-renamed") },
    });
    expect(await stack.inputsOf("steady")).toMatchObject({ count: 2 });
    expect(await stack.inputsOf("fragile")).toMatchObject({ count: 1 });
  });

  it("applies the neighbours of a pool that a policy denies", async () => {
    const outcomes = await apply(
      { steadyCount: 16, slowCount: 4 },
      { steady: 2, slow: 1 },
      { policyPacks: [pack] },
    );
    expect(outcomes).toEqual({
      steady: { outcome: "policy-denied", message: "counts/few: a count of 16 is too many" },
      slow: "applied",
    });
    expect(await stack.inputsOf("slow")).toMatchObject({ count: 4 });
  });

  it("takes no target for applied that was refreshed before the program failed", async () => {
    const program = join(stack.workDir, "index.js");
    const text = await readFile(program, "utf8");
    await writeFile(program, `throw new Error("no such region");\n${text}`);
    const outcomes = await apply(
      { steadyCount: 2, slowCount: 4 },
      { slow: 4, steady: null },
      { refresh: true },
    );
    await writeFile(program, text);
    const failed = { outcome: "failed", message: expect.stringContaining("no such region") };
    expect(outcomes).toEqual({ slow: failed, steady: failed });
  });

  it("takes a pool of which nothing is known for applied where the engine finds it so", async () => {
    expect(await apply({ steadyCount: 2, slowCount: 4 }, { slow: null })).toEqual({ slow: "applied" });
  });
});
