import { execFile, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { parseScaleCommit } from "../../src/domain/scale-commit.ts";
import { healWorkTree, readUncommittedValues } from "../../src/forge/local-git.ts";
import { requireProgram } from "../setup/require-program.ts";
import { locationOf, placeOf } from "./scale-request.ts";
import {
  createLocalWorld,
  gitEnvironment,
  type LocalWorld,
  STACK_TEXT,
  scale,
} from "./support-local-repository.ts";

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

/** When a process is killed: before or after a call of git, and it alone or with everything else that it has started. */
type When = "before" | "after" | "with all it has started before" | "with all it has started after";

/** A git that kills the process that called it, right before or right after its nth call. */
function killingGit(world: LocalWorld, nth: number, when: When): Record<string, string> {
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
    ...(when.endsWith("after") ? [`'${git}' "$@"`] : []),
    // It is stopped first: none of its children is to end before it does.
    ...(when.startsWith("with")
      ? [
          "kill -STOP $PPID",
          "for child in $(cat /proc/$PPID/task/$PPID/children); do [ $child = $$ ] || kill -9 $child; done",
        ]
      : []),
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

  it.each<When>(["before", "after", "with all it has started before", "with all it has started after"])(
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

/** Has git, once it holds the locks to move the branch, go on with this script. `$node` is the process that has started it. */
function hookWithLocks(world: LocalWorld, script: string): void {
  const hook = join(world.repository.gitDir, "hooks/reference-transaction");
  const lines = [
    '[ "$1" = prepared ] || exit 0',
    "read -r _ _ _ node _ < /proc/$PPID/stat",
    "cd .git",
    script,
  ];
  writeFileSync(hook, `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
}

const KILL_BOTH = "kill -STOP $node; kill -9 $PPID; kill -9 $node";

/** Commits until it is killed; the hook is gone then. */
async function commitUntilKilled(world: LocalWorld): Promise<void> {
  const child = spawn(process.execPath, startCommitting(world, {}), { stdio: "ignore" });
  expect(await new Promise((resolve) => child.on("exit", (_code, by) => resolve(by)))).toBe("SIGKILL");
  rmSync(join(world.repository.gitDir, "hooks/reference-transaction"));
}

const [ofBranch, ofHead] = ["refs/heads/main.lock", "HEAD.lock"];

function locksOf(world: LocalWorld): string[] {
  const names = readdirSync(world.repository.gitDir, { recursive: true }).map(String);
  return names.filter((name) => name.endsWith(".lock") && !name.startsWith("pulumiscale/")).toSorted();
}

describe("a process that is killed together with the git that moves its branch", { timeout: 120_000 }, () => {
  it.each([
    { moment: "with both locks", script: "", left: [ofHead, ofBranch], moved: 0 },
    { moment: "with the branch's lock alone", script: `rm ${ofHead}`, left: [ofBranch], moved: 0 },
    {
      moment: "with the branch's lock, and nothing in it yet",
      script: `rm ${ofHead}; : > ${ofBranch}`,
      left: [ofBranch],
      moved: 0,
    },
    {
      moment: "when the branch has moved, with HEAD's lock",
      script: `mv ${ofBranch} refs/heads/main`,
      left: [ofHead],
      moved: 1,
    },
  ])("$moment leaves what the next start removes", async ({ script, left, moved }) => {
    const world = await dirtyWorld();
    const before = world.git("status", "--porcelain");
    hookWithLocks(world, `${script}\n${KILL_BOTH}`);
    await commitUntilKilled(world);
    expect(locksOf(world)).toEqual([...left, "index.lock"].toSorted());
    expect(await healWorkTree(world.repository, world.place)).toHaveLength(moved);
    checkNothingLeft(world);
    expect(checkHistory(world)).toBe(moved);
    expect(world.git("status", "--porcelain")).toBe(before);
    world.git("commit", "-qm", "a person's", "--", "README.md");
    await run(process.execPath, startCommitting(world, {}));
    expect(checkHistory(world)).toBe(moved + 1);
  });

  it("leaves nothing that is in another stack's way", async () => {
    const world = await createLocalWorld();
    hookWithLocks(world, KILL_BOTH);
    await commitUntilKilled(world);
    await healWorkTree(world.repository, placeOf("other/Pulumi.prod.yaml", "main"));
    expect(locksOf(world)).toEqual([]);
  });

  it.each([
    {
      whose: "with another commit in it",
      script: `git rev-parse HEAD > ${ofBranch}`,
      left: [ofHead, ofBranch],
    },
    {
      whose: "of another time, though they are empty",
      script: `rm ${ofHead} && : > ${ofBranch} && touch -d '1 hour ago' ${ofBranch}`,
      left: [ofBranch],
    },
    {
      whose: "on HEAD alone, where the branch has not moved",
      script: `rm ${ofBranch}`,
      left: [ofHead],
    },
  ])("does not have the next one remove a lock $whose", async ({ script, left }) => {
    const world = await createLocalWorld();
    hookWithLocks(world, `${script}\n${KILL_BOTH}`);
    await commitUntilKilled(world);
    expect(await healWorkTree(world.repository, world.place)).toEqual([]);
    expect(locksOf(world)).toEqual(left);
  });

  it("is gone on with only once that git has ended", async () => {
    const world = await createLocalWorld();
    const [begun, goOn] = [join(world.home, "begun"), join(world.home, "go-on")];
    hookWithLocks(world, `kill -9 $node; : > '${begun}'; until [ -e '${goOn}' ]; do sleep 0.1; done`);
    const child = spawn(process.execPath, startCommitting(world, {}), { stdio: "ignore" });
    await new Promise((resolve) => child.on("exit", resolve));
    await expect.poll(() => existsSync(begun), { timeout: 30_000 }).toBe(true);
    expect(await healWorkTree(world.repository, world.place)).toEqual([]);
    expect(locksOf(world)).toEqual([ofHead, ofBranch]);
    writeFileSync(goOn, "");
    await expect.poll(() => locksOf(world), { timeout: 30_000 }).toEqual([]);
    // Its locks are gone a moment before it is.
    await expect.poll(() => healWorkTree(world.repository, world.place), { timeout: 30_000 }).toHaveLength(1);
    expect(checkHistory(world)).toBe(1);
    expect(world.git("status", "--porcelain")).toBe("");
    checkNothingLeft(world);
  });
});

describe("who moved the branch", { timeout: 60_000 }, () => {
  const notesOf = ({ repository: { stateDir } }: LocalWorld) => readdirSync(join(stateDir, "unwritten"));

  it("is forgotten where it has not moved, so that nobody's lock is taken for its", async () => {
    const world = await createLocalWorld();
    hookWithLocks(world, "exit 1");
    await expect(scale(world, { web: 4 })).rejects.toThrow();
    expect(notesOf(world)).toEqual([]);
    for (const lock of [ofHead, ofBranch]) writeFileSync(join(world.repository.gitDir, lock), "");
    await healWorkTree(world.repository, world.place);
    expect(locksOf(world)).toEqual([ofHead, ofBranch]);
  });

  it("is forgotten once it has moved, also where the index could not follow yet", async () => {
    const world = await createLocalWorld();
    writeFileSync(join(world.repository.gitDir, "index.lock"), "");
    await scale(world, { web: 4 });
    expect(notesOf(world)).toHaveLength(1);
    writeFileSync(join(world.repository.gitDir, ofHead), "");
    await healWorkTree(world.repository, world.place);
    expect(locksOf(world)).toEqual([ofHead, "index.lock"]);
  });
});

it("what a person stages after taking our lock on the index away stays staged", async () => {
  const world = await createLocalWorld();
  world.write("README.md", "# infra, and more\n");
  // Right after git has written the copy that is to take the index's place.
  const hook = join(world.repository.gitDir, "hooks/post-index-change");
  const lock = join(world.repository.gitDir, "index.lock");
  const lines = [
    `grep -q PulumiScale '${lock}' || exit 0`,
    `rm '${lock}'`,
    `cd '${world.root}' && env -u GIT_DIR -u GIT_INDEX_FILE git add README.md`,
  ];
  writeFileSync(hook, `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
  await scale(world, { web: 4 });
  rmSync(hook);
  expect(world.git("diff", "--cached", "--name-only").split("\n")).toContain("README.md");
  expect(await healWorkTree(world.repository, world.place)).toEqual([]);
  expect(world.git("diff", "--cached", "--name-only").trim()).toBe("README.md");
  checkNothingLeft(world);
}, 60_000);

describe("a lock on the index that a kill has left", { timeout: 60_000 }, () => {
  it.each(["", "DIRC, and not all of it", "PulumiScale was here"])(
    "is a person's where it holds %j, and stays",
    async (text) => {
      const world = await createLocalWorld();
      const lock = join(world.repository.gitDir, "index.lock");
      await scale(world, { web: 4 });
      writeFileSync(lock, text);
      await healWorkTree(world.repository, world.place);
      await scale(world, { web: 5 });
      expect(readFileSync(lock, "utf8")).toBe(text);
    },
  );
});

it("an edit in the second in which the index was written is seen after a commit as before", async () => {
  const world = await createLocalWorld();
  const readme = join(world.root, "README.md");
  const then = new Date("2026-01-02T03:04:05Z");
  // Nobody can set the time of a file's last change of any kind.
  world.git("config", "core.trustctime", "false");
  utimesSync(readme, then, then);
  world.git("update-index", "--refresh");
  utimesSync(join(world.repository.gitDir, "index"), then, then);
  world.write("README.md", "# INFRA\n");
  utimesSync(readme, then, then);
  await scale(world, { web: 4 });
  expect(world.git("status", "--porcelain")).toBe(" M README.md");
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
