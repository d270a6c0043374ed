import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalLedger } from "../../src/forge/local-ledger.ts";
import { entryAfterPublish } from "../../src/ledger/change-entry.ts";
import { formatEntry, LedgerEntry } from "../../src/ledger/entry.ts";

const run = promisify(execFile);
const writer = fileURLToPath(new URL("./local-ledger-writer.ts", import.meta.url));

let stateDir: string;
let ledger: LocalLedger;
let path: string;
let lock: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "pulumiscale-ledger-"));
  ledger = new LocalLedger(stateDir);
  path = join(stateDir, "stacks", "shop.dev.json");
  lock = join(stateDir, "stacks", "shop.dev.lock");
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

function entryOf(web: number): string {
  return formatEntry(
    entryAfterPublish({
      project: "shop",
      stack: "dev",
      dir: ".",
      pools: {},
      applied: { web },
      deployed: null,
      commit: "c",
      publishedAt: "2026-01-01T00:00:00.000Z",
      tokenHashes: [],
      receipt: null,
    }),
  );
}

describe("an entry's file", () => {
  it("is none, then what was written, readable for its owner alone, with nothing left beside it", async () => {
    expect(await ledger.read("shop.dev")).toEqual({ text: null, id: null });
    await ledger.write("shop.dev", entryOf(1), null);
    const { text, id } = await ledger.read("shop.dev");
    expect(text).toBe(entryOf(1));
    await ledger.write("shop.dev", entryOf(2), id);
    expect((await ledger.read("shop.dev")).text).toBe(entryOf(2));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(stateDir, "stacks"))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(stateDir, "stacks"))).toEqual(["shop.dev.json"]);
    expect(await ledger.list()).toEqual(["shop.dev"]);
  });

  it("is written only over what was read", async () => {
    await ledger.write("shop.dev", entryOf(1), null);
    const { id } = await ledger.read("shop.dev");
    await ledger.write("shop.dev", entryOf(2), id);
    await expect(ledger.write("shop.dev", entryOf(3), id)).rejects.toMatchObject({ code: "conflict" });
    await expect(ledger.write("shop.dev", entryOf(3), null)).rejects.toMatchObject({ code: "conflict" });
    await rm(path);
    await expect(ledger.write("shop.dev", entryOf(3), id)).rejects.toMatchObject({ code: "conflict" });
    expect(await ledger.list()).toEqual([]);
  });

  it.each([
    ["half of one", entryOf(1).slice(0, 40), "is not readable"],
    ["empty", "", "is not readable"],
    ["of a newer version", '{"schemaVersion":2}', "schemaVersion 2"],
    ["very large", " ".repeat(8_000_001), "8000001 bytes"],
  ])("that is %s is left alone, with a sentence that names it", async (_what, text, sentence) => {
    await mkdir(join(stateDir, "stacks"));
    await writeFile(path, text);
    await expect(ledger.read("shop.dev")).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining(sentence),
    });
    await expect(ledger.read("shop.dev")).rejects.toThrow(path);
    await expect(ledger.write("shop.dev", entryOf(1), null)).rejects.toThrow();
    expect(await readFile(path, "utf8")).toBe(text);
  });

  it("is never a link, a pipe or a folder", async () => {
    const elsewhere = join(stateDir, "elsewhere");
    await mkdir(join(stateDir, "stacks"));
    await writeFile(elsewhere, entryOf(1));
    await symlink(elsewhere, path);
    await expect(ledger.read("shop.dev")).rejects.toThrow(path);
    await expect(ledger.write("shop.dev", entryOf(2), null)).rejects.toThrow(path);
    expect(await readFile(elsewhere, "utf8")).toBe(entryOf(1));
    await rm(path);
    await run("mkfifo", [path]);
    await expect(ledger.read("shop.dev")).rejects.toMatchObject({ code: "forbidden" });
    await rm(path);
    await mkdir(path);
    await expect(ledger.read("shop.dev")).rejects.toMatchObject({ code: "forbidden" });
  });

  it("is not written through a link in the place of its folder", async () => {
    const elsewhere = join(stateDir, "elsewhere");
    await mkdir(elsewhere);
    await symlink(elsewhere, join(stateDir, "stacks"));
    await expect(ledger.write("shop.dev", entryOf(1), null)).rejects.toMatchObject({ code: "forbidden" });
    await expect(ledger.read("shop.dev")).rejects.toMatchObject({ code: "forbidden" });
    expect(await readdir(elsewhere)).toEqual([]);
  });

  it.each(["../shop", "a/b", "", ".hidden", "a\0b", "a.lock"])("has no name like %j", async (alias) => {
    await expect(ledger.read(alias)).rejects.toThrow();
    await expect(ledger.write(alias, entryOf(1), null)).rejects.toThrow();
    expect(await readdir(stateDir)).toEqual([]);
  });

  it("stands where a killed process left a half-written one beside it", async () => {
    await ledger.write("shop.dev", entryOf(1), null);
    const beside = join(stateDir, "stacks", ".shop.dev.json");
    await symlink(path, beside);
    const { id } = await ledger.read("shop.dev");
    await ledger.write("shop.dev", entryOf(2), id);
    expect(await readdir(join(stateDir, "stacks"))).toEqual(["shop.dev.json"]);
    expect((await ledger.read("shop.dev")).text).toBe(entryOf(2));
  });

  it("says why it cannot be written", async () => {
    await writeFile(join(stateDir, "file"), "");
    const nowhere = new LocalLedger(join(stateDir, "file"));
    await expect(nowhere.write("shop.dev", entryOf(1), null)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("file/stacks"),
    });
  });
});

describe("several processes", { timeout: 60_000 }, () => {
  /** Adds one to the value so many times, reading again after each lost race. */
  const count = (times: number) => run(process.execPath, [writer, stateDir, String(times)]);
  const web = async () =>
    LedgerEntry.parse(JSON.parse((await ledger.read("shop.dev")).text ?? "")).applied.web;

  it("lose no write", async () => {
    await ledger.write("shop.dev", entryOf(0), null);
    await Promise.all([count(40), count(40), count(40)]);
    expect(await web()).toBe(120);
  });

  it("are none the worse for one that is killed, wherever it was", async () => {
    await ledger.write("shop.dev", entryOf(0), null);
    for (const after of [150, 180, 210, 240]) {
      const child = spawn(process.execPath, [writer, stateDir, "100000"], { stdio: "ignore" });
      const until = Promise.withResolvers<void>();
      setTimeout(until.resolve, after);
      await until.promise;
      child.kill("SIGKILL");
      await once(child, "exit");
      const before = (await web()) ?? 0;
      await count(5);
      expect(await web()).toBe(before + 5);
    }
  });
});

describe("a lock", { timeout: 30_000 }, () => {
  const holder = (changes: object) =>
    JSON.stringify({ host: hostname(), pid: process.pid, startedAt: null, nonce: "n", ...changes });
  beforeEach(() => mkdir(join(stateDir, "stacks")));

  const LONG_AGO = new Date(Date.now() - 3_600_000);

  it("of a process that is gone is taken over", async () => {
    const child = spawn("true");
    await once(child, "exit");
    await writeFile(lock, holder({ pid: child.pid }));
    await ledger.write("shop.dev", entryOf(1), null);
    expect(await readdir(join(stateDir, "stacks"))).toEqual(["shop.dev.json"]);
  });

  it("of a process whose pid another one has by now is taken over", async () => {
    await writeFile(lock, holder({ startedAt: "1" }));
    await ledger.write("shop.dev", entryOf(1), null);
  });

  it.each([
    ["of another machine", JSON.stringify({ host: "elsewhere", pid: 1, startedAt: "1", nonce: "n" })],
    ["that nobody can read", "{"],
  ])("%s is taken over when it is old", async (_what, text) => {
    await writeFile(lock, text);
    await utimes(lock, LONG_AGO, LONG_AGO);
    await ledger.write("shop.dev", entryOf(1), null);
  });

  it("of a process that was killed before it could say who it is does not last", async () => {
    await writeFile(lock, "");
    await ledger.write("shop.dev", entryOf(1), null);
  });

  it("of a living process is waited for, however old it is", async () => {
    const text = await readFile("/proc/self/stat", "utf8").catch(() => null);
    const startedAt = text?.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
    await writeFile(lock, holder({ startedAt }));
    if (startedAt !== null) await utimes(lock, LONG_AGO, LONG_AGO);
    const writing = ledger.write("shop.dev", entryOf(1), null);
    const first = await Promise.race([writing.then(() => "written"), later()]);
    expect(first).toBe("waiting");
    expect(await ledger.read("shop.dev")).toEqual({ text: null, id: null });
    await rm(lock);
    await writing;
    expect((await ledger.read("shop.dev")).text).toBe(entryOf(1));
  });

  it("that stays is an error that says who holds it", async () => {
    await writeFile(lock, JSON.stringify({ host: "elsewhere", pid: 7, startedAt: "1", nonce: "n" }));
    await expect(ledger.write("shop.dev", entryOf(1), null)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("elsewhere"),
    });
  });
});

function later(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  setTimeout(() => resolve("waiting"), 300);
  return promise;
}
