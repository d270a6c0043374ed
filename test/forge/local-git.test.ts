import { chmodSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { healWorkTree, readUncommittedValues } from "../../src/forge/local-git.ts";
import { requireProgram } from "../setup/require-program.ts";
import { locationOf, requestFor } from "./scale-request.ts";
import { createLocalWorld, type LocalWorld, STACK_TEXT, scale } from "./support-local-repository.ts";

beforeEach(({ skip }) => {
  requireProgram("git", skip);
});

const at = (web: number | string, worker: number | string = 5) =>
  STACK_TEXT.replace("web: 3", `web: ${web}`).replace("'5'", `'${worker}'`);

describe("a commit", () => {
  it("changes the value in the branch, the index and the work tree, and nothing else", async () => {
    const world = await createLocalWorld();
    const oid = await scale(world, { web: 4 });
    expect(world.git("rev-parse", "main", "HEAD").split("\n")).toEqual([oid, oid]);
    expect(world.git("diff", "--numstat", "HEAD^", "HEAD")).toBe(`1\t1\t${world.path}`);
    expect(world.git("show", `HEAD:${world.path}`)).toBe(at(4).trimEnd());
    expect(world.read(world.path)).toBe(at(4));
    expect(world.git("status", "--porcelain")).toBe("");
    expect(world.git("log", "-1", "--format=%an <%ae>|%s")).toBe(
      "Ada <ada@example.com>|scale(shop.prod): web 3 → 4",
    );
    expect(world.git("reflog", "-1", "--format=%gs", "main")).toBe("commit: scale(shop.prod): web 3 → 4");
    expect(world.git("fsck", "--strict")).toBe("");
  });

  it("leaves what others have staged, edited or not added yet", async () => {
    const world = await createLocalWorld();
    world.write("staged.txt", "staged\n");
    world.write("README.md", "# staged\n");
    world.git("add", "staged.txt", "README.md");
    world.write("README.md", "# edited\n");
    world.write("untracked.txt", "untracked\n");
    const before = world.git("status", "--porcelain");
    await scale(world, { web: 4 });
    expect(world.git("status", "--porcelain")).toBe(before);
    expect(world.git("show", ":README.md")).toBe("# staged");
    expect(world.git("diff", "--name-only", "HEAD^", "HEAD")).toBe(world.path);
  });

  it("keeps other edits of the stack file, staged and not", async () => {
    const world = await createLocalWorld();
    world.write(world.path, `${STACK_TEXT}  shop:staged: yes\n`);
    world.git("add", world.path);
    world.write(world.path, `# mine\n${STACK_TEXT}  shop:staged: yes\n`);
    await scale(world, { web: 4, worker: 6 });
    expect(world.git("show", `HEAD:${world.path}`)).toBe(at(4, 6).trimEnd());
    expect(world.git("show", `:${world.path}`)).toBe(`${at(4, 6)}  shop:staged: yes`);
    expect(world.read(world.path)).toBe(`# mine\n${at(4, 6)}  shop:staged: yes\n`);
  });
});

describe("the work tree's file", () => {
  it("keeps its line ends where git converts them, and its mode", async () => {
    const world = await createLocalWorld();
    world.git("config", "core.autocrlf", "true");
    rmSync(join(world.root, world.path));
    world.git("checkout", "-q", "--", world.path);
    chmodSync(join(world.root, world.path), 0o640);
    expect(world.read(world.path)).toContain("\r\n");
    await scale(world, { web: 4 });
    expect(world.read(world.path)).toBe(at(4).replaceAll("\n", "\r\n"));
    expect(world.git("show", `HEAD:${world.path}`)).toBe(at(4).trimEnd());
    expect(statSync(join(world.root, world.path)).mode & 0o777).toBe(0o640);
    expect(world.git("status", "--porcelain")).toBe("");
  });

  it("stays executable in git where it was", async () => {
    const world = await createLocalWorld();
    chmodSync(join(world.root, world.path), 0o755);
    world.git("commit", "-qam", "executable");
    await scale(world, { web: 4 });
    expect(world.git("ls-tree", "HEAD", "--", world.path)).toMatch(/^100755 /);
    expect(world.git("status", "--porcelain")).toBe("");
  });

  it("that has a value which was not committed is left, and so is the branch", async () => {
    const world = await createLocalWorld();
    world.write(world.path, at(8));
    const head = world.git("rev-parse", "HEAD");
    await expect(scale(world, { web: 4 })).rejects.toMatchObject({
      code: "forbidden",
      message: `"web" is 8 in the work tree's ${world.path} and 3 in the commit it stands on: somebody has edited it. Commit that, or take it back with: git restore ${world.path}.`,
    });
    expect(world.git("rev-parse", "HEAD")).toBe(head);
    expect(world.read(world.path)).toBe(at(8));
    const values = await readUncommittedValues(
      world.repository,
      world.place,
      ["web", "worker"].map(locationOf),
    );
    expect(values).toEqual([{ location: locationOf("web"), committed: 3, found: 8 }]);
    // Another pool's is in nobody's way.
    await scale(world, { worker: 6 });
    expect(world.read(world.path)).toBe(at(8, 6));
    expect(world.git("show", `HEAD:${world.path}`)).toBe(at(3, 6).trimEnd());
  });

  it.each([
    ["a link out of the work tree", "infra/Pulumi.prod.yaml"],
    ["behind a folder that is a link", "infra"],
  ])("that is %s is not written through", async (_name, link) => {
    const world = await createLocalWorld();
    const outside = join(world.home, "outside");
    renameSync(join(world.root, link), outside);
    symlinkSync(outside, join(world.root, link));
    await expect(scale(world, { web: 4 })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining(`${link} is a symbolic link`),
    });
    expect(world.read(world.path)).toBe(STACK_TEXT);
    expect(world.git("rev-list", "--count", "HEAD")).toBe("1");
  });

  it("that is gone is not made anew", async () => {
    const world = await createLocalWorld();
    rmSync(join(world.root, world.path));
    await expect(scale(world, { web: 4 })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("git restore"),
    });
  });
});

describe("a work tree that takes no commit now", () => {
  it.each([
    [
      "on another branch",
      "forbidden",
      /git switch main/,
      (world: LocalWorld) => world.git("switch", "-qc", "other"),
    ],
    [
      "on no branch",
      "forbidden",
      /detached HEAD/,
      (world: LocalWorld) => world.git("switch", "-q", "--detach"),
    ],
    ["in a merge", "unavailable", /A merge is in progress/, (world: LocalWorld) => conflict(world, "merge")],
    [
      "in a cherry-pick",
      "unavailable",
      /A cherry-pick is in/,
      (world: LocalWorld) => conflict(world, "cherry-pick"),
    ],
    [
      "in a revert",
      "unavailable",
      /A revert is in/,
      (world: LocalWorld) => world.git("revert", "--no-commit", "HEAD"),
    ],
    ["in a rebase", "unavailable", /A rebase is in/, (world: LocalWorld) => conflict(world, "rebase")],
    ["in a bisect", "unavailable", /A bisect is in/, (world: LocalWorld) => world.git("bisect", "start")],
    [
      "with unresolved conflicts",
      "unavailable",
      /unresolved conflicts/,
      (world: LocalWorld) => {
        conflict(world, "merge");
        rmSync(join(world.root, ".git/MERGE_HEAD"));
      },
    ],
  ])("%s is left as it is", async (_name, code, message, spoil) => {
    const world = await createLocalWorld();
    world.write("README.md", "# two\n");
    world.git("commit", "-qam", "two");
    spoil(world);
    const before = [
      world.git("rev-parse", "main"),
      world.git("status", "--porcelain"),
      world.read(world.path),
    ];
    await expect(scale(world, { web: 4 })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect([
      world.git("rev-parse", "main"),
      world.git("status", "--porcelain"),
      world.read(world.path),
    ]).toEqual(before);
  });

  function conflict(world: LocalWorld, command: string): void {
    world.git("switch", "-qc", "side", "HEAD^");
    world.write("README.md", "# side\n");
    world.git("commit", "-qam", "side");
    world.git("switch", "-q", "main");
    expect(() => world.git(command, "side")).toThrow();
  }

  it("is asked again where the branch moved since it was read", async () => {
    const world = await createLocalWorld();
    const snapshot = await world.forge.readSnapshot(world.place, 0);
    world.git("commit", "-q", "--allow-empty", "-m", "in between");
    const request = requestFor(snapshot.headOid, STACK_TEXT, { web: 4 });
    await expect(world.forge.commit(world.place, request)).rejects.toMatchObject({ code: "conflict" });
  });

  it("is told apart from one without a name to commit under", async () => {
    const world = await createLocalWorld();
    world.git("config", "user.useConfigOnly", "true");
    world.git("config", "--unset", "user.email");
    await expect(scale(world, { web: 4 })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("Set user.name and user.email"),
    });
  });
});

describe("an index that somebody holds", () => {
  it("does not undo the commit; the index follows with the next one", async () => {
    const world = await createLocalWorld();
    const lock = join(world.root, ".git/index.lock");
    world.write("README.md", "# staged\n");
    world.git("add", "README.md");
    writeFileSync(lock, "");
    await scale(world, { web: 4 });
    expect(world.read(world.path)).toBe(at(4));
    expect(readFileSync(lock, "utf8")).toBe("");
    rmSync(lock);
    expect(world.git("show", `:${world.path}`)).toBe(STACK_TEXT.trimEnd());
    expect(await healWorkTree(world.repository, world.place)).toEqual([]);
    expect(world.git("status", "--porcelain")).toBe("M  README.md");
  });
});

it("an old value that a person has put back is not taken for one that was left behind", async () => {
  const world = await createLocalWorld();
  await scale(world, { web: 4 });
  world.write(world.path, STACK_TEXT);
  expect(await healWorkTree(world.repository, world.place)).toEqual([]);
  expect(world.read(world.path)).toBe(STACK_TEXT);
});

it("a text that differs in more than the values is not committed", async () => {
  const world = await createLocalWorld();
  const snapshot = await world.forge.readSnapshot(world.place, 0);
  const request = requestFor(snapshot.headOid, STACK_TEXT, { web: 4 });
  const more = { ...request, text: `${request.text}  shop:more: 1\n` };
  await expect(world.forge.commit(world.place, more)).rejects.toMatchObject({ code: "forbidden" });
});
