import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { judgePool } from "../../src/apply/pool-verdict.ts";
import { PulumiMissingError, PulumiReadError } from "../../src/apply/pulumi-errors.ts";
import {
  isConcurrentUpdate,
  previewTargets,
  readOutputs,
  type UpdateRequest,
  updateTargets,
} from "../../src/apply/targeted-update.ts";
import { makePulumiStack, type PulumiStack } from "./support/pulumi-stack.ts";

// On the real engine: one process for an update, and what it says of each pool.

const BASE = { steadyCount: 1, fragileCount: 1, slowCount: 1, tierCount: 1, goneCount: 1 };

let stack: PulumiStack;
let startedFile: string;

beforeAll(async () => {
  stack = await makePulumiStack("node-pools", BASE);
  startedFile = join(stack.environment.HOME ?? "", "started");
  await stack.configure({ ...BASE, slowStartedFile: startedFile });
  await stack.pulumi("up", "--yes", "--skip-preview");
}, 60_000);
afterAll(() => stack.remove());

const dynamic = (name: string) => stack.urn("pulumi-nodejs:dynamic:Resource", name);

function request(targets: readonly string[], changes: Partial<UpdateRequest> = {}): UpdateRequest {
  return {
    stack: "dev",
    targets,
    targetDependents: false,
    refresh: false,
    policyPacks: [],
    parallel: undefined,
    configFile: undefined,
    message: "a test",
    ...changes,
  };
}

describe("an update of several pools", { timeout: 60_000 }, () => {
  it("is one process, and says what became of each pool though one fails", async () => {
    await stack.configure({ ...BASE, steadyCount: 2, fragileCount: 5, failAt: 5, tierCount: 3 });
    const tier = stack.urn("pools:index:Tier", "tier");
    const targets = [dynamic("steady"), dynamic("fragile"), tier, `${dynamic("steady")}-renamed`];
    const lines: string[] = [];

    const run = await updateTargets(request(targets), { ...stack, onLine: (line) => lines.push(line) });

    expect(run.exitCode).not.toBe(0);
    expect(judgePool([dynamic("steady")], run)).toEqual({ kind: "changed" });
    expect(judgePool([dynamic("fragile")], run)).toMatchObject({
      kind: "failed",
      outcome: "failed",
      message: expect.stringContaining("the quota does not allow a count of 5"),
    });
    expect(judgePool([tier], run)).toEqual({ kind: "unchanged" });
    expect(judgePool([`${dynamic("steady")}-renamed`], run)).toMatchObject({
      kind: "unreached",
      message: expect.stringContaining("stopped before it had finished with `urn:pulumi:dev::pools"),
    });
    expect(await stack.inputsOf("steady")).toMatchObject({ count: 2 });
    expect(lines.filter((line) => line.includes("Updating (dev)"))).toHaveLength(1);
    const history = await readHistory();
    expect(history[0]).toMatchObject({ kind: "update", result: "failed", message: "a test" });
    expect(history).toHaveLength(2);
  });

  it("names a target that the stack does not have, and updates the others", async () => {
    await stack.configure({ ...BASE, steadyCount: 4 });
    const missing = `${dynamic("steady")}-renamed`;
    const run = await updateTargets(request([dynamic("steady"), missing]), stack);
    expect(judgePool([missing], run)).toMatchObject({ kind: "failed", outcome: "target-missing" });
    expect(judgePool([dynamic("steady"), missing], run)).toMatchObject({ outcome: "target-missing" });
    expect(judgePool([dynamic("steady")], run)).toEqual({ kind: "changed" });
    const pattern = "urn:pulumi:dev::pools::**::nobody*";
    const none = await updateTargets(request([pattern]), stack);
    expect(none.exitCode).toBe(0);
    expect(judgePool([pattern], none)).toMatchObject({ kind: "failed", outcome: "target-missing" });
  });

  it("takes patterns, and leaves what is no target alone", async () => {
    await stack.configure({ ...BASE, steadyCount: 3, fragileCount: 3, tierCount: 7 });
    const pattern = "urn:pulumi:dev::pools::**::s*";
    const run = await updateTargets(request([pattern]), stack);
    expect(run.exitCode).toBe(0);
    expect(judgePool([pattern], run)).toEqual({ kind: "changed" });
    expect(await stack.inputsOf("steady")).toMatchObject({ count: 3 });
    expect(await stack.inputsOf("fragile")).toMatchObject({ count: 1 });
    expect(await stack.inputsOf("tier-group")).toMatchObject({ count: 1 });
  });
});

describe("a policy pack", { timeout: 60_000 }, () => {
  it("that objects denies its pool and ends the update", async () => {
    const pack = fileURLToPath(new URL("../../fixtures/policies/counts", import.meta.url));
    const environment = {
      ...stack.environment,
      PATH: `${pack}:${stack.environment.PATH}`,
    };
    await stack.configure({ ...BASE, steadyCount: 16, fragileCount: 12 });
    const targets = [dynamic("steady"), dynamic("fragile")];
    const before = await stack.inputsOf("steady");

    const run = await updateTargets(request(targets, { policyPacks: [pack] }), { ...stack, environment });

    expect(run.exitCode).not.toBe(0);
    expect(judgePool([dynamic("steady")], run)).toEqual({
      kind: "failed",
      outcome: "policy-denied",
      message: "counts/few: a count of 16 is too many",
    });
    // Whether it came to the neighbour before it ended is chance.
    expect(["changed", "unreached"]).toContain(judgePool([dynamic("fragile")], run).kind);
    expect(await stack.inputsOf("steady")).toEqual(before);
  });
});

describe("a preview", { timeout: 60_000 }, () => {
  it("with a copy of the stack file says what would change, and changes nothing", async () => {
    await stack.configure(BASE);
    const copy = join(stack.environment.HOME ?? "", "copy.yaml");
    await vi.waitFor(async () => expect(await stack.isLocked()).toBe(false));
    const before = await readFile(stack.stackFile, "utf8");
    await writeFile(copy, before.replace("steadyCount: 1", "steadyCount: 9"));
    const steady = await stack.inputsOf("steady");
    const run = await previewTargets(request([dynamic("steady")], { configFile: copy }), stack);
    expect(judgePool([dynamic("steady")], run)).toEqual({ kind: "changed" });
    expect(await stack.inputsOf("steady")).toEqual(steady);
    expect(await readFile(stack.stackFile, "utf8")).toBe(before);
  });
});

describe("an interrupt", { timeout: 60_000 }, () => {
  beforeEach(async () => {
    await rm(startedFile, { force: true });
  });

  it("lets the running operation finish, and leaves no lock", async () => {
    await stack.configure({ ...BASE, slowCount: 4, slowMilliseconds: 1500, slowStartedFile: startedFile });
    const interrupt = new AbortController();
    const running = updateTargets(request([dynamic("slow")]), { ...stack, signal: interrupt.signal });
    await vi.waitFor(() => readFile(startedFile), { timeout: 20_000, interval: 50 });
    interrupt.abort();
    await running;
    expect(await stack.inputsOf("slow")).toMatchObject({ count: 4 });
    expect(await stack.isLocked()).toBe(false);
  });

  it("ends Pulumi the second time, leaves no lock, and the next update converges", async () => {
    await stack.configure({ ...BASE, slowCount: 5, slowMilliseconds: 60_000, slowStartedFile: startedFile });
    const interrupt = new AbortController();
    const running = updateTargets(request([dynamic("slow")]), {
      ...stack,
      signal: interrupt.signal,
      secondInterruptAfterMs: 300,
    });
    await vi.waitFor(() => readFile(startedFile), { timeout: 20_000, interval: 50 });
    interrupt.abort();
    const run = await running;
    expect(run.exitCode).not.toBe(0);
    expect(judgePool([dynamic("slow")], run)).toMatchObject({ kind: "unreached" });
    expect(await stack.isLocked()).toBe(false);
    await stack.configure({ ...BASE, slowCount: 5, slowStartedFile: startedFile });
    const next = await updateTargets(request([dynamic("slow")]), stack);
    expect(judgePool([dynamic("slow")], next)).toEqual({ kind: "changed" });
    expect(await stack.inputsOf("slow")).toMatchObject({ count: 5 });
  });

  it("is not needed where the caller is killed: Pulumi finishes and frees the lock", async () => {
    await stack.configure({ ...BASE, slowCount: 6, slowMilliseconds: 1500, slowStartedFile: startedFile });
    const program = fileURLToPath(new URL("./support/run-update.ts", import.meta.url));
    const parent = spawn(process.execPath, [program, stack.workDir, dynamic("slow")], {
      env: stack.environment,
      stdio: "ignore",
    });
    await vi.waitFor(() => readFile(startedFile), { timeout: 20_000, interval: 50 });
    expect(await stack.isLocked()).toBe(true);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    await vi.waitFor(async () => expect(await stack.isLocked()).toBe(false), {
      timeout: 20_000,
      interval: 100,
    });
    expect(await stack.inputsOf("slow")).toMatchObject({ count: 6 });
  });

  it("of another update is a concurrent update while it lasts", async () => {
    await stack.configure({ ...BASE, slowCount: 7, slowMilliseconds: 2500, slowStartedFile: startedFile });
    const first = updateTargets(request([dynamic("slow")]), stack);
    await vi.waitFor(() => readFile(startedFile), { timeout: 20_000, interval: 50 });
    const second = await updateTargets(request([dynamic("steady")]), stack).catch((error: unknown) => error);
    expect(await isConcurrentUpdate(second)).toBe(true);
    expect(judgePool([dynamic("slow")], await first)).toEqual({ kind: "changed" });
  });
});

describe("what cannot be read", { timeout: 60_000 }, () => {
  it("names the stack and what to check", async () => {
    await expect(readOutputs("nobody", stack)).rejects.toThrow(PulumiReadError);
    await expect(readOutputs("nobody", stack)).rejects.toThrow(
      /outputs of the stack nobody.*Check the stack's name \(stack-name, --stack\), the backend \(PULUMI_BACKEND_URL, cloud-url, /s,
    );
  });

  it("names the missing program", async () => {
    const settings = { ...stack, environment: { ...stack.environment, PATH: "/nowhere" } };
    await expect(readOutputs("dev", settings)).rejects.toThrow(PulumiMissingError);
  });
});

async function readHistory(): Promise<unknown[]> {
  const history: unknown = JSON.parse(await stack.pulumi("stack", "history", "--json", "--stack", "dev"));
  return Array.isArray(history) ? history : [];
}
