import { execFile, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { parseScaleCommit } from "../../src/domain/scale-commit.ts";
import { healWorkTree, readUncommittedValues } from "../../src/forge/local-git.ts";
import { requireProgram } from "../setup/require-program.ts";
import { locationOf } from "./scale-request.ts";
import { createLocalWorld, gitEnvironment, type LocalWorld, STACK_TEXT } from "./support-local-repository.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("support-commit-process.ts", import.meta.url));
let git = "";

beforeEach(({ skip }) => {
  git = requireProgram("git", skip);
});

type Task = { pool?: string; times?: number; push?: string | null; environment?: Record<string, string> };

function startCommitting(world: LocalWorld, task: Task): string[] {
  const { root, path, home } = world;
  const settings = { pool: "web", times: 1, push: null, environment: gitEnvironment(home), ...task };
  return [program, JSON.stringify({ root, path, ...settings })];
}

/** A git that kills the process that called it, right before or right after its nth call. */
function killingGit(world: LocalWorld, nth: number, when: "before" | "after"): Record<string, string> {
  const folder = join(world.home, "bin");
  mkdirSync(folder, { recursive: true });
  const calls = join(world.home, "calls");
  rmSync(calls, { recursive: true, force: true });
  mkdirSync(calls);
  const script = [
    "#!/bin/sh",
    // Calls may be made at the same time: each takes a number of its own.
    "n=1",
    `while ! mkdir '${calls}'/$n 2>/dev/null; do n=$((n + 1)); done`,
    `if [ "$n" -ne ${nth} ]; then exec '${git}' "$@"; fi`,
    ...(when === "after" ? [`'${git}' "$@"`] : []),
    "kill -9 $PPID",
  ];
  writeFileSync(join(folder, "git"), `${script.join("\n")}\n`);
  chmodSync(join(folder, "git"), 0o755);
  const environment = gitEnvironment(world.home);
  return { ...environment, PATH: [folder, environment.PATH].join(delimiter) };
}

async function dirtyWorld(): Promise<LocalWorld> {
  const world = await createLocalWorld();
  world.write("README.md", "# staged\n");
  world.write(world.path, `${STACK_TEXT}  shop:staged: 1\n`);
  world.git("add", "README.md", world.path);
  world.write("README.md", "# edited\n");
  world.write(world.path, `# mine\n${STACK_TEXT}  shop:staged: 1\n`);
  world.write("untracked.txt", "untracked\n");
  return world;
}

const valueIn = (text: string) => Number(/shop:web: (\d+)/.exec(text)?.[1]);
const withValue = (text: string, value: number) => text.replace(/shop:web: \d+/, `shop:web: ${value}`);

/** All commits of ours changed one line of the file, to the value that they say. */
function checkHistory(world: LocalWorld): number {
  const oids = world.git("log", "--first-parent", "--format=%H").split("\n");
  let scales = 0;
  for (const oid of oids) {
    const scale = parseScaleCommit(world.git("log", "-1", "--format=%B", oid));
    if (scale === undefined) continue;
    scales += 1;
    expect(world.git("diff", "--numstat", `${oid}^`, oid)).toBe(`1\t1\t${world.path}`);
    const before = world.git("show", `${oid}^:${world.path}`);
    expect(scale.scales[0]).toMatchObject({ from: valueIn(before), to: valueIn(before) + 1 });
    expect(world.git("show", `${oid}:${world.path}`)).toBe(withValue(before, valueIn(before) + 1));
  }
  return scales;
}

function checkNothingLeft(world: LocalWorld): void {
  const { gitDir, stateDir } = world.repository;
  const locks = readdirSync(gitDir, { recursive: true }).filter((name) => String(name).endsWith(".lock"));
  expect(locks).toEqual([]);
  expect(existsSync(join(stateDir, "unwritten")) ? readdirSync(join(stateDir, "unwritten")) : []).toEqual([]);
  expect(readdirSync(join(world.root, "infra"))).toEqual(["Pulumi.prod.yaml"]);
}

function countCalls(world: LocalWorld): number {
  return readdirSync(join(world.home, "calls")).length;
}

/** For a snapshot and a commit on it, where no hook is. */
const COMMANDS = 17;

describe("a process that is killed while it commits", { timeout: 300_000 }, () => {
  it("makes so many calls of git", async () => {
    const world = await createLocalWorld();
    const environment = killingGit(world, 0, "before");
    await run(process.execPath, startCommitting(world, { times: 0, environment }));
    const opening = countCalls(world);
    rmSync(join(world.home, "calls"), { recursive: true });
    mkdirSync(join(world.home, "calls"));
    await run(process.execPath, startCommitting(world, { environment }));
    expect(countCalls(world) - opening).toBe(COMMANDS);
  });

  it.each(["before", "after"] as const)(
    "%s any call of git leaves what the next one completes",
    async (when) => {
      const kinds = new Set<string>();
      // Opening the work tree takes the first seven.
      for (let nth = 8; ; nth++) {
        const world = await dirtyWorld();
        const before = world.git("status", "--porcelain");
        const [staged, edited] = [world.git("show", `:${world.path}`), world.read(world.path)];
        const environment = killingGit(world, nth, when);
        const child = spawn(process.execPath, startCommitting(world, { environment }), { stdio: "ignore" });
        const signal = await new Promise((resolve) => child.on("exit", (_code, by) => resolve(by)));
        if (signal === null) {
          expect(nth).toBeGreaterThan(8 + COMMANDS);
          break;
        }
        // What it had started may still be ending.
        await sleep(50);
        const committed = checkHistory(world);
        kinds.add(
          `${committed} ${valueIn(world.git("show", `:${world.path}`))} ${valueIn(world.read(world.path))}`,
        );
        // Nobody takes what was left behind for a person's edit.
        expect(await readUncommittedValues(world.repository, world.place, [locationOf("web")])).toEqual([]);
        const healed = await healWorkTree(world.repository, world.place);
        expect(healed.length).toBeLessThanOrEqual(committed);
        expect(world.git("show", `:${world.path}`)).toBe(withValue(staged, 3 + committed));
        expect(world.read(world.path)).toBe(withValue(edited, 3 + committed));
        expect(world.git("status", "--porcelain")).toBe(before);
        expect(await healWorkTree(world.repository, world.place)).toEqual([]);
        checkNothingLeft(world);
        await run(process.execPath, startCommitting(world, {}));
        expect(checkHistory(world)).toBe(committed + 1);
        expect(world.git("status", "--porcelain")).toBe(before);
        expect(world.git("fsck", "--strict", "--no-dangling")).toBe("");
      }
      // Killed before the branch moved, and after it, with the work tree left behind.
      expect([...kinds].sort()).toEqual(expect.arrayContaining(["0 3 3"]));
      expect([...kinds].some((kind) => kind.startsWith("1") && kind !== "1 4 4")).toBe(true);
    },
  );

  it("with a file half written leaves it to the next one to remove", async () => {
    const world = await createLocalWorld();
    world.write(`infra/.Pulumi.prod.yaml.0123456789abcdef.pulumiscale`, "conf");
    world.write(`infra/.Pulumi.prod.yaml.mine.pulumiscale`, "mine");
    await run(process.execPath, startCommitting(world, {}));
    expect(readdirSync(join(world.root, "infra")).sort()).toEqual([
      ".Pulumi.prod.yaml.mine.pulumiscale",
      "Pulumi.prod.yaml",
    ]);
  });
});

describe("several at once", { timeout: 300_000 }, () => {
  it("two processes and a person who commits lose nothing of each other", async () => {
    const world = await createLocalWorld();
    const rounds = 8;
    let isDone = false;
    const ours = Promise.all(
      [0, 1].map(() => run(process.execPath, startCommitting(world, { times: rounds }))),
    ).finally(() => {
      isDone = true;
    });
    let persons = 0;
    while (!isDone) {
      world.write("notes.txt", `${persons}\n`);
      try {
        world.git("add", "notes.txt");
        world.git("commit", "-qm", `note ${persons}`);
        persons += 1;
      } catch {
        // The index or the branch was held: a person would say it again.
      }
      await sleep(300);
    }
    await ours;
    expect(persons).toBeGreaterThan(0);
    expect(checkHistory(world)).toBe(2 * rounds);
    expect(valueIn(world.git("show", `HEAD:${world.path}`))).toBe(3 + 2 * rounds);
    const touched = world.git("log", "--format=%s", "--", world.path).split("\n");
    expect(touched.filter((subject) => subject.startsWith("note"))).toEqual([]);
    expect(world.git("status", "--porcelain", "--", world.path)).toBe("");
    expect(world.git("status", "--porcelain").replace(/^.. notes.txt$/m, "")).toBe("");
    checkNothingLeft(world);
  });
});
