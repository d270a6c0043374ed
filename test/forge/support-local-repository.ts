import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { StackPlace } from "../../src/forge/forge.ts";
import { Git } from "../../src/forge/git.ts";
import { LocalGitForge } from "../../src/forge/local-git.ts";
import { type LocalRepository, openLocalRepository } from "../../src/forge/local-repository.ts";
import { placeOf, requestFor, STACK_PATH } from "./scale-request.ts";

export const STACK_TEXT = "# pools\nconfig:\n  shop:web: 3 # busy\n  shop:worker: '5'\n";

/** No setting of the machine's own reaches a test's git. */
export function gitEnvironment(home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? "",
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    GIT_CONFIG_NOSYSTEM: "1",
    TZ: "UTC",
  };
}

/** A real work tree with one stack file, in a folder that goes with the test. */
export type LocalWorld = {
  home: string;
  root: string;
  path: string;
  place: StackPlace;
  repository: LocalRepository;
  forge: LocalGitForge;
  git: (...args: string[]) => string;
  write: (path: string, text: string) => void;
  read: (path: string) => string;
};

export async function createLocalWorld(
  options: { path?: string; text?: string; init?: readonly string[]; clock?: () => number } = {},
): Promise<LocalWorld> {
  const home = mkdtempSync(join(tmpdir(), "local-git-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const root = join(home, "work tree");
  mkdirSync(root);
  const git = runIn(root, home);
  git("init", "-q", "-b", "main", ...(options.init ?? []));
  git("config", "user.name", "Ada");
  git("config", "user.email", "ada@example.com");
  const path = options.path ?? STACK_PATH;
  const write = writeIn(root);
  write(path, options.text ?? STACK_TEXT);
  write("README.md", "# infra\n");
  git("add", "-A");
  git("commit", "-qm", "first");
  return openWorld({ home, root, path, clock: options.clock ?? Date.now, push: null });
}

/** Another forge on a work tree that is there. */
export async function openWorld(options: {
  home: string;
  root: string;
  path: string;
  clock: () => number;
  push: string | null;
}): Promise<LocalWorld> {
  const { home, root, path, clock, push } = options;
  const repository = await openLocalRepository(new Git(gitEnvironment(home)), root);
  if (repository === null) throw new Error("no work tree");
  return {
    home,
    root,
    path,
    repository,
    place: placeOf(path, repository.branch),
    forge: new LocalGitForge(repository, { clock, push }),
    git: runIn(root, home),
    write: writeIn(root),
    read: (name) => readFileSync(join(root, name), "utf8"),
  };
}

/** Reads, and commits these values on what was read. */
export async function scale(world: LocalWorld, values: Readonly<Record<string, number>>): Promise<string> {
  const snapshot = await world.forge.readSnapshot(world.place, 0);
  if (snapshot.file.kind !== "text") throw new Error(`the stack file is ${snapshot.file.kind}`);
  return world.forge.commit(
    world.place,
    requestFor(snapshot.headOid, snapshot.file.text, values, world.path),
  );
}

export function runIn(root: string, home: string): (...args: string[]) => string {
  return (...args) =>
    execFileSync("git", args, {
      cwd: root,
      env: gitEnvironment(home),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).replace(/\n$/, "");
}

function writeIn(root: string): (path: string, text: string) => void {
  return (path, text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
}
