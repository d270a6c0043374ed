import { chmodSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { requireProgram } from "../setup/require-program.ts";
import {
  createLocalWorld,
  type LocalWorld,
  openWorld,
  runIn,
  STACK_TEXT,
  scale,
} from "./support-local-repository.ts";

beforeEach(({ skip }) => {
  requireProgram("git", skip);
});

type Remote = { world: LocalWorld; bare: string; other: LocalWorld; remote: (...args: string[]) => string };

/** A work tree that pushes, another clone of the same remote, and the remote itself, whose branch has another name. */
async function createRemote(): Promise<Remote> {
  const first = await createLocalWorld();
  const bare = join(first.home, "remote.git");
  first.git("clone", "-q", "--bare", first.root, bare);
  const remote = runIn(bare, first.home);
  remote("branch", "-m", "main", "deploy");
  first.git("remote", "add", "origin", bare);
  first.git("fetch", "-q", "origin");
  first.git("branch", "-q", "--set-upstream-to=origin/deploy", "main");
  const root = join(first.home, "other");
  first.git("clone", "-q", "-b", "deploy", bare, root);
  const other = await openWorld({ ...first, root, clock: Date.now, push: null });
  other.git("config", "user.name", "Bob");
  other.git("config", "user.email", "bob@example.com");
  const world = await openWorld({ ...first, clock: Date.now, push: "origin" });
  return { world, bare, other, remote };
}

const web = (value: number) => STACK_TEXT.replace("web: 3", `web: ${value}`);

it("a commit goes to the branch that the local one follows, and then to the local one", async () => {
  const { world, remote } = await createRemote();
  const oid = await scale(world, { web: 4 });
  expect(remote("rev-parse", "deploy")).toBe(oid);
  expect(world.git("rev-parse", "main", "origin/deploy").split("\n")).toEqual([oid, oid]);
  expect(remote("branch", "--format=%(refname:short)")).toBe("deploy");
  await scale(world, { web: 5 });
  expect(remote("rev-list", "--count", "deploy")).toBe("3");
});

it("where the remote has moved, the local branch follows it, and it is decided again", async () => {
  const { world, other, remote } = await createRemote();
  await world.forge.readSnapshot(world.place, 0);
  other.write("README.md", "# other\n");
  other.git("commit", "-qam", "other");
  other.git("push", "-q");
  world.write("notes.txt", "mine\n");
  await expect(scale(world, { web: 4 })).rejects.toMatchObject({ code: "conflict" });
  expect(world.read("README.md")).toBe("# other\n");
  const oid = await scale(world, { web: 4 });
  expect(remote("rev-parse", "deploy")).toBe(oid);
  expect(world.git("status", "--porcelain")).toBe("?? notes.txt");
});

it("a person's edits that are in the remote's way stay, and say so", async () => {
  const { world, other } = await createRemote();
  await world.forge.readSnapshot(world.place, 0);
  other.write("README.md", "# other\n");
  other.git("commit", "-qam", "other");
  other.git("push", "-q");
  world.write("README.md", "# mine\n");
  const rejected = { code: "forbidden", message: expect.stringContaining("in their way") };
  await expect(scale(world, { web: 4 })).rejects.toMatchObject(rejected);
  expect(world.read("README.md")).toBe("# mine\n");
  expect(world.git("rev-list", "--count", "main")).toBe("1");
});

it("somebody's own commits are not published", async () => {
  const { world, remote } = await createRemote();
  world.write("README.md", "# mine\n");
  world.git("commit", "-qam", "mine");
  const rejected = { code: "forbidden", message: expect.stringContaining("publish somebody's work") };
  await expect(scale(world, { web: 4 })).rejects.toMatchObject(rejected);
  expect(remote("rev-list", "--count", "deploy")).toBe("1");
  expect(world.git("rev-list", "--count", "main")).toBe("2");
});

it("scale commits that were not pushed yet go along", async () => {
  const { world, remote } = await createRemote();
  const offline = await openWorld({ ...world, clock: Date.now, push: null });
  await scale(offline, { web: 4 });
  await scale(world, { worker: 6 });
  expect(remote("log", "--format=%s", "deploy").split("\n")).toEqual([
    "scale(shop.prod): worker 5 → 6",
    "scale(shop.prod): web 3 → 4",
    "first",
  ]);
});

it("a remote that is away leaves everything as it was", async () => {
  const { world, bare } = await createRemote();
  renameSync(bare, `${bare}.away`);
  await expect(scale(world, { web: 4 })).rejects.toMatchObject({ code: "unavailable" });
  expect(world.git("rev-list", "--count", "main")).toBe("1");
  expect(world.read(world.path)).toBe(STACK_TEXT);
  renameSync(`${bare}.away`, bare);
  await scale(world, { web: 4 });
});

it.each([
  ["pre-push", (world: LocalWorld) => join(world.root, ".git/hooks/pre-push")],
  ["pre-receive", (world: LocalWorld) => join(world.home, "remote.git/hooks/pre-receive")],
])("a %s hook may refuse", async (_name, pathOf) => {
  const { world } = await createRemote();
  writeFileSync(pathOf(world), "#!/bin/sh\necho frozen >&2\nexit 1\n");
  chmodSync(pathOf(world), 0o755);
  const rejected = { code: "forbidden", message: expect.stringContaining("frozen") };
  await expect(scale(world, { web: 4 })).rejects.toMatchObject(rejected);
  expect(world.git("rev-list", "--count", "main")).toBe("1");
});

it("a process that died between the push and the local branch is made up for", async () => {
  const { world } = await createRemote();
  await scale(world, { web: 4 });
  const pushed = world.git("rev-parse", "main");
  world.git("reset", "-q", "--hard", "HEAD^");
  const next = await openWorld({ ...world, clock: Date.now, push: "origin" });
  expect(await next.forge.readSnapshot(next.place, 0)).toMatchObject({ headOid: pushed });
  expect(next.read(next.path)).toBe(web(4));
  expect(next.git("status", "--porcelain")).toBe("");
});
