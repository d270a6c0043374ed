import { lstat, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAncestor } from "./is-ancestor.ts";
import type { Noted } from "./local-git-journal.ts";
import type { LocalRepository } from "./local-repository.ts";

/**
 * Removes the locks on the branch and on HEAD that a killed git of ours has left as it moved the branch to a commit, and no others.
 * Its process is to be known as gone. Only a kill leaves a note with a mover. Ours are the locks that were made right after
 * it, and that hold what it writes: the branch's lock the commit, HEAD's lock nothing. A lock of somebody else's holds their commit.
 */
export async function removeLeftRefLocks(
  repository: LocalRepository,
  branch: string,
  noted: Noted,
): Promise<void> {
  if (noted.mover === undefined) return;
  const seen = await findLeft(repository, branch, noted);
  if (seen.length === 0) return;
  await delay(MOMENT_MS);
  for (const lock of await findLeft(repository, branch, noted))
    if (seen.some(({ identity }) => identity === lock.identity)) await rm(lock.path, { force: true });
}

const MOMENT_MS = 500;
/** From the note to a lock that holds our commit; git has started before. */
const LONGEST_START_MS = 10_000;
/** The same to an empty one, which says nothing itself: `git gc` holds such locks for seconds as well. */
const LONGEST_START_OF_EMPTY_MS = 2_000;
const LARGEST_LOCK_BYTES = 1000;

type RefLock = { path: string; text: string; atMs: number; identity: string };

/** HEAD's comes first: what says that it is ours goes last. */
async function findLeft(repository: LocalRepository, branch: string, noted: Noted): Promise<RefLock[]> {
  const { commit, notedAtMs } = noted;
  const isFromThen = ({ atMs, text }: RefLock) =>
    atMs >= notedAtMs && atMs <= notedAtMs + (text === "" ? LONGEST_START_OF_EMPTY_MS : LONGEST_START_MS);
  const ofBranch = await readLock(join(repository.commonDir, "refs/heads", `${branch}.lock`));
  const ofHead = await readLock(join(repository.gitDir, "HEAD.lock"));
  // A kill may come between its creation and its content.
  const isBranchOurs = ofBranch !== null && isFromThen(ofBranch) && `${commit}\n`.startsWith(ofBranch.text);
  const isHeadOurs =
    ofHead !== null &&
    isFromThen(ofHead) &&
    ofHead.text === "" &&
    // Git takes it after the branch's, and gives it back after the branch has moved.
    (isBranchOurs || (ofBranch === null && (await isAncestor(repository, commit, `refs/heads/${branch}`))));
  return [...(isHeadOurs ? [ofHead] : []), ...(isBranchOurs ? [ofBranch] : [])];
}

async function readLock(path: string): Promise<RefLock | null> {
  try {
    const found = await lstat(path);
    if (!found.isFile() || found.size > LARGEST_LOCK_BYTES) return null;
    const identity = [path, found.ino, found.mtimeMs, found.size].join();
    return { path, text: await readFile(path, "utf8"), atMs: found.mtimeMs, identity };
  } catch {
    return null;
  }
}
