import { createHash, type Hash, randomUUID } from "node:crypto";
import type { Dirent } from "node:fs";
import { mkdir, readdir, readFile, readlink, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { nullIfMissing } from "../domain/missing-file.ts";
import { safeJson } from "../domain/safe-json.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { foldersToRead, type ProgramState } from "./apply-forge.ts";
import { CheckoutError } from "./checkout.ts";

/** A program in no git, as it stood when it was first looked at; `commit` is an id of all of it, 40 hexadecimal digits. */
export type ProgramAt = {
  commit: string;
  state: ProgramState;
  atMs: number;
  /** The last commit to the stack file by then; null before the first. */
  lastCommit: string | null;
};

export type FolderProgramOptions = {
  workDir: string;
  stateDir: string;
  /** From the program's directory, with forward slashes. */
  stackFilePath: string;
  /** What stands on the disk as the stack file, and the last commit to it. */
  readStackFile: () => Promise<{ file: StackFile; lastCommit: string | null }>;
  clock: Clock;
};

/** What no program is written in: what tools have made, and where they keep their own. */
const NOT_THE_PROGRAM = new Set([
  ...["node_modules", "venv", ".venv", "__pycache__", "bin", "obj", "target", ".gradle"],
  ...[".git", ".pulumi", ".pulumiscale", ".DS_Store"],
]);
/** Logs, what editors write beside a file while it is open, and what a write of ours leaves behind when it is killed. */
const PASSING = /\.log$|~$|\.sw[a-p]$|^\.#|^4913$|^\..*\.pulumiscale$/;
const OTHER_STACK_FILE = /^Pulumi\.[^/]+\.ya?ml$/;
/** What is more, and a file that is larger, is known by its size and its time. */
const MOST_FILES = 20_000;
const LARGEST_BYTES = 2_000_000;
/** The oldest of more are forgotten: nothing is known of them then, and an apply previews first. */
const MOST_KEPT = 100;

const Kept = z.object({
  atMs: z.number(),
  lastCommit: z.string().nullable(),
  folders: z.array(z.tuple([z.string(), z.array(z.tuple([z.string(), z.string()]))])),
  stackFile: z.union([
    z.object({ kind: z.literal("text"), text: z.string() }),
    z.object({ kind: z.literal("missing") }),
    z.object({ kind: z.literal("unreadable"), message: z.string() }),
  ]),
});

/** What a program's directory holds, told apart by ids, and remembered by them: what commits are elsewhere. */
export class FolderProgram {
  readonly #options: FolderProgramOptions;

  constructor(options: FolderProgramOptions) {
    this.#options = options;
  }

  /** As it stands, kept for later. Throws `CheckoutError` where it cannot be read. */
  async read(): Promise<ProgramAt> {
    const { workDir, stackFilePath, readStackFile, clock } = this.#options;
    const { file: stackFile, lastCommit } = await readStackFile();
    const folders = new Map<string, ReadonlyMap<string, string>>();
    const count = { files: 0 };
    try {
      for (const folder of foldersToRead({ dir: ".", stackFilePath }))
        folders.set(folder, (await readFolder(join(workDir, folder), count)) ?? new Map());
    } catch (cause) {
      if (cause instanceof CheckoutError) throw cause;
      throw new CheckoutError(`The program in ${workDir} cannot be read. Check who may read its files.`, {
        cause,
      });
    }
    const content = [[...folders].map(([path, entries]) => [path, [...entries]]), stackFile, lastCommit];
    const commit = createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 40);
    const known = await this.recall(commit);
    if (known !== null) return known;
    const at = { commit, state: { folders, stackFile }, atMs: clock(), lastCommit };
    await this.#keep(at);
    return at;
  }

  /** As it stood under this id; null where nobody knows any more. */
  async recall(commit: string): Promise<ProgramAt | null> {
    if (!/^[0-9a-f]{40}$/.test(commit)) return null;
    const path = this.#pathOf(commit);
    const kept = Kept.safeParse(safeJson(await readFile(path, "utf8").catch(() => "")));
    if (!kept.success) return null;
    const now = new Date(this.#options.clock());
    // What is asked for is kept longest.
    await utimes(path, now, now).catch(() => {});
    const { atMs, lastCommit, folders, stackFile } = kept.data;
    return {
      commit,
      atMs,
      lastCommit,
      state: { folders: new Map(folders.map(([name, entries]) => [name, new Map(entries)])), stackFile },
    };
  }

  async #keep({ commit, state, atMs, lastCommit }: ProgramAt): Promise<void> {
    const path = this.#pathOf(commit);
    const folders = [...state.folders].map(([name, entries]) => [name, [...entries]]);
    const text = JSON.stringify({ atMs, lastCommit, folders, stackFile: state.stackFile });
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      // Two may keep the same at once: each writes its own.
      const fresh = `${path}.${randomUUID()}`;
      await writeFile(fresh, text, { mode: 0o600 });
      await rename(fresh, path);
      await this.#forget();
    } catch (cause) {
      throw new CheckoutError(
        `What is in the program's directory could not be noted down in ${this.#folder}. Give this process the right to write there.`,
        { cause },
      );
    }
  }

  async #forget(): Promise<void> {
    const names = await readdir(this.#folder);
    if (names.length <= MOST_KEPT) return;
    const paths = names.map((name) => join(this.#folder, name));
    const dated = await Promise.all(
      paths.map(async (path) => ({ path, atMs: (await stat(path).catch(() => null))?.mtimeMs ?? 0 })),
    );
    const oldest = dated.sort((a, b) => b.atMs - a.atMs).slice(MOST_KEPT);
    for (const { path } of oldest) await rm(path, { force: true });
  }

  get #folder(): string {
    return join(this.#options.stateDir, "programs");
  }

  #pathOf(commit: string): string {
    return join(this.#folder, `${commit}.json`);
  }
}

/** A folder's entries, each with an id of all that is in it; null for one that is not the program's. */
async function readFolder(path: string, count: { files: number }): Promise<Map<string, string> | null> {
  const entries = (await readdir(path, { withFileTypes: true }).catch(nullIfMissing)) ?? [];
  // A Python environment may have any name.
  if (entries.some(({ name }) => name === "pyvenv.cfg")) return null;
  const ids = new Map<string, string>();
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    if (NOT_THE_PROGRAM.has(name) || OTHER_STACK_FILE.test(name) || PASSING.test(name)) continue;
    count.files += 1;
    // It may be gone by now.
    const id = await hashEntry(join(path, name), entry, count).catch(nullIfMissing);
    if (id !== null) ids.set(name, id);
  }
  return ids;
}

/** Null for what is no part of the program. */
async function hashEntry(path: string, entry: Dirent, count: { files: number }): Promise<string | null> {
  const hash = createHash("sha256");
  if (entry.isDirectory()) {
    const entries = await readFolder(path, count);
    if (entries === null) return null;
    hash.update(JSON.stringify([...entries]));
  }
  // A link is what it says, not what stands there: that may be outside, and come back to here.
  else if (entry.isSymbolicLink()) hash.update(`link ${await readlink(path)}`);
  else if (entry.isFile()) await hashFile(path, hash, count.files > MOST_FILES ? 0 : LARGEST_BYTES);
  else return null;
  return hash.digest("hex");
}

async function hashFile(path: string, hash: Hash, largestBytes: number): Promise<void> {
  const { size, mtimeMs, mode } = await stat(path);
  hash.update(`file ${mode & 0o111}\0`);
  if (size > largestBytes) hash.update(`${size} ${mtimeMs}`);
  else hash.update(await readFile(path));
}
