import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { adoptStack } from "../../src/apply/adopt-stack.ts";
import { type ApplyRequest, type ApplyWorld, applyStack } from "../../src/apply/apply-stack.ts";
import { readFolderCheckout, readFolderStack } from "../../src/apply/folder-checkout.ts";
import { FolderProgram } from "../../src/apply/folder-program.ts";
import { publishStack } from "../../src/apply/publish-stack.ts";
import { readOperation, readOperationUpdates } from "../../src/apply/read-operation.ts";
import { redactor } from "../../src/apply/redact.ts";
import { localLedgerTrust } from "../../src/apply/trusted-entry.ts";
import { FolderApplyForge } from "../../src/forge/folder-apply.ts";
import { LocalLedger } from "../../src/forge/local-ledger.ts";
import { LedgerEntry } from "../../src/ledger/entry.ts";
import { ALIAS, EVENT, type FolderWorld, makeFolderWorld } from "../forge/folder-world.ts";
import { SECRET } from "./support/deploy-repository.ts";

// The same apply as the Action's, in a directory that is in no git, with the real engine. One story: each test goes on where
// the one before it stopped.

let world: FolderWorld;
let forge: FolderApplyForge;
let program: FolderProgram;
let ledger: LocalLedger;
const said: string[] = [];

beforeAll(async () => {
  world = await makeFolderWorld();
  const { stateDir, place } = world;
  const { workDir, pulumi } = world.stack;
  await pulumi("config", "set", "--secret", "pulumiscale:webhook-secret", SECRET);
  ledger = new LocalLedger(stateDir);
  program = new FolderProgram({
    ...{ workDir, stateDir, clock: Date.now, stackFilePath: place.path },
    readStackFile: () => world.forge.readStackFile(place),
  });
  const readCommits = (_alias: string, sinceMs: number) => world.forge.readCommits(place, sinceMs);
  forge = new FolderApplyForge({ workDir, ledger, program, readCommits });
}, 60_000);
afterEach(() => {
  said.length = 0;
});
afterAll(() => world.stack.remove());

async function request(): Promise<ApplyRequest> {
  const { environment, workDir } = world.stack;
  const stack = await readFolderStack(workDir, "dev");
  const { dir, stackFilePath } = stack;
  return {
    place: { owner: "local", repo: "program", baseBranch: "folder", alias: ALIAS, dir, stackFilePath },
    checkout: await readFolderCheckout(stack, program),
    trigger: { kind: "other" },
    runUrl: null,
    engine: {
      ...{ stack: "dev", environment, refresh: false, policyPacks: [], parallel: undefined },
      ...{ unexpectedChanges: "refuse", config: "committed-copy" },
      pace: { wait: async () => {}, random: () => 0 },
    },
  };
}

const outside = (): ApplyWorld => ({
  forge,
  ledger: localLedgerTrust,
  clock: Date.now,
  redact: redactor([]),
  say: (_level, sentence) => said.push(sentence),
});
const apply = async () => applyStack(await request(), outside());
const publish = async () => publishStack(await request(), { ...outside(), hide: () => {} });
const entry = async () => LedgerEntry.parse(JSON.parse((await ledger.read(ALIAS)).text ?? "null"));
const count = async (name: string) => (await world.stack.inputsOf(name))?.input;
const programFile = () => join(world.stack.workDir, "Pulumi.yaml");
const summary = async (pool: string) =>
  (await world.changes(pool)).map(({ from, to, by, scale }) => [from, to, by, scale?.event ?? null]);

describe("apply in a directory without git", { timeout: 60_000 }, () => {
  it("takes over a stack that was always run by hand", async () => {
    expect(await adoptStack(await request(), outside())).toMatchObject({
      kind: "adopted",
      because: "no-entry",
    });
    expect(await entry()).toMatchObject({
      project: "shop",
      dir: ".",
      applied: { web: 3, queue: 5, idle: 1 },
    });
    expect(await apply()).toEqual({ kind: "nothing" });
  });

  it("knows what a full up has deployed", async () => {
    await world.stack.pulumi("up", "--yes", "--skip-preview");
    const { deployed, commit } = await publish();
    expect(deployed).toMatch(/^[0-9a-f]{40}$/);
    expect(commit).toBe(deployed);
    said.length = 0;
    expect(await apply()).toEqual({ kind: "nothing" });
    expect(said).toEqual([]);
  });

  it("applies a scale commit, and says so in the ledger and in Pulumi's history", async () => {
    const id = await world.scale({ web: 5 });
    const text = await readFile(world.stack.stackFile, "utf8");
    expect(await apply()).toMatchObject({
      kind: "done",
      problems: [],
      receipt: { covers: [id], pools: [{ pool: "web", outcome: "applied", from: 3, to: 5, message: "" }] },
    });
    expect(await count("web")).toBe(5);
    expect((await entry()).applied).toEqual({ web: 5, queue: 5, idle: 1 });
    expect(await readFile(world.stack.stackFile, "utf8")).toBe(text);
    // A value that was committed since the last full up is no undeployed code.
    expect(said.filter((sentence) => !sentence.startsWith("Applying "))).toEqual([]);
    expect(await apply()).toEqual({ kind: "nothing" });
    await rm(world.stateDir, { recursive: true });
    expect((await summary("web"))[0]).toEqual([3, 5, "scale", EVENT]);
  });

  it("goes on after its folder is lost, and knows then what is applied", async () => {
    expect(await adoptStack(await request(), outside())).toMatchObject({ kind: "adopted" });
    expect((await entry()).applied).toMatchObject({ queue: 5, idle: 1 });
    await world.stack.pulumi("up", "--yes", "--skip-preview");
    await publish();
    expect((await entry()).applied).toEqual({ web: 5, queue: 5, idle: 1 });
  });

  it("applies what came back to where it was, since nobody knows what a killed run has applied", async () => {
    const one = await world.scale({ web: 7 });
    const two = await world.scale({ web: 5 });
    expect(await apply()).toMatchObject({
      // Pulumi tells whole seconds, so a commit of the same second may be taken for a newer one.
      receipt: {
        covers: expect.arrayContaining([two, one]),
        pools: [{ pool: "web", from: 5, to: 5 }],
      },
    });
    expect(await apply()).toEqual({ kind: "nothing" });
  });

  it("tells what became of a commit", async () => {
    const id = await world.scale({ queue: 8 });
    const scales = [{ pool: "queue", from: 5, to: 8 }];
    const { place, checkout, engine } = await request();
    const readUpdates = () => readOperationUpdates({ workDir: checkout.workDir, engine });
    const look = () => readOperation({ commit: id, scales }, { place, readUpdates }, outside());
    expect(await look()).toEqual({ kind: "waiting" });
    await apply();
    expect(await look()).toMatchObject({
      kind: "done",
      pools: [{ pool: "queue", outcome: "applied", to: 8 }],
    });
    // Without the journal, Pulumi still knows.
    await rename(join(world.stateDir, "journal"), join(world.stateDir, "away"));
    expect(await look()).toMatchObject({
      kind: "done",
      pools: [{ pool: "queue", outcome: "applied", to: 8 }],
    });
    await rename(join(world.stateDir, "away"), join(world.stateDir, "journal"));
  });

  it("applies what a person has put into the file", async () => {
    const text = await readFile(world.stack.stackFile, "utf8");
    await writeFile(world.stack.stackFile, text.replace('queueCount: "8"', 'queueCount: "6"'));
    expect((await summary("queue"))[0]).toEqual([8, 6, "manual", null]);
    expect(await apply()).toMatchObject({
      receipt: { covers: [], pools: [{ pool: "queue", from: 8, to: 6 }] },
    });
    expect(await count("queue")).toBe(6);
    await rename(join(world.stateDir, "journal"), join(world.stateDir, "away"));
    expect((await summary("queue")).slice(0, 2)).toEqual([
      [8, 6, "manual", null],
      [5, 8, "scale", EVENT],
    ]);
    await rename(join(world.stateDir, "away"), join(world.stateDir, "journal"));
  });

  it("sees code that was never deployed, and looks first", async () => {
    const code = await readFile(programFile(), "utf8");
    await writeFile(
      programFile(),
      code.replace(
        "  queue:\n    type",
        "  fourth:\n    type: pulumi:index:Stash\n    properties:\n      input: 1\n  queue:\n    type",
      ),
    );
    expect(await apply()).toEqual({ kind: "nothing" });
    expect(said.join()).toContain("is not the one that was deployed last");
    await world.scale({ web: 6 });
    expect(await apply()).toMatchObject({ receipt: { outcome: "applied" } });
    await world.stack.pulumi("up", "--yes", "--skip-preview");
    await publish();
    said.length = 0;
    expect(await apply()).toEqual({ kind: "nothing" });
    expect(said).toEqual([]);
  });

  it("takes no build, package and state of its own for code, and every other file for it", async () => {
    const id = async () => (await request()).checkout.commit;
    const before = await id();
    for (const folder of ["node_modules", "bin", "obj", "venv", ".pulumi", ".git"]) {
      await mkdir(join(world.stack.workDir, folder), { recursive: true });
      await writeFile(join(world.stack.workDir, folder, "made"), "by others");
    }
    await writeFile(join(world.stack.workDir, "Pulumi.other.yaml"), "config: {}\n");
    await rm(join(world.stack.workDir, ".git"), { recursive: true });
    await mkdir(join(world.stack.workDir, "python"));
    await writeFile(join(world.stack.workDir, "python/pyvenv.cfg"), "home = /usr/bin\n");
    await writeFile(join(world.stack.workDir, "python/site.py"), "1");
    for (const name of ["out.log", ".Pulumi.yaml.swp", "Pulumi.yaml~", ".Pulumi.dev.yaml.pulumiscale"])
      await writeFile(join(world.stack.workDir, name), "passing");
    expect(await id()).toBe(before);
    await mkdir(join(world.stack.workDir, "lib/deep"), { recursive: true });
    await writeFile(join(world.stack.workDir, "lib/deep/module.ts"), "1");
    const after = await id();
    expect(after).not.toBe(before);
    await writeFile(join(world.stack.workDir, "lib/deep/module.ts"), "2");
    expect(await id()).not.toBe(after);
    expect(await forge.includes((await request()).place, await id(), before)).toBe(true);
    expect(await forge.includes((await request()).place, before, await id())).toBe(false);
  });

  it("lists the stacks of the program", async () => {
    const { place } = await request();
    expect(await forge.listStacks(place)).toMatchObject([
      { place: { alias: ALIAS, dir: ".", stackFilePath: "Pulumi.dev.yaml" } },
    ]);
  });
});

describe("a stack file in a folder of its own", { timeout: 60_000 }, () => {
  const project = (configDir: string) =>
    writeFile(
      join(world.stack.workDir, "elsewhere/Pulumi.yaml"),
      `name: shop\nruntime: yaml\nstackConfigDir: ${configDir}\n`,
    );
  const found = () => readFolderStack(join(world.stack.workDir, "elsewhere"), "dev");

  it("is found inside of the directory, and refused outside, by a link too", async () => {
    await mkdir(join(world.stack.workDir, "elsewhere"));
    await project("stacks/here");
    expect(await found()).toMatchObject({
      dir: ".",
      stackFilePath: "stacks/here/Pulumi.dev.yaml",
      vcs: "none",
    });
    for (const outsideDir of ["..", "stacks/../../x", "/etc"]) {
      await project(outsideDir);
      await expect(found()).rejects.toThrow(/stands outside of that directory/);
    }
    await symlink("/tmp", join(world.stack.workDir, "elsewhere/linked"));
    await project("linked");
    await expect(found()).rejects.toThrow(/stands outside of that directory/);
  });
});
