import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { Git } from "../../src/forge/git.ts";
import { LocalApplyForge } from "../../src/forge/local-apply.ts";
import { LocalLedger } from "../../src/forge/local-ledger.ts";
import { requireProgram } from "../setup/require-program.ts";
import { createLocalWorld, gitEnvironment, type LocalWorld, STACK_TEXT } from "./support-local-repository.ts";

beforeEach(({ skip }) => {
  requireProgram("git", skip);
});

const NOW = "apps/shop/Pulumi.prod.yaml";
const web = (value: number) => STACK_TEXT.replace("web: 3", `web: ${value}`);
const values = (file: { kind: string; text?: string }) =>
  file.kind === "text" ? Number(/web: (\d+)/.exec(file.text ?? "")?.[1]) : file.kind;

/** Runs git at a moment, in seconds from the year 2000 on. */
async function gitAt({ home, root }: LocalWorld, seconds: number, ...args: string[]): Promise<void> {
  const env = { GIT_COMMITTER_DATE: `@${946_684_800 + seconds} +0000` };
  await new Git({ ...gitEnvironment(home), ...env }).run(args, { cwd: root, env });
}

async function commitAt(world: LocalWorld, seconds: number, message: string): Promise<void> {
  world.git("add", "-A");
  await gitAt(world, seconds, "commit", "-q", "--allow-empty", "-m", message);
}

/** A work tree whose one commit is of long ago. */
async function openWorld(): Promise<LocalWorld> {
  const world = await createLocalWorld();
  await gitAt(world, 0, "commit", "-q", "--amend", "--no-edit");
  return world;
}

async function listed(world: LocalWorld, formerPaths = [world.path]) {
  const { history } = await world.forge.readSnapshot({ ...world.place, path: NOW, formerPaths }, 0);
  return history.map(({ message, before, after }) => [message, values(before), values(after)]);
}

function move(world: LocalWorld): void {
  world.write(NOW, world.read(world.path));
  world.git("rm", "-qf", world.path);
}

it("a stack file's history goes on from its former path", async () => {
  const world = await openWorld();
  world.write(world.path, web(4));
  await commitAt(world, 1, "scale");
  move(world);
  await commitAt(world, 2, "move");
  world.write(NOW, web(5));
  await commitAt(world, 3, "scale again");
  expect(await listed(world)).toEqual([
    ["scale again", 4, 5],
    ["move", 4, 4],
    ["scale", 3, 4],
    ["first", "missing", 3],
  ]);
  expect(await listed(world, [])).toEqual([
    ["scale again", 4, 5],
    ["move", "missing", 4],
  ]);
});

it("what was scaled while a branch moved the file is no change by its merge", async () => {
  const world = await openWorld();
  world.git("switch", "-qc", "side");
  move(world);
  await commitAt(world, 1, "move");
  world.git("switch", "-q", "main");
  world.write(world.path, web(5));
  await commitAt(world, 2, "scale");
  await gitAt(world, 3, "merge", "-q", "--no-ff", "-m", "merge", "side");
  expect(await listed(world)).toEqual([
    ["merge", 5, 5],
    ["move", 3, 3],
    ["scale", 3, 5],
    ["first", "missing", 3],
  ]);
});

it("a file that was deleted, and added elsewhere later, is the same", async () => {
  const world = await openWorld();
  world.git("rm", "-q", world.path);
  await commitAt(world, 1, "away");
  world.write(NOW, web(3));
  await commitAt(world, 2, "there");
  expect(await listed(world)).toEqual([
    ["there", 3, 3],
    ["first", "missing", 3],
  ]);
});

it("another stack's time at the former path is not this one's", async () => {
  const world = await openWorld();
  move(world);
  await commitAt(world, 1, "move");
  world.write(world.path, web(9));
  await commitAt(world, 2, "another stack");
  world.git("rm", "-q", world.path);
  await commitAt(world, 3, "which is gone");
  expect(await listed(world)).toEqual([
    ["move", 3, 3],
    ["first", "missing", 3],
  ]);
});

it("an apply sees what was committed at the former path since the last one, with its values", async () => {
  const world = await openWorld();
  const since = world.git("rev-parse", "HEAD");
  world.write(world.path, web(4));
  await commitAt(world, 1, "scale");
  move(world);
  await commitAt(world, 2, "move");
  const { repository, root, path } = world;
  const forge = new LocalApplyForge({ ...repository, root }, new LocalLedger(join(root, ".git/pulumiscale")));
  const place = { owner: "local", repo: "work", baseBranch: "main", alias: "store", dir: "apps/shop" };
  const read = (formerPaths: string[]) =>
    forge.readHistory(
      { ...place, stackFilePath: NOW, formerPaths },
      world.git("rev-parse", "HEAD"),
      since,
      [],
    );
  const { commits, isComplete } = await read([path]);
  expect(isComplete).toBe(true);
  expect(commits.map(({ message, stackFile }) => [message.trim(), values(stackFile)])).toEqual([
    ["move", 4],
    ["scale", 4],
  ]);
  expect((await read([])).commits.length).toBe(1);
});
