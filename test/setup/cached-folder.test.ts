import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

let base: string;
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), "cached-folder-"));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

/** A process that makes `<cache>/thing/1`, and writes a line to `<base>/log` each time it really does the work. */
function startSetUp(work: string) {
  const cachedFolder = fileURLToPath(new URL("cached-folder.ts", import.meta.url));
  const source = `
    import { appendFileSync, writeFileSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    import { makeCachedFolder } from ${JSON.stringify(cachedFolder)};
    await makeCachedFolder("thing", "1", async (folder) => {
      appendFileSync(${JSON.stringify(path.join(base, "log"))}, "made\\n");
      writeFileSync(folder + "/first", "1");
      ${work}
      writeFileSync(folder + "/second", "2");
    });`;
  return spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    env: { ...process.env, XDG_CACHE_HOME: base },
    stdio: ["ignore", "pipe", "ignore"],
  });
}
const cache = () => path.join(base, "pulumiscale", "thing");
const log = () => readFileSync(path.join(base, "log"), "utf8");

test("set-ups at the same time do the work once, and all find it done", async () => {
  const ends = await Promise.all(
    [1, 2, 3].map(async () => {
      const [code] = await once(startSetUp("await sleep(200);"), "close");
      return code;
    }),
  );
  expect(ends).toEqual([0, 0, 0]);
  expect(log()).toBe("made\n");
  expect(readdirSync(path.join(cache(), "1")).sort()).toEqual(["first", "second"]);
  expect(readdirSync(path.join(base, "pulumiscale", "locks"))).toEqual([]);
});

test("what a killed set-up left is neither used nor kept, and its lock holds nobody up", async () => {
  const killed = startSetUp(`console.log("half"); await sleep(600_000);`);
  await once(killed.stdout, "data");
  killed.kill("SIGKILL");
  await once(killed, "close");
  expect(existsSync(path.join(cache(), "1"))).toBe(false);
  expect(readdirSync(cache())).toHaveLength(1);

  const [code] = await once(startSetUp(""), "close");
  expect(code).toBe(0);
  expect(log()).toBe("made\nmade\n");
  expect(readdirSync(cache())).toEqual(["1"]);
});

test("a step that outlives its killed set-up holds the lock until it ends", async () => {
  const step = fileURLToPath(new URL("step.mjs", import.meta.url));
  const killed = startSetUp(`
    const { runStep } = await import(${JSON.stringify(step)});
    console.log("step");
    await runStep("sh", ["-c", "sleep 1; echo step ended >> ${path.join(base, "log")}"]);`);
  await once(killed.stdout, "data");
  await expect
    .poll(() => readFileSync(path.join(base, "pulumiscale", "locks", "thing"), "utf8"))
    .toContain("\n");
  killed.kill("SIGKILL");

  const [code] = await once(startSetUp(""), "close");
  expect(code).toBe(0);
  expect(log()).toBe("made\nstep ended\nmade\n");
});

test("a failure leaves nothing, and the next one tries again", async () => {
  const failing = startSetUp(`throw new Error("no network");`);
  const [code] = await once(failing, "close");
  expect(code).not.toBe(0);
  expect(readdirSync(cache())).toEqual([]);
});

test("a lock whose process id lives on in another process counts as nobody's", async () => {
  const locks = path.join(base, "pulumiscale", "locks");
  mkdirSync(locks, { recursive: true });
  writeFileSync(path.join(locks, "thing"), `${process.pid} another start time`);
  const [code] = await once(startSetUp(""), "close");
  expect(code).toBe(0);
});
