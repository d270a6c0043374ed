import { copyFile, rename, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../clock.ts";
import { type IndexLock, takeIndexLock } from "./local-git-index-lock.ts";
import { isPlainFile, readFiles, type TreeEntry } from "./local-git-objects.ts";
import { withWorkFolder } from "./local-git-work-files.ts";
import type { LocalRepository } from "./local-repository.ts";

/** How the index follows a commit: what it had for the file, what it gets, and how other staged text is changed. */
export type IndexChange = {
  path: string;
  /** The file as the commits before had it; this is replaced as a whole. */
  from: readonly string[];
  to: TreeEntry;
  edit: (text: string) => string | null;
};

type Written = "done" | "locked";

/**
 * Does `move` while git's own lock on the index is held, and then brings the index along: nobody commits in between what the index
 * had before. Where somebody else holds the lock for long, `move` is done all the same, and the answer is `locked`.
 */
export async function moveWithIndex(
  repository: LocalRepository,
  change: IndexChange,
  move: () => Promise<void>,
): Promise<Written> {
  let isMoved = false;
  try {
    return await withWorkFolder(repository, systemClock, async (folder) => {
      const lock = await takeIndexLock(repository, folder, TRIES_BEFORE);
      try {
        await move();
        isMoved = true;
        if (lock !== null) return await writeIndex(repository, change, { folder, lock });
      } finally {
        await lock?.release();
      }
      return writeUnderLock(repository, change, { folder, tries: TRIES_AFTER });
    });
  } catch (error) {
    // Once it has moved the commit stands, whatever happens to the index.
    if (isMoved) return "locked";
    throw error;
  }
}

/** Brings the index along with a commit that the branch has by now. */
export async function bringIndex(repository: LocalRepository, change: IndexChange): Promise<Written> {
  return withWorkFolder(repository, systemClock, (folder) =>
    writeUnderLock(repository, change, { folder, tries: 1 }),
  );
}

/** Together about a second, longer than git's own commands hold the lock: one that is older waits for a person. */
const TRIES_BEFORE = 32;
const TRIES_AFTER = 8;

async function writeUnderLock(
  repository: LocalRepository,
  change: IndexChange,
  { folder, tries }: { folder: string; tries: number },
): Promise<Written> {
  const lock = await takeIndexLock(repository, folder, tries);
  if (lock === null) return "locked";
  try {
    return await writeIndex(repository, change, { folder, lock });
  } finally {
    await lock.release();
  }
}

/** For who holds the lock. Git writes a copy, which then takes the index's place as a whole. */
async function writeIndex(
  repository: LocalRepository,
  change: IndexChange,
  { folder, lock }: { folder: string; lock: IndexLock },
): Promise<Written> {
  const line = await planLine(repository, change);
  if (line === "") return "done";
  const { git, root, gitDir } = repository;
  const index = join(gitDir, "index");
  const copy = join(folder, "index");
  await copyFile(index, copy);
  // By an index's time git tells which files may have been edited since; one that is too old makes it look at them again.
  const seconds = Math.floor((await stat(index)).mtimeMs / 1000);
  await utimes(copy, seconds, seconds);
  const options = { cwd: root, input: line, env: { GIT_INDEX_FILE: copy } };
  await git.run(["update-index", "-z", "--index-info"], options);
  // Without it somebody may have staged something meanwhile.
  if (!(await lock.isHeld())) return "locked";
  await rename(copy, index);
  return "done";
}

/** The line that update-index reads; none where the index needs no change, or holds something else for the path. */
async function planLine(repository: LocalRepository, { path, from, to, edit }: IndexChange): Promise<string> {
  const staged = await readStagedEntry(repository, path);
  if (staged === null || staged.oid === to.oid || !isPlainFile(staged)) return "";
  if (from.includes(staged.oid)) return `${staged.mode} ${to.oid}\t${path}\0`;
  const file = (await readFiles(repository, [staged.oid])).get(staged.oid);
  const text = file?.kind === "text" ? edit(file.text) : null;
  if (text === null) return "";
  return `${staged.mode} ${await writeBlob(repository, text)}\t${path}\0`;
}

/** Writes a text into git's store as it is, whatever filters the path has. */
export function writeBlob({ git, root }: LocalRepository, text: string): Promise<string> {
  return git.ask(["hash-object", "-w", "--no-filters", "--stdin"], { cwd: root, input: text });
}

/** What is staged for a path; null for nothing, or for several versions of an unfinished merge. */
async function readStagedEntry({ git, root }: LocalRepository, path: string): Promise<TreeEntry | null> {
  const listed = await git.ask(["--literal-pathspecs", "ls-files", "--stage", "-z", "--", path], {
    cwd: root,
  });
  for (const line of listed.split("\0")) {
    const match = /^(\d{6}) ([0-9a-f]+) 0\t/.exec(line);
    if (match !== null && line.slice(match[0].length) === path)
      return { mode: match[1] ?? "", oid: match[2] ?? "" };
  }
  return null;
}
