import { mkdtemp, readFile, writeFile } from "node:fs/promises";
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
    stackFile: { kind: "work-tree", path: stack.stackFile, text: await readFile(stack.stackFile, "utf8") },
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

describe("a pool that stands at its value already", { timeout: 60_000 }, () => {
  // As a run leaves it that was killed before the ledger had it.
  beforeAll(async () => {
    await stack.configure({ ...BASE, steadyCount: 2 });
    await stack.pulumi("up", "--yes", "--skip-preview");
  }, 60_000);

  /** A `pulumi` that says so on stderr instead of previewing. Answers its folder. */
  async function makeFailingPreview(sentence: string): Promise<string> {
    const folder = await mkdtemp(join(stack.environment.HOME ?? "", "failing-"));
    const script = `#!/bin/sh\nif [ "$1" = preview ]; then echo "${sentence}" >&2; exit 255; fi\nPATH=\${PATH#*:} exec pulumi "$@"\n`;
    await writeFile(join(folder, "pulumi"), script, { mode: 0o755 });
    return `${folder}:${stack.environment.PATH}`;
  }

  it("takes no neighbour's receipt along where the stack is busy when it is to be confirmed", async () => {
    const PATH = await makeFailingPreview("error: [409] Conflict: Another update is currently in progress.");
    const outcomes = await apply(
      { steadyCount: 2, slowCount: 6 },
      { steady: 1, slow: 4 },
      { environment: { ...stack.environment, PATH } },
    );
    expect(outcomes).toEqual({
      steady: { outcome: "failed", message: expect.stringContaining("another update holds its lock") },
      slow: "applied",
    });
  });

  it("is no no-effect where the run was interrupted while it was being confirmed", async () => {
    const PATH = await makeFailingPreview("error: preview canceled");
    const interrupt = new AbortController();
    const outcomes = await apply(
      { steadyCount: 2, slowCount: 6 },
      { steady: 1 },
      {
        environment: { ...stack.environment, PATH },
        signal: interrupt.signal,
        onLine: (line) => {
          if (line.includes("canceled")) interrupt.abort();
        },
      },
    );
    expect(outcomes).toEqual({
      steady: { outcome: "failed", message: expect.stringContaining("The run was interrupted") },
    });
  });
});
