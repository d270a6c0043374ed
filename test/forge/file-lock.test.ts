import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { withFileLock } from "../../src/forge/file-lock.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pulumiscale-lock-"));
  path = join(folder, "a.lock");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("lets one at a time work, also within one process, and leaves nothing behind", async () => {
  let working = 0;
  let most = 0;
  const work = async () => {
    working += 1;
    most = Math.max(most, working);
    await readdir(folder);
    working -= 1;
  };
  await Promise.all([1, 2, 3, 4, 5].map(() => withFileLock(path, Date.now, work)));
  expect([most, working]).toEqual([1, 0]);
  expect(await readdir(folder)).toEqual([]);
});

it("tells a holder whose lock was taken, and leaves the other's lock alone", async () => {
  const held = withFileLock(path, Date.now, async (stillHeld) => {
    await stillHeld();
    await writeFile(path, "another's");
    await stillHeld();
  });
  await expect(held).rejects.toMatchObject({ code: "conflict" });
  expect(await readFile(path, "utf8")).toBe("another's");
});

it("takes over from a holder that is dead and whose parent never asks for its exit code", async ({
  skip,
}) => {
  if (process.platform !== "linux") return skip("zombies are told from /proc");
  const parent = spawn("sh", ["-c", "sleep 0.5 & echo $!; exec sleep 60"]);
  try {
    const [line] = await once(parent.stdout, "data");
    const pid = Number(String(line));
    const read = () => readFile(`/proc/${pid}/stat`, "utf8");
    await expect.poll(async () => (await read()).split(" ")[2], { timeout: 20_000 }).toBe("Z");
    const startedAt = (await read()).split(" ")[21];
    await writeFile(path, JSON.stringify({ host: hostname(), pid, startedAt, nonce: "dead" }));
    await expect(withFileLock(path, Date.now, async () => "done")).resolves.toBe("done");
  } finally {
    parent.kill();
  }
});

it("is free again where the work failed", async () => {
  const failing = withFileLock(path, Date.now, async () => {
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await readdir(folder)).toEqual([]);
});
