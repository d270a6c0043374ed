import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { PoolLocation } from "../domain/stack-file.ts";
import { syncFolder, writeDurably } from "../durable-file.ts";
import type { LocalRepository } from "./local-repository.ts";

const Location = z.union([
  z.object({ project: z.string(), configKey: z.string() }),
  z.object({ project: z.string(), configPath: z.string() }),
]);
const Unwritten = z.object({
  commit: z.string().regex(/^[0-9a-f]{40,64}$/),
  path: z.string().min(1),
  locations: z.array(Location),
  mover: z.object({ host: z.string(), pid: z.int().min(1), startedAt: z.string().nullable() }).optional(),
});

/** The process that moves the branch: `startedAt` is what `readProcessStart` says of it. */
export type Mover = { host: string; pid: number; startedAt: string | null };

/** A commit of ours whose values are not, or not known to be, in the index and the work tree yet. */
export type Unwritten = {
  commit: string;
  path: string;
  locations: readonly PoolLocation[];
  mover?: Mover | undefined;
};

/** With the time of the note, by the file system's own clock. */
export type Noted = Unwritten & { notedAtMs: number };

/**
 * Notes that a commit is about to reach the branch, so that whoever comes after a kill can tell a work tree that was left behind
 * from one where a person has put an old value back.
 */
export async function writeJournal(repository: LocalRepository, unwritten: Unwritten): Promise<void> {
  await mkdir(folderOf(repository), { recursive: true, mode: 0o700 });
  await removeJournal(repository, unwritten.commit);
  await writeDurably(fileOf(repository, unwritten.commit), JSON.stringify(unwritten), { mode: 0o600 });
  await syncFolder(folderOf(repository));
}

export async function removeJournal(repository: LocalRepository, commit: string): Promise<void> {
  await rm(fileOf(repository, commit), { force: true });
}

/** What is noted; a note that a kill has cut off is of a commit that did not reach the branch, and is left out. */
export async function readJournal(repository: LocalRepository): Promise<Noted[]> {
  const names = await readdir(folderOf(repository)).catch(() => []);
  const noted = await Promise.all(names.map((name) => readNoted(join(folderOf(repository), name))));
  return noted.flat();
}

async function readNoted(path: string): Promise<Noted[]> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
    return parseUnwritten(text).map((unwritten) => ({ ...unwritten, notedAtMs: mtimeMs }));
  } catch {
    return [];
  }
}

function parseUnwritten(text: string): Unwritten[] {
  try {
    return [Unwritten.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}

function folderOf({ stateDir }: LocalRepository): string {
  return join(stateDir, "unwritten");
}

function fileOf(repository: LocalRepository, commit: string): string {
  return join(folderOf(repository), `${commit}.json`);
}
