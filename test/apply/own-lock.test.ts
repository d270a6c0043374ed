import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeOwnLocks } from "../../src/apply/own-lock.ts";
import { identifyProcess, isGone, type ProcessIdentity } from "../../src/apply/process-identity.ts";
import { parseBackendUrl, type StateBackend } from "../../src/apply/state-backend.ts";
import type { UpdateRecord } from "../../src/apply/update-record.ts";

// On lock files as the real engine writes them; with the real engine in recover-update.test.ts.

let root: string;
let backend: StateBackend;
/** Alive until a test ends it, or the test ends. */
let sleeper: ChildProcess;
let identity: ProcessIdentity;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "pulumiscale-locks-"));
  backend = { kind: "folder", path: root };
  sleeper = spawn("sleep", ["600"], { stdio: "ignore" });
  await once(sleeper, "spawn");
  const seen = await identifyProcess(sleeper.pid ?? 0);
  if (seen === null) throw new Error("the process is not there");
  identity = seen;
});
afterEach(async () => {
  sleeper.kill("SIGKILL");
  await rm(root, { recursive: true, force: true });
});

async function killSleeper(): Promise<void> {
  sleeper.kill("SIGKILL");
  await once(sleeper, "exit");
}

const record = (changes: Partial<UpdateRecord> = {}): UpdateRecord => ({
  schemaVersion: 1,
  process: identity,
  user: userInfo().username,
  run: "0b2f2c0e-1c5e-4c0e-9d5e-6f0a3c1f2b3d",
  command: "up",
  stack: "dev",
  eventLog: "/nowhere",
  ...changes,
});

const ownLock = () => ({
  pid: identity.pid,
  username: userInfo().username,
  hostname: hostname(),
  timestamp: new Date(Date.parse(identity.seenAt) + 500).toISOString().replace("Z", "123456+00:00"),
});

const FOLDER = ".pulumi/locks/organization/pools/dev";

async function writeLock(content: unknown, folder = FOLDER): Promise<string> {
  const path = join(root, folder, "c5dac785-bde9-4ef8-8611-f8e36457ed22.json");
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  await writeFile(`${path}.attrs`, "{}");
  return path;
}

async function listLocks(): Promise<string[]> {
  const names = await readdir(join(root, ".pulumi"), { recursive: true });
  return names.filter((name) => name.endsWith(".json") || name.endsWith(".attrs"));
}

describe("a lock of our own whose process is gone", () => {
  it("is removed, with the attributes beside it, and said", async () => {
    const path = await writeLock(ownLock());
    await killSleeper();
    expect(await removeOwnLocks(record(), backend, "pools")).toEqual([
      {
        kind: "lock-removed",
        path,
        sentence: expect.stringContaining(`the process ${identity.pid} on ${hostname()}`),
      },
    ]);
    expect(await listLocks()).toEqual([]);
    expect(await removeOwnLocks(record(), backend, "pools")).toEqual([]);
  });

  it("is found where the backend knows no projects, and by the stack's full name", async () => {
    await writeLock(ownLock(), ".pulumi/locks/dev");
    await writeLock(ownLock());
    await killSleeper();
    const found = await removeOwnLocks(record({ stack: "organization/pools/dev" }), backend, "another");
    expect(found.map(({ kind }) => kind)).toEqual(["lock-removed", "lock-removed"]);
  });

  it("is removed though another process has its id by now, where it is older than that process", async () => {
    const hourAgo = Date.now() - 3_600_000;
    const seenAt = new Date(hourAgo).toISOString();
    const reused = record({ process: { ...identity, start: "1", seenAt } });
    await writeLock({ ...ownLock(), timestamp: new Date(hourAgo + 900).toISOString() });
    expect(await removeOwnLocks(reused, backend, "pools")).toMatchObject([{ kind: "lock-removed" }]);
  });
});

describe("no lock is removed", () => {
  const others: Record<string, () => object> = {
    "of another host": () => ({ hostname: "elsewhere" }),
    "of another user": () => ({ username: "somebody" }),
    "of another process": () => ({ pid: identity.pid + 1 }),
    "from before the process began": () => ({
      timestamp: new Date(Date.parse(identity.seenAt) - 60_000).toISOString(),
    }),
  };
  for (const [whose, changes] of Object.entries(others)) {
    it(whose, async () => {
      await writeLock({ ...ownLock(), ...changes() });
      await killSleeper();
      const found = await removeOwnLocks(record(), backend, "pools");
      expect(found).toMatchObject([{ kind: "lock-left", sentence: expect.stringContaining("left alone") }]);
      expect(await listLocks()).toHaveLength(2);
    });
  }

  it("while its process is alive", async () => {
    await writeLock(ownLock());
    expect(await removeOwnLocks(record(), backend, "pools")).toEqual([]);
    expect(await listLocks()).toHaveLength(2);
  });

  it("that a living process with the same id may have made", async () => {
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    const reused = record({ process: { ...identity, start: "1", seenAt: hourAgo } });
    await writeLock({ ...ownLock(), timestamp: new Date(Date.now() + 1000).toISOString() });
    expect(await isGone(reused.process)).toBe(true);
    expect(await removeOwnLocks(reused, backend, "pools")).toMatchObject([{ kind: "lock-left" }]);
    expect(await listLocks()).toHaveLength(2);
  });

  it("that Pulumi has not written, or that is a link", async () => {
    await killSleeper();
    for (const text of [
      "",
      "{",
      "null",
      "[]",
      JSON.stringify({ ...ownLock(), timestamp: "some day" }),
      "x".repeat(20_000),
    ]) {
      await writeLock(text);
      expect(await removeOwnLocks(record(), backend, "pools")).toEqual([]);
      expect(await listLocks()).toHaveLength(2);
    }
    const target = join(root, "target");
    await writeFile(target, JSON.stringify(ownLock()));
    const path = await writeLock("");
    await rm(path);
    await symlink(target, path);
    expect(await removeOwnLocks(record(), backend, "pools")).toEqual([]);
    expect(await readFile(target, "utf8")).not.toBe("");
  });

  it("of another stack or project, or by a name that leads elsewhere", async () => {
    await writeLock(ownLock());
    await killSleeper();
    expect(await removeOwnLocks(record({ stack: "prod" }), backend, "pools")).toEqual([]);
    expect(await removeOwnLocks(record(), backend, "other")).toEqual([]);
    expect(await removeOwnLocks(record({ stack: ".." }), backend, "dev/x/..")).toEqual([]);
    expect(await listLocks()).toHaveLength(2);
  });

  it("in a bucket or in Pulumi Cloud: the finding says whose it is and what to do", async () => {
    await killSleeper();
    const bucket = await removeOwnLocks(record(), { kind: "bucket", scheme: "s3" }, "pools");
    expect(bucket).toMatchObject([
      { kind: "lock-left", sentence: expect.stringContaining("`pulumi cancel`") },
    ]);
    expect(bucket[0]?.sentence).toContain(
      `${userInfo().username}@${hostname()} (process ${identity.pid}), which is gone`,
    );
    const cloud = await removeOwnLocks(record(), { kind: "cloud" }, "pools");
    expect(cloud[0]?.sentence).toContain("Its lease ends by itself after some minutes");
  });
});

describe("a process", () => {
  it("is gone when it was killed, also as long as nobody has asked for its exit code", async () => {
    expect(await isGone(identity)).toBe(false);
    // Its parent becomes a program that never asks.
    const parent = spawn("sh", ["-c", 'sleep 600 & echo "$!"; exec sleep 600'], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [line] = await once(parent.stdout, "data");
    const pid = Number(String(line));
    const child = await identifyProcess(pid);
    process.kill(pid, "SIGKILL");
    await expect.poll(async () => child !== null && (await isGone(child))).toBe(true);
    expect(await readFile(`/proc/${pid}/stat`, "utf8")).toContain(") Z ");
    parent.kill("SIGKILL");
    await killSleeper();
    expect(await isGone(identity)).toBe(true);
  });

  it("of which another has the id is gone, and so is one from before this machine was started", async () => {
    expect(await isGone({ ...identity, start: "1" })).toBe(true);
    expect(await isGone({ ...identity, boot: "another", seenAt: "2001-01-01T00:00:00.000Z" })).toBe(true);
  });

  it("is in doubt alive: on another host, beside this container, or where the machine is another of the same name", async () => {
    await killSleeper();
    expect(await isGone({ ...identity, host: "elsewhere" })).toBe(false);
    expect(await isGone({ ...identity, boot: "another" })).toBe(false);
    expect(await isGone({ ...identity, namespace: "pid:[1]", start: String(Number.MAX_SAFE_INTEGER) })).toBe(
      false,
    );
  });
});

describe("the address of a backend", () => {
  const where = { workDir: "/work/infra", environment: {} };
  it.each([
    ["file:///var/state", "/var/state"],
    ["file://./state", "/work/infra/state"],
    ["file://state", "/work/infra/state"],
    ["file://../state", "/work/state"],
    ["file://", "/work/infra"],
    ["file://~", userInfo().homedir],
    ["file://~/state", join(userInfo().homedir, "state")],
    ["file:///var/a%20b?no_tmp_dir=true", "/var/a b"],
    ["file:///var/a%zz", "/var/a%zz"],
  ])("%s is the folder %s", (url, path) => {
    expect(parseBackendUrl(url, where)).toEqual({ kind: "folder", path });
  });

  it("of a bucket or of Pulumi Cloud is no folder", () => {
    expect(parseBackendUrl("s3://states?region=eu-west-1", where)).toEqual({ kind: "bucket", scheme: "s3" });
    expect(parseBackendUrl("azblob://states", where)).toEqual({ kind: "bucket", scheme: "azblob" });
    expect(parseBackendUrl("https://api.pulumi.com", where)).toEqual({ kind: "cloud" });
    expect(() => parseBackendUrl("nonsense", where)).toThrow("pulumi login");
  });
});
