import { randomBytes } from "node:crypto";
import { link, lstat, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writeDurably } from "../durable-file.ts";
import type { LocalRepository } from "./local-repository.ts";

/** Git's own lock on the index: as long as it is held, git changes the index for nobody. */
export type IndexLock = {
  /** False once somebody has taken the lock away, as git tells people to where one has stood for long. */
  isHeld: () => Promise<boolean>;
  release: () => Promise<void>;
};

/** No lock of git's begins so: its own ones are empty, or an index in the making. */
const MARK = "PulumiScale holds the index for a moment: ";
const LARGEST_LOCK_BYTES = 1000;
const WAIT_MS = 25;

/**
 * Takes git's lock on the index, with a text in it from the first moment on that says that it is ours. It waits for it; null where it is
 * taken after so many `tries`: a lock that somebody else has left is not to stop all scaling. `folder` is for a file of this work alone.
 * Only for who holds the lock of the work tree (`lockFileOf`).
 */
export async function takeIndexLock(
  repository: LocalRepository,
  folder: string,
  tries: number,
): Promise<IndexLock | null> {
  const path = pathOf(repository);
  const nonce = randomBytes(8).toString("hex");
  const text = `${MARK}${nonce}\n`;
  const own = join(folder, nonce);
  // A machine that loses its power leaves no empty lock, either.
  await writeDurably(own, text);
  for (let tried = 1; ; tried++) {
    await removeLeftIndexLock(repository);
    if (await place(own, text, path)) break;
    if (tried === tries) return null;
    await delay(WAIT_MS);
  }
  const isHeld = async () => (await readFile(path, "utf8").catch(() => null)) === text;
  return {
    isHeld,
    release: async () => {
      if (await isHeld()) await rm(path, { force: true });
    },
  };
}

/**
 * Removes a lock on the index that a killed process of ours has left, and no other. Only for who holds the lock of the work tree:
 * nobody else of ours is living and at work on the index then.
 */
export async function removeLeftIndexLock(repository: LocalRepository): Promise<void> {
  const path = pathOf(repository);
  const found = await lstat(path).catch(() => null);
  if (found === null || !found.isFile() || found.size > LARGEST_LOCK_BYTES) return;
  const text = await readFile(path, "utf8").catch(() => "");
  if (text.startsWith(MARK)) await rm(path, { force: true });
}

/** A link is there with its text, or not at all. */
async function place(own: string, text: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
  }
  // Not every file system has links.
  try {
    await writeFile(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function pathOf({ gitDir }: LocalRepository): string {
  return join(gitDir, "index.lock");
}
