import { execFileSync, spawn } from "node:child_process";
import { chmod, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { journalPath, readJournal } from "../../src/forge/folder-journal.ts";
import type { FileCommitRequest } from "../../src/forge/forge.ts";
import { requireProgram } from "../setup/require-program.ts";
import type { CommitterTask } from "./folder-committer.ts";
import { ALIAS, EVENT, type FolderWorld, makeFolderWorld } from "./folder-world.ts";

const COMMITTER = fileURLToPath(new URL("folder-committer.ts", import.meta.url));

let world: FolderWorld;
beforeEach(async ({ skip }) => {
  requireProgram("pulumi", skip);
  world = await makeFolderWorld();
}, 60_000);
afterEach(() => world.stack.remove());

const stackFile = () => readFile(world.stack.stackFile, "utf8");
const forget = () => rm(world.stateDir, { recursive: true });
const up = (...args: string[]) => world.stack.pulumi("up", "--yes", "--skip-preview", ...args);
const summary = async (pool: string) =>
  (await world.changes(pool)).map(({ from, to, by, scale }) => [from, to, by, scale?.event ?? null]);
const files = async () => (await readdir(world.stack.workDir)).sort();

/** Runs a commit in a process of its own; answers its last word. */
async function commitElsewhere(
  request: FileCommitRequest,
  changes: Partial<CommitterTask> = {},
): Promise<string> {
  const { stateDir, place, stack } = world;
  const own = { workDir: stack.workDir, stateDir, place, request, killed: null, edited: null };
  const task: CommitterTask = { ...own, ...changes };
  const child = spawn(process.execPath, [COMMITTER, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return text(child.stdout);
}

describe("a scale commit in a directory without git", { timeout: 60_000 }, () => {
  it("is in no git, and leaves the rest of the file as it was", async () => {
    expect(() => execFileSync("git", ["rev-parse"], { cwd: world.stack.workDir, stdio: "pipe" })).toThrow();
    const before = await stackFile();
    await chmod(world.stack.stackFile, 0o640);
    expect(await world.scale({ web: 5 })).toMatch(/^[0-9a-f]{40}$/);
    expect(await stackFile()).toBe(before.replace('webCount: "3"', 'webCount: "5"'));
    expect((await stat(world.stack.stackFile)).mode & 0o777).toBe(0o640);
    expect(await readFile(join(world.stateDir, ".gitignore"), "utf8")).toBe("*\n");
    expect((await stat(world.stateDir)).mode & 0o777).toBe(0o700);
    expect(await files()).toEqual([".pulumiscale", "Pulumi.dev.yaml", "Pulumi.yaml"]);
  });

  it("is in the history at once, and in Pulumi's own when everything else is gone", async () => {
    const startedAtMs = Date.now();
    const id = await world.scale({ web: 5 });
    const told = [
      [3, 5, "scale", EVENT],
      [null, 3, "manual", null],
    ];
    expect(await summary("web")).toEqual(told);
    await world.apply([{ name: "web", from: 3, to: 5 }], [id]);
    expect(await summary("web")).toEqual(told);
    await forget();
    const [change] = await world.changes("web");
    expect(await summary("web")).toEqual(told);
    expect(change).toMatchObject({ commit: id, scale: { source: "test", reasons: ["in-range"] } });
    expect(change?.atMs).toBeGreaterThan(startedAtMs - 1000);
    expect(change?.atMs).toBeLessThanOrEqual(Date.now());
    expect(await summary("queue")).toEqual([[null, 5, "manual", null]]);
  });

  it("stays the stack's own where that is renamed, applied or not, and the next one follows it", async () => {
    const id = await world.scale({ web: 5 });
    await world.apply([{ name: "web", from: 3, to: 5 }], [id]);
    await world.scale({ queue: 7 });
    Object.assign(world.place, { alias: "store", formerAliases: [ALIAS] });
    const told = async () => [(await summary("web"))[0], (await summary("queue"))[0]];
    const known = [
      [3, 5, "scale", EVENT],
      [5, 7, "scale", EVENT],
    ];
    expect(await told()).toEqual(known);
    await world.scale({ web: 6 });
    expect((await summary("web")).slice(0, 2)).toEqual([[5, 6, "scale", EVENT], known[0]]);
    expect((await summary("queue"))[0]).toEqual(known[1]);
    const { records } = await readJournal(world.stateDir, { alias: "store" });
    expect(records.map(({ message }) => message.split("\n")[0])).toEqual([
      "scale(shop.dev): web 3 → 5",
      "scale(shop.dev): queue 5 → 7",
      "scale(store): web 5 → 6",
    ]);
    Object.assign(world.place, { formerAliases: [] });
    expect((await summary("queue"))[0]).toEqual([5, 7, "manual", null]);
  });

  it("counts where its update has failed", async () => {
    const id = await world.scale({ web: 5 });
    const program = join(world.stack.workDir, "Pulumi.yaml");
    await writeFile(program, (await readFile(program, "utf8")).replace("{webCount}", "{nothing}"));
    await expect(world.apply([{ name: "web", from: 3, to: 5 }], [id])).rejects.toThrow();
    await forget();
    expect((await summary("web"))[0]).toEqual([3, 5, "scale", EVENT]);
  });

  it("is one of several that one update applies", async () => {
    const one = await world.scale({ web: 5 }, "1111111111111111");
    const two = await world.scale({ web: 7, queue: 9 }, "2222222222222222");
    const pools = [
      { name: "web", from: 3, to: 7 },
      { name: "queue", from: 5, to: 9 },
    ];
    await world.apply(pools, [one, two]);
    const both = [
      [5, 7, "scale", "2222222222222222"],
      [3, 5, "scale", "1111111111111111"],
      [null, 3, "manual", null],
    ];
    expect(await summary("web")).toEqual(both);
    await forget();
    expect(await summary("web")).toEqual([[3, 7, "scale", "2222222222222222"], both[2]]);
    expect((await summary("queue"))[0]).toEqual([5, 9, "scale", "2222222222222222"]);
  });

  it("is told from the up of a person that took its value along", async () => {
    const id = await world.scale({ web: 5 });
    await up();
    expect((await summary("web")).slice(0, 2)).toEqual([
      [3, 5, "scale", EVENT],
      [null, 3, "manual", null],
    ]);
    await world.apply([{ name: "web", from: 3, to: 5 }], [id]);
    await forget();
    expect((await summary("web"))[0]).toEqual([3, 5, "scale", EVENT]);
  });
});

describe("what people do", { timeout: 60_000 }, () => {
  it("a value that was set and brought up by hand is a manual change", async () => {
    const id = await world.scale({ web: 5 });
    await world.apply([{ name: "web", from: 3, to: 5 }], [id]);
    await world.stack.pulumi("config", "set", "webCount", "4");
    await up("--message", "fewer");
    const told = [
      [5, 4, "manual", null],
      [3, 5, "scale", EVENT],
      [null, 3, "manual", null],
    ];
    expect(await summary("web")).toEqual(told);
    expect((await world.changes("web"))[0]?.author).toBe("pulumi up");
    await forget();
    expect(await summary("web")).toEqual(told);
  });

  it("moves that come back to the same value stay moves", async () => {
    for (const [from, to] of [
      [3, 5],
      [5, 3],
      [3, 5],
    ] as const) {
      const id = await world.scale({ web: to });
      await world.apply([{ name: "web", from, to }], [id]);
    }
    await world.stack.pulumi("config", "set", "webCount", "3");
    await up();
    expect((await summary("web")).map(([from, to, by]) => [from, to, by])).toEqual([
      [5, 3, "manual"],
      [3, 5, "scale"],
      [5, 3, "scale"],
      [3, 5, "scale"],
      [null, 3, "manual"],
    ]);
  });

  it("a message of another stack, a malformed one, and one that the values belie, are manual changes", async () => {
    const line = (values: string) =>
      `Pulumiscale-Scale: web ${values} requested=9 reason=x source=y event=${EVENT}`;
    const forged = [
      ["4", `x\n\nPulumiscale-Stack: other.dev\n${line("3 -> 4")}`],
      ["5", `x\n\nPulumiscale-Stack: ../..\n${line("4 -> 5")}`],
      ["6", `x\n\nPulumiscale-Stack: ${ALIAS}\n${line("1 -> 6")}`],
      ["7", `x\n\nPulumiscale-Stack: ${ALIAS}\nPulumiscale-Scale: web 6 -> 7`],
      ["8", `x\n\nPulumiscale-Stack: ${ALIAS}\nPulumiscale-Commit: ../../etc\n${line("7 -> eight")}`],
    ] as const;
    for (const [value, message] of forged) {
      await world.stack.pulumi("config", "set", "webCount", value);
      await up("--message", message);
    }
    const changes = await world.changes("web");
    expect(changes.map(({ from, to, by }) => [from, to, by])).toEqual([
      [7, 8, "manual"],
      [6, 7, "manual"],
      [5, 6, "manual"],
      [4, 5, "manual"],
      [3, 4, "manual"],
      [null, 3, "manual"],
    ]);
    for (const { commit } of changes) expect(commit).toMatch(/^[0-9a-f]{40}$/);
  });

  it("no secret and no other text is in the history", async () => {
    await world.stack.pulumi("config", "set", "--secret", "password", "hunter-two");
    await world.stack.pulumi("config", "set", "note", "a word to nobody");
    await up();
    const { history } = await world.forge.readSnapshot(world.place, 0);
    expect(history).not.toEqual([]);
    expect(JSON.stringify(history)).not.toMatch(/hunter|secure|nobody/);
  });

  it("an edit that comes between loses nothing: the commit is a conflict", async () => {
    const request = await world.draft({ web: 5 });
    const edited = `# mine\n${await stackFile()}`;
    await writeFile(world.stack.stackFile, edited);
    await expect(world.forge.commit(world.place, request)).rejects.toMatchObject({ code: "conflict" });
    expect(await stackFile()).toBe(edited);
    expect(await summary("web")).toEqual([[null, 3, "manual", null]]);
  });

  it("a stack file that is a symbolic link is neither read nor written", async () => {
    const request = await world.draft({ web: 5 });
    const elsewhere = join(world.stack.workDir, "elsewhere.yaml");
    await rename(world.stack.stackFile, elsewhere);
    await symlink(elsewhere, world.stack.stackFile);
    const before = await readFile(elsewhere, "utf8");
    const { file } = await world.forge.readSnapshot(world.place, 0);
    expect(file).toEqual({ kind: "unreadable", message: expect.stringContaining("symbolic link") });
    await expect(world.forge.commit(world.place, request)).rejects.toMatchObject({ code: "conflict" });
    expect(await readFile(elsewhere, "utf8")).toBe(before);
  });
});

describe("several processes", { timeout: 60_000 }, () => {
  it("of two that commit at once one wins, and the other is told to decide again", async () => {
    const requests = [await world.draft({ web: 5 }), await world.draft({ web: 6 })];
    const said = await Promise.all(requests.map((request) => commitElsewhere(request)));
    expect(said.map((word) => word.split(" ")[0]).sort()).toEqual(["committed", "conflict"]);
    const winner = said[0]?.startsWith("committed") ? 5 : 6;
    expect(await stackFile()).toContain(`webCount: "${winner}"\n`);
    expect((await summary("web"))[0]).toEqual([3, winner, "scale", EVENT]);
  });

  it.each([
    [1, "before", 3],
    [1, "after", 3],
    [2, "before", 3],
    [2, "after", 5],
    [3, "before", 5],
    [3, "after", 5],
  ] as const)(
    "one that is killed at step %i, right %s it, leaves nothing half",
    async (step, when, value) => {
      const before = await stackFile();
      expect(await commitElsewhere(await world.draft({ web: 5 }), { killed: { rename: step, when } })).toBe(
        "",
      );
      expect(await stackFile()).toBe(before.replace('webCount: "3"', `webCount: "${value}"`));
      // Until it is mended, a look sees what is on the disk and nothing else.
      expect((await summary("web"))[0]).toEqual(
        value === 3 ? [null, 3, "manual", null] : [3, 5, "scale", EVENT],
      );
      const healing = await world.forge.heal(world.place);
      const isWritten = step > 1 || when === "after";
      expect(healing.kind).toBe(isWritten && value === 3 ? "healed" : "clean");
      if (healing.kind !== "clean") expect(healing.sentence).toContain("it was finished");
      expect(await stackFile()).toBe(before.replace('webCount: "3"', `webCount: "${isWritten ? 5 : 3}"`));
      expect((await summary("web"))[0]).toEqual(
        isWritten ? [3, 5, "scale", EVENT] : [null, 3, "manual", null],
      );
      expect(await files()).toEqual([".pulumiscale", "Pulumi.dev.yaml", "Pulumi.yaml"]);
      expect(await world.forge.heal(world.place)).toEqual({ kind: "clean" });
      await world.scale({ web: 9 });
      expect(await stackFile()).toContain('webCount: "9"\n');
    },
  );

  it("what a person writes in the middle of a commit stays, and the commit is a conflict", async () => {
    const edited = `# mine\n${await stackFile()}`;
    expect(await commitElsewhere(await world.draft({ web: 5 }), { edited })).toMatch(/^conflict /);
    expect(await stackFile()).toBe(edited);
    expect(await summary("web")).toEqual([[null, 3, "manual", null]]);
    expect(await world.forge.heal(world.place)).toEqual({ kind: "clean" });
    expect(await files()).toEqual([".pulumiscale", "Pulumi.dev.yaml", "Pulumi.yaml"]);
  });

  it("what a person writes after the kill stays, and the commit is given up", async () => {
    await commitElsewhere(await world.draft({ web: 5 }), { killed: { rename: 1, when: "after" } });
    const edited = `# mine\n${await stackFile()}`;
    await writeFile(world.stack.stackFile, edited);
    const healing = await world.forge.heal(world.place);
    expect(healing).toMatchObject({ kind: "dropped", sentence: expect.stringContaining("the edit stays") });
    expect(await stackFile()).toBe(edited);
    expect(await summary("web")).toEqual([[null, 3, "manual", null]]);
  });

  it("the same text, written again by a person after the kill, stays too", async () => {
    await commitElsewhere(await world.draft({ web: 5 }), { killed: { rename: 1, when: "after" } });
    const before = await stackFile();
    await writeFile(world.stack.stackFile, before);
    expect((await world.forge.heal(world.place)).kind).toBe("dropped");
    expect(await stackFile()).toBe(before);
  });

  it("one that may not write says who has to change what", async () => {
    const request = await world.draft({ web: 5 });
    const { workDir } = world.stack;
    await chmod(workDir, 0o555);
    // Root may write anywhere but where the kernel itself says no.
    const refused = process.getuid?.() === 0 ? { stateDir: "/sys/.pulumiscale" } : {};
    const said = await commitElsewhere(request, refused);
    await chmod(workDir, 0o755);
    expect(said).toMatch(/^forbidden .*\.pulumiscale could not be made \(E[A-Z]+\): .*right to write/);
    expect(await stackFile()).toContain('webCount: "3"\n');
  });

  it("a journal that is not readable holds everything, and says what to do", async () => {
    await world.scale({ web: 5 });
    await writeFile(journalPath(world.stateDir, ALIAS), "{");
    await expect(world.forge.readSnapshot(world.place, 0)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("Move it away"),
    });
  });
});
