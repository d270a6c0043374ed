import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { identifyProcess, readProcStat } from "../../src/apply/process-identity.ts";
import { type RecoverOptions, recoverUpdate } from "../../src/apply/recover-update.ts";
import { readUpdateRecords, type UpdateRecord } from "../../src/apply/update-record.ts";
import { makePulumiStack, type PulumiStack } from "./support/pulumi-stack.ts";

// The real engine, and real kills: of who started an update, of Pulumi itself, and of the recovery.

const BASE = { steadyCount: 1, fragileCount: 1, slowCount: 1, tierCount: 1, goneCount: 1 };

let stack: PulumiStack;
let startedFile: string;
let recordFolder: string;
let said: string[];

beforeAll(async () => {
  stack = await makePulumiStack("node-pools", BASE);
  startedFile = join(stack.environment.HOME ?? "", "started");
  recordFolder = join(stack.environment.HOME ?? "", "state", "updates", "pools.dev");
  const program = join(stack.workDir, "index.js");
  const slowCreate =
    "async create(inputs) {\n    if (inputs.startedFile !== '') await provider.update('', {}, inputs);";
  await writeFile(program, (await readFile(program, "utf8")).replace("async create(inputs) {", slowCreate));
  await stack.pulumi("up", "--yes", "--skip-preview");
}, 60_000);
afterAll(() => stack.remove());
beforeEach(async () => {
  said = [];
  await rm(startedFile, { force: true });
  await rm(recordFolder, { recursive: true, force: true });
});

const dynamic = (name: string) => stack.urn("pulumi-nodejs:dynamic:Resource", name);
const slow = (count: number, milliseconds: number, changes: Record<string, boolean> = {}) =>
  stack.configure({
    ...BASE,
    slowCount: count,
    slowMilliseconds: milliseconds,
    slowStartedFile: startedFile,
    ...changes,
  });

function startScript(name: "run-recorded" | "run-recover", ...args: readonly string[]): ChildProcess {
  const script = fileURLToPath(new URL(`./support/${name}.ts`, import.meta.url));
  return spawn(process.execPath, [script, stack.workDir, recordFolder, ...args], {
    env: stack.environment,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

const isStarted = () => vi.waitFor(() => stat(startedFile), { timeout: 30_000, interval: 20 });

async function killAndWait(child: ChildProcess): Promise<void> {
  const isOver = child.exitCode !== null || child.signalCode !== null ? null : once(child, "exit");
  child.kill("SIGKILL");
  await isOver;
}

async function onlyRecord(): Promise<UpdateRecord> {
  const found = await readUpdateRecords(recordFolder);
  expect(found).toHaveLength(1);
  const record = found[0]?.record;
  if (!record) throw new Error("there is no record that can be read");
  return record;
}

/** Kills who started the update, and then Pulumi and its whole process group, in the middle of the resource's operation. */
async function killInTheMiddle(): Promise<UpdateRecord> {
  const parent = startScript("run-recorded", dynamic("slow"));
  await isStarted();
  const record = await onlyRecord();
  await killAndWait(parent);
  process.kill(-record.process.pid, "SIGKILL");
  await vi.waitFor(async () => expect(await readProcStat(record.process.pid)).toBeNull(), {
    timeout: 10_000,
  });
  expect(await stack.isLocked()).toBe(true);
  return record;
}

function recover(changes: Partial<RecoverOptions> = {}) {
  const say = (sentence: string) => said.push(sentence);
  return recoverUpdate({ ...stack, recordFolder, say, ...changes });
}

/** The next targeted update, by the same way, to its end. */
async function updateSlow(): Promise<void> {
  const [code] = await once(startScript("run-recorded", dynamic("slow")), "exit");
  expect(code).toBe(0);
}

async function listSession(pid: number): Promise<number[]> {
  const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
  const found = await Promise.all(
    pids.map(async (one) => {
      const found = await readProcStat(one);
      return found?.session === pid && found.state !== "Z" ? one : 0;
    }),
  );
  return found.filter((one) => one !== 0);
}

async function listLockPids(): Promise<number[]> {
  const folder = join(
    dirname(stack.environment.PULUMI_HOME ?? ""),
    "backend",
    ".pulumi",
    "locks",
    "organization",
    "pools",
    "dev",
  );
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json"));
  const texts = await Promise.all(
    names.map((name) => readFile(join(folder, name), "utf8").catch(() => "null")),
  );
  return texts.map((text) => JSON.parse(text)?.pid).filter((pid) => pid !== undefined);
}

describe("an update whose starter was killed", { timeout: 90_000 }, () => {
  it("is waited for: it finishes, frees its lock itself, and its result is there", async () => {
    await slow(2, 2500);
    const parent = startScript("run-recorded", dynamic("slow"));
    await isStarted();
    const { eventLog } = await onlyRecord();
    await killAndWait(parent);

    const recovered = await recover();

    expect(recovered).toMatchObject([{ kind: "finished", report: { isComplete: true } }]);
    expect(recovered[0]).toMatchObject({
      report: { done: expect.arrayContaining([{ urn: dynamic("slow"), op: "update" }]) },
    });
    expect(said[0]).toContain("still runs as the process");
    expect(said.at(-1)).toMatch(/has come to its end; steps done: [12], failed: 0\./);
    expect(await stack.inputsOf("slow")).toMatchObject({ count: 2 });
    expect(await stack.isLocked()).toBe(false);
    expect(await readdir(recordFolder)).toEqual([]);
    await expect(stat(dirname(eventLog))).rejects.toThrow("ENOENT");
  });

  it("is on record at each moment at which it may lock the stack", async () => {
    await slow(3, 0);
    const marker = `PULUMI_HOME=${stack.environment.PULUMI_HOME}`;
    const environmentOf = (name: string) => readFile(`/proc/${name}/environ`, "latin1").catch(() => "");
    for (let delay = 300; delay <= 1500; delay += 120) {
      const parent = startScript("run-recorded", dynamic("slow"));
      await new Promise((resolve) => setTimeout(resolve, delay));
      await killAndWait(parent);
      const records = await readUpdateRecords(recordFolder);
      const known = records.map(({ record }) => record?.process.pid ?? 0);
      for (const pid of known) {
        // It may have come to its end already.
        if ((await readProcStat(pid)) !== null) process.kill(pid, "SIGKILL");
      }
      const strangers = async () => {
        const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
        const found = await Promise.all(
          names.map(
            async (name) =>
              (await environmentOf(name)).includes(marker) &&
              (await readFile(`/proc/${name}/comm`, "utf8").catch(() => "")),
          ),
        );
        return found.filter((name) => name === "pulumi\n");
      };
      await vi.waitFor(async () => expect(await strangers()).toEqual([]), { timeout: 2000, interval: 50 });
      expect(known).toEqual(expect.arrayContaining(await listLockPids()));
      await recover();
      expect(await stack.isLocked()).toBe(false);
      expect(await readdir(recordFolder).catch(() => [])).toEqual([]);
    }
  });
});

describe("an update that was killed in the middle", { timeout: 120_000 }, () => {
  it("leaves a lock and plugins, which go, and a pending update, over which the next one converges", async () => {
    await slow(4, 60_000);
    const record = await killInTheMiddle();
    expect((await listSession(record.process.pid)).length).toBeGreaterThan(0);

    const recovered = await recover();

    expect(recovered).toMatchObject([
      { kind: "killed", report: { isComplete: false } },
      { kind: "leftovers-ended", processes: expect.any(Number) },
      { kind: "lock-removed", path: expect.stringContaining("/locks/organization/pools/dev/") },
      { kind: "pending-operation", operation: { urn: dynamic("slow"), kind: "updating" } },
    ]);
    expect(said).toEqual(recovered.map(({ sentence }) => sentence));
    expect(await listSession(record.process.pid)).toEqual([]);
    expect(await stack.isLocked()).toBe(false);
    expect(await readdir(recordFolder)).toEqual([]);
    await slow(4, 0);
    await updateSlow();
    expect(await stack.inputsOf("slow")).toMatchObject({ count: 4 });
    expect(await stack.pulumi("stack", "export")).not.toContain("pending_operations");
    // Without a Pulumi on the path: where nothing is on record, none is started.
    expect(await recover({ environment: { ...stack.environment, PATH: "/nowhere" } })).toEqual([]);
  });

  it("is recovered though the recovery is killed at each of its steps", async () => {
    await slow(5, 60_000);
    await killInTheMiddle();
    // The end is told, the lock is removed, what is pending is told; the plugins end before all of them.
    for (const step of [1, 2, 2]) {
      const [, signal] = await once(startScript("run-recover", String(step)), "exit");
      expect(signal, `at the step ${step}`).toBe("SIGKILL");
      expect(await readUpdateRecords(recordFolder)).toHaveLength(1);
    }
    const kinds = (await recover()).map(({ kind }) => kind);
    expect(kinds).toEqual(["killed", "pending-operation"]);
    expect(await stack.isLocked()).toBe(false);
    await slow(5, 0);
    await updateSlow();
    expect(await stack.inputsOf("slow")).toMatchObject({ count: 5 });
  });

  it("of a create names the resource, and what a person must do", async () => {
    await stack.configure({ ...BASE });
    await stack.pulumi("destroy", "--yes", "--skip-preview", "--target", dynamic("slow"));
    await slow(6, 60_000);
    await killInTheMiddle();
    const recovered = await recover();
    expect(recovered.at(-1)).toMatchObject({
      kind: "pending-operation",
      operation: { urn: dynamic("slow"), kind: "creating" },
      sentence: expect.stringContaining(`${dynamic("slow")} was being created`),
    });
    // The create is pending still after an update of something else and one of itself, and both succeed.
    await slow(6, 0);
    await stack.pulumi("up", "--yes", "--skip-preview", "--target", dynamic("steady"));
    await updateSlow();
    const pending = await stack.pulumi("stack", "export");
    expect(pending).toContain('"type": "creating"');
    await stack.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates");
    expect(await stack.pulumi("stack", "export")).not.toContain('"type": "creating"');
  });
});

describe("somebody else's update", { timeout: 60_000 }, () => {
  it("that lives keeps its lock, and comes to its end", async () => {
    await slow(7, 3000);
    const other = stack.pulumi("up", "--yes", "--skip-preview", "--target", dynamic("slow"));
    await isStarted();
    await writeRecord(await deadProcess());
    const locks = await listLockPids();

    const recovered = await recover();

    expect(recovered.map(({ kind }) => kind)).toContain("lock-left");
    expect(await listLockPids()).toEqual(locks);
    await other;
    expect(await stack.inputsOf("slow")).toMatchObject({ count: 7 });
  });
});

describe("a record", { timeout: 30_000 }, () => {
  it("of a process that runs is waited for, with a word each ten seconds, until the signal", async () => {
    const process = await writeRecord();
    let now = Date.now();
    const clock = () => {
      now += 6000;
      return now;
    };
    const stop = new AbortController();
    const waiting = recover({ clock, signal: stop.signal });
    await vi.waitFor(() => expect(said.length).toBeGreaterThan(2), { timeout: 10_000 });
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow();
    expect(said[1]).toMatch(/still runs as the process \d+, for \d+ s now/);
    expect(await readUpdateRecords(recordFolder)).toHaveLength(1);
    process.kill("SIGKILL");
  });

  it("that its owner takes away meanwhile is no business of ours", async () => {
    const process = await writeRecord();
    const waiting = recover({ environment: { PATH: "/nowhere" } });
    await vi.waitFor(() => expect(said).toHaveLength(1));
    await rm(recordFolder, { recursive: true });
    process.kill("SIGKILL");
    expect(await waiting).toMatchObject([{ kind: "waited" }]);
  });

  it("of another machine stays, and says what a person must do", async () => {
    const process = await writeRecord(undefined, { host: "elsewhere" });
    const recovered = await recover({ environment: { PATH: "/nowhere" } });
    expect(recovered).toMatchObject([{ kind: "elsewhere", sentence: expect.stringContaining(recordFolder) }]);
    expect(await readUpdateRecords(recordFolder)).toHaveLength(1);
    process.kill("SIGKILL");
  });

  it("stays where the backend cannot be reached, for the next time", async () => {
    await writeRecord(await deadProcess());
    await expect(
      recover({ environment: { ...stack.environment, PULUMI_BACKEND_URL: "file:///proc/nowhere" } }),
    ).rejects.toThrow("export the state");
    expect(await readUpdateRecords(recordFolder)).toHaveLength(1);
    await recover();
    expect(await readUpdateRecords(recordFolder)).toEqual([]);
  });

  it("that nobody can read is removed, and one whose path points elsewhere removes nothing", async () => {
    const precious = join(stack.environment.HOME ?? "", "precious");
    await mkdir(precious, { recursive: true });
    await writeFile(join(precious, "events"), "");
    await writeRecord(await deadProcess(), {}, join(precious, "events"));
    await writeFile(join(recordFolder, "broken.json"), "{");
    const kinds = (await recover()).map(({ kind }) => kind);
    expect(kinds).toEqual(["unreadable-record", "killed"]);
    expect(await readdir(recordFolder)).toEqual([]);
    expect(await readdir(precious)).toEqual(["events"]);
  });
});

/** The record of a process: of one that runs until it is killed, where none is given. */
async function writeRecord(
  child: ChildProcess = spawn("sleep", ["600"], { stdio: "ignore" }),
  changes: Partial<UpdateRecord["process"]> = {},
  eventLog = "/nowhere/events",
): Promise<ChildProcess> {
  const identity = identities.get(child) ?? (await identifyProcess(child.pid ?? 0));
  if (identity === null) throw new Error("the process is not there");
  const record: UpdateRecord = {
    schemaVersion: 1,
    process: { ...identity, ...changes },
    user: "root",
    run: "0b2f2c0e-1c5e-4c0e-9d5e-6f0a3c1f2b3d",
    command: "up",
    stack: "dev",
    eventLog,
  };
  await mkdir(recordFolder, { recursive: true });
  await writeFile(join(recordFolder, `${record.run}.json`), JSON.stringify(record));
  return child;
}

const identities = new Map<ChildProcess, UpdateRecord["process"]>();

async function deadProcess(): Promise<ChildProcess> {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  const identity = await identifyProcess(child.pid ?? 0);
  if (identity !== null) identities.set(child, identity);
  await killAndWait(child);
  return child;
}
