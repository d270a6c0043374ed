import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { Git } from "../../src/forge/git.ts";
import { openLocalRepository } from "../../src/forge/local-repository.ts";
import { requireProgram } from "../setup/require-program.ts";
import { placeOf } from "./scale-request.ts";
import {
  createLocalWorld,
  gitEnvironment,
  type LocalWorld,
  openWorld,
  runIn,
  STACK_TEXT,
  scale,
} from "./support-local-repository.ts";

beforeEach(({ skip }) => {
  requireProgram("git", skip);
});

const web = (value: number) => STACK_TEXT.replace("web: 3", `web: ${value}`);
const values = (file: { kind: string; text?: string }) =>
  file.kind === "text" ? Number(/web: (\d+)/.exec(file.text ?? "")?.[1]) : file.kind;

function commitAt(world: LocalWorld, seconds: number, message: string, value?: number): void {
  if (value !== undefined) world.write(world.path, web(value));
  world.git("add", "-A");
  const date = `--date=@${seconds} +0000`;
  world.git("commit", "-q", "--allow-empty", date, "-m", message);
}

const read = (world: LocalWorld, windowMs = 0) => world.forge.readSnapshot(world.place, windowMs);
const listed = async (world: LocalWorld) =>
  (await read(world)).history.map(({ message, before, after }) => [
    message.split("\n")[0],
    values(before),
    values(after),
  ]);

describe("a snapshot", () => {
  it("is of the head's commit, whatever is on disk or staged", async () => {
    const world = await createLocalWorld();
    world.write(world.path, web(9));
    world.git("add", "-A");
    world.write(world.path, web(10));
    const snapshot = await read(world);
    expect(snapshot).toMatchObject({
      headOid: world.git("rev-parse", "HEAD"),
      file: { kind: "text", text: STACK_TEXT },
      ledgerEntry: null,
      repositoryFile: { kind: "missing" },
      inRange: null,
    });
    expect(await listed(world)).toEqual([["first", "missing", 3]]);
  });

  it("has the repository file of the head, and the ledger entry as it stands now", async () => {
    const world = await createLocalWorld();
    world.write(".github/pulumiscale.yml", "paused: true\n");
    world.git("add", "-A");
    world.git("commit", "-qm", "pause");
    expect((await read(world)).repositoryFile).toEqual({ kind: "text", text: "paused: true\n" });
    mkdirSync(join(world.repository.stateDir, "stacks"), { recursive: true });
    for (const text of ["one", "two"]) {
      writeFileSync(join(world.repository.stateDir, "stacks", "shop.prod.json"), text);
      expect((await read(world)).ledgerEntry).toBe(text);
    }
  });

  it("tells what was merged from when it was merged, in its own words", async () => {
    const world = await createLocalWorld();
    world.git("switch", "-qc", "side");
    const committed = await scale({ ...world, place: placeOf(world.path, "side") }, { web: 4 });
    world.git("switch", "-q", "main");
    commitAt(world, 1, "other");
    const env = { ...gitEnvironment(world.home), GIT_COMMITTER_DATE: "@4000000000 +0000" };
    await new Git(env).run(["merge", "-q", "--no-ff", "-m", "Merge it", "side"], {
      cwd: world.root,
      env: { GIT_COMMITTER_DATE: "@4000000000 +0000" },
    });
    const [newest, ...others] = (await read(world)).history;
    expect(newest).toMatchObject({
      oid: committed,
      reachedAtMs: 4_000_000_000_000,
      mergeMessage: "Merge it",
      author: "Ada",
    });
    expect(others.map(({ message }) => message)).toEqual(["first"]);
  });

  it("names the merge where it made a value that neither side had", async () => {
    const world = await createLocalWorld();
    world.git("switch", "-qc", "side");
    commitAt(world, 1, "side", 4);
    world.git("switch", "-q", "main");
    commitAt(world, 2, "main", 5);
    expect(() => world.git("merge", "-q", "side")).toThrow();
    world.write(world.path, web(6));
    world.git("commit", "-qam", "both");
    expect(await listed(world)).toEqual([
      ["both", 5, 6],
      ["side", 3, 4],
      ["main", 3, 5],
      ["first", "missing", 3],
    ]);
  });

  it("takes the place of a merge on a side branch for what it brought", async () => {
    const world = await createLocalWorld();
    world.git("switch", "-qc", "side");
    world.git("switch", "-qc", "deeper");
    commitAt(world, 1, "deep", 4);
    world.git("switch", "-q", "side");
    commitAt(world, 1, "empty");
    world.git("merge", "-q", "--no-ff", "-m", "inner", "deeper");
    world.git("switch", "-q", "main");
    commitAt(world, 2, "elsewhere");
    world.git("merge", "-q", "--no-ff", "-m", "outer", "side");
    expect(await listed(world)).toEqual([
      ["deep", 3, 4],
      ["first", "missing", 3],
    ]);
  });

  it("reads twenty commits however old they are, and more only of the window", async () => {
    const world = await createLocalWorld();
    for (let value = 10; value < 40; value++) commitAt(world, value, `to ${value}`, value);
    expect((await read(world)).history).toHaveLength(20);
    expect((await read(world, 3_600_000)).history).toHaveLength(31);
  });

  it("knows a file that is not there, is too large, is no text or is a link", async () => {
    const world = await createLocalWorld();
    const other = async (path: string) => (await world.forge.readSnapshot(placeOf(path), 0)).file;
    expect(await other("infra/Pulumi.none.yaml")).toEqual({ kind: "missing" });
    expect(await other("infra")).toEqual({ kind: "missing" });
    world.write("large.yaml", "#".repeat(1_000_001));
    writeFileSync(join(world.root, "bytes.yaml"), Buffer.from([0x61, 0xff]));
    world.git("add", "-A");
    world.git(
      "update-index",
      "--add",
      "--cacheinfo",
      `120000,${world.git("rev-parse", "HEAD:README.md")},link.yaml`,
    );
    world.git("commit", "-qm", "odd");
    expect(await other("large.yaml")).toMatchObject({
      kind: "unreadable",
      message: expect.stringMatching(/1000001 bytes/),
    });
    expect(await other("bytes.yaml")).toMatchObject({
      kind: "unreadable",
      message: expect.stringMatching(/UTF-8/),
    });
    expect(await other("link.yaml")).toMatchObject({
      kind: "unreadable",
      message: expect.stringMatching(/symbolic link/),
    });
  });

  it("of a shallow clone leaves out the commit whose change it cannot know", async () => {
    const world = await createLocalWorld();
    commitAt(world, 1, "second", 4);
    commitAt(world, 2, "third", 5);
    const root = join(world.home, "shallow");
    world.git("clone", "-q", "--depth=2", `file://${world.root}`, root);
    const clone = await openWorld({ ...world, root, clock: Date.now, push: null });
    expect(await listed(clone)).toEqual([["third", 4, 5]]);
  });

  it("takes odd names, settings that change git's output, and SHA-256", async () => {
    const path = 'a dir/Ünï "q"\nline/:(glob)*[x]\t.yaml';
    const world = await createLocalWorld({ path, init: ["--object-format=sha256"] });
    const settings: [string, string][] = [
      ["log.showSignature", "true"],
      ["log.follow", "true"],
      ["log.date", "raw"],
      ["format.pretty", "oneline"],
      ["color.ui", "always"],
      ["diff.renames", "copies"],
      ["core.quotePath", "true"],
      ["log.diffMerges", "off"],
      ["diff.noprefix", "true"],
    ];
    for (const [key, value] of settings) world.git("config", key, value);
    const oid = await scale(world, { web: 4 });
    expect(oid).toMatch(/^[0-9a-f]{64}$/);
    expect(world.read(path)).toBe(web(4));
    expect(await listed(world)).toEqual([
      ["scale(shop.prod): web 3 → 4", 3, 4],
      ["first", "missing", 3],
    ]);
    expect(world.git("status", "--porcelain")).toBe("");
  });

  it("of a branch that is gone says so", async () => {
    const world = await createLocalWorld();
    await expect(world.forge.readSnapshot(placeOf(world.path, "gone"), 0)).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

describe("opening a work tree", () => {
  const open = (world: LocalWorld, dir: string) =>
    openLocalRepository(new Git(gitEnvironment(world.home)), dir);

  it("finds the root, the folder in it, and where state belongs", async () => {
    const world = await createLocalWorld();
    expect(await open(world, join(world.root, "infra"))).toMatchObject({
      root: world.root,
      dir: "infra",
      gitDir: join(world.root, ".git"),
      stateDir: join(world.root, ".git", "pulumiscale"),
      branch: "main",
    });
    expect(await open(world, world.root)).toMatchObject({ dir: "." });
  });

  it("finds a linked work tree's own", async () => {
    const world = await createLocalWorld();
    const root = join(world.home, "linked");
    world.git("worktree", "add", "-q", "-b", "feature/x", root);
    const linked = await openWorld({ ...world, root, clock: Date.now, push: null });
    expect(linked.repository.branch).toBe("feature/x");
    expect(linked.repository.stateDir).toBe(join(world.root, ".git/worktrees/linked/pulumiscale"));
    await scale(linked, { web: 4 });
    expect(linked.read(world.path)).toBe(web(4));
    expect(linked.git("status", "--porcelain")).toBe("");
    expect(world.read(world.path)).toBe(web(3));
    expect(world.git("status", "--porcelain")).toBe("");
  });

  it("answers null outside of one, and without git", async () => {
    const world = await createLocalWorld();
    expect(await open(world, world.home)).toBeNull();
    expect(await openLocalRepository(new Git({ PATH: "/nowhere" }), world.root)).toBeNull();
  });

  it("is not led elsewhere by a hook's environment", async () => {
    const world = await createLocalWorld();
    const env = { ...gitEnvironment(world.home), GIT_DIR: "/nowhere", GIT_INDEX_FILE: "/nowhere" };
    expect(await openLocalRepository(new Git(env), world.root)).toMatchObject({ root: world.root });
  });

  it.each([
    ["no branch checked out", (world: LocalWorld) => world.git("switch", "-q", "--detach"), /git switch/],
    [
      "no commit yet",
      (world: LocalWorld) => world.git("switch", "-q", "--orphan", "new"),
      /Commit the program/,
    ],
    [
      "a repository that git does not open",
      (world: LocalWorld) => world.git("config", "core.repositoryFormatVersion", "99"),
      /Expected git repo version/,
    ],
  ])("refuses %s", async (_name, spoil, message) => {
    const world = await createLocalWorld();
    spoil(world);
    await expect(open(world, world.root)).rejects.toMatchObject({
      code: "local-repository",
      message: expect.stringMatching(message),
    });
  });

  it("refuses a bare repository, and the git directory", async () => {
    const world = await createLocalWorld();
    const bare = join(world.home, "bare.git");
    runIn(world.home, world.home)("init", "-q", "--bare", bare);
    await expect(open(world, bare)).rejects.toMatchObject({
      message: expect.stringMatching(/bare git repository/),
    });
    await expect(open(world, join(world.root, ".git"))).rejects.toMatchObject({
      message: expect.stringMatching(/git directory/),
    });
  });
});
