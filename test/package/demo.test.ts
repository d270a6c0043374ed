import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { requireProgram } from "../setup/require-program.ts";
import { openProgram, webhookSecret } from "../sidecar/support/open-program.ts";
import { startProcess } from "../world/start-process.ts";
import { type InstalledPackage, installPackage, runToEnd } from "./install-package.ts";
import { npmEnvironment, type PackedTree, packTree } from "./pack-tree.ts";

let packed: PackedTree;
let installed: InstalledPackage;
/** Where the demo makes its folder. */
let temporary: string;
beforeAll(async () => {
  packed = await packTree();
  installed = await installPackage(packed.tarball);
}, 120_000);
afterAll(async () => {
  await installed?.remove();
  await packed?.remove();
});
beforeEach(async () => {
  temporary = await mkdtemp(path.join(tmpdir(), "demo's home-"));
  onTestFinished(() => rm(temporary, { recursive: true, force: true, maxRetries: 5 }));
});

/** What stands in a folder, but for what npx itself leaves. */
async function leftIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name !== "node-compile-cache");
}

/** The processes whose environment names the demo's folder; none where there is no /proc. */
async function findProcesses(folder: string): Promise<string[]> {
  const found = [];
  for (const pid of (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (environment.includes(`TMPDIR=${folder}`)) found.push(pid);
  }
  return found;
}

describe("npx pulumiscale demo", { timeout: 120_000 }, () => {
  it("tells how an alert becomes a commit and an update, and leaves nothing", async ({ skip }) => {
    requireProgram("pulumi", skip);
    // What a person has set for other stacks and repositories is not for it.
    const others = { PULUMI_STACK: "nobody/nothing", PULUMISCALE_PAUSED: "1", GIT_DIR: "/nowhere" };
    const { exitCode, stdout, stderr } = await installed.npx(["demo"], { TMPDIR: temporary, ...others });
    expect([exitCode, stderr]).toEqual([0, ""]);
    for (const line of [
      "scale 2 → 3",
      "scale(shop.dev): web 2 → 3",
      '-  shop:webCount: "2" # scaled by alerts',
      '+  shop:webCount: "3" # scaled by alerts',
      "receipt: web 2 → 3 applied",
      "duplicate: this event scaled the pool",
      "cooldown: the pool was scaled 2 → 3",
      "above-max: 500 was asked; max is 20",
    ])
      expect(stdout).toContain(`   ${line}`);
    expect(stdout.indexOf("workers  4 → 20")).toBeGreaterThan(stdout.indexOf("The history is git's"));
    expect(await leftIn(temporary)).toEqual([]);
    expect(await findProcesses(temporary)).toEqual([]);
  });

  it("leaves its folder where it is told to, ready to be used", async ({ skip }) => {
    requireProgram("pulumi", skip);
    const { exitCode, stdout } = await installed.npx(["demo", "--keep"], { TMPDIR: temporary });
    expect(exitCode).toBe(0);
    const folder = (await readdir(temporary)).find((name) => name.startsWith("pulumiscale-demo-")) ?? "";
    expect(stdout).toContain(path.join(temporary, folder));
    const script = '. "$0"; git log --format=%s; pulumi stack output pulumiscale --json';
    const args = ["-ec", script, path.join(temporary, folder, "env")];
    const look = await runToEnd("/bin/sh", args, installed.folder, { ...process.env, TMPDIR: temporary });
    expect(look.stdout).toContain("scale(shop.dev): workers 4 → 20\nscale(shop.dev): web 2 → 3\n");
    expect(look.stdout).toContain('"configKey": "webCount"');
  });

  it.each(["1. A git repository", "3. An alert fires"])(
    "ends at Ctrl-C in the step “%s” and cleans up",
    async (step) => {
      const running = startProcess(installed.program, ["demo"], {
        cwd: installed.folder,
        env: { ...npmEnvironment(""), TMPDIR: temporary },
      });
      onTestFinished(() => running.kill());
      const exited = once(running.child, "exit");
      await running.waitForLine(new RegExp(`^${step}`));
      running.child.kill("SIGINT");
      await running.waitForLine(/^Interrupted, and cleaned up\.$/);
      expect(await exited).toEqual([130, null]);
      expect(await leftIn(temporary)).toEqual([]);
      expect(await findProcesses(temporary)).toEqual([]);
    },
  );

  it("says what is missing, and where to get it", async () => {
    await symlink(process.execPath, path.join(temporary, "node"));
    const env = { PATH: temporary, TMPDIR: temporary };
    const { exitCode, stderr } = await runToEnd(installed.program, ["demo"], installed.folder, env);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      "The demo needs git (https://git-scm.com/downloads) and the Pulumi CLI (https://www.pulumi.com/docs/install/) on the PATH. " +
        "Install it and start the demo again.\n",
    );
    expect(await leftIn(temporary)).toEqual(["node"]);
  });
});

it("serves beside a Node program that has its own packages", { timeout: 120_000 }, async ({ skip }) => {
  requireProgram("pulumi", skip);
  const program = await openProgram({ program: "node-workers" });
  onTestFinished(() => program.remove());
  // As npm lays it down; npm itself would ask the registry for the program's other packages.
  const place = path.join("node_modules", "pulumiscale");
  await cp(path.join(installed.folder, place), path.join(program.workDir, place), { recursive: true });
  const running = startProcess(
    path.join(program.workDir, place, "dist/pulumiscale.js"),
    ["serve", "--stack", "dev", "--port", "0"],
    {
      cwd: program.workDir,
      env: { ...program.environment, PATH: npmEnvironment("").PATH },
    },
  );
  onTestFinished(() => running.stop());
  const line = await running.waitForLine(/listening on http:/);
  const url = /http:\/\/\S+/.exec(line)?.[0];
  const before = program.countWorkers();
  const response = await fetch(`${url}/scale/worker-pool`, {
    method: "POST",
    headers: { authorization: `Bearer ${webhookSecret}`, "content-type": "application/json" },
    body: JSON.stringify({ delta: 1 }),
  });
  expect(await response.json()).toMatchObject({ results: [{ kind: "scale" }] });
  await expect.poll(() => program.countWorkers(), { timeout: 60_000 }).toBe(before + 1);
  await running.stop();
  expect(running.child.exitCode).toBe(0);
});
