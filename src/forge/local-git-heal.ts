import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, systemClock } from "../clock.ts";
import type { PoolLocation } from "../domain/stack-file.ts";
import { withFileLock } from "./file-lock.ts";
import type { StackPlace } from "./forge.ts";
import { isAncestor } from "./is-ancestor.ts";
import { editDiskFile, removeLeftovers } from "./local-git-disk.ts";
import { asForgeErrors } from "./local-git-errors.ts";
import { bringIndex } from "./local-git-index.ts";
import { removeLeftIndexLock } from "./local-git-index-lock.ts";
import { type Noted, readJournal, removeJournal, type Unwritten } from "./local-git-journal.ts";
import { isMoving } from "./local-git-move-branch.ts";
import { type Move, moveValues } from "./local-git-moves.ts";
import { isPlainFile, readFiles, readTreeEntry, type TreeEntry } from "./local-git-objects.ts";
import { removeLeftRefLocks } from "./local-git-ref-locks.ts";
import { removeForgotten } from "./local-git-work-files.ts";
import type { LocalRepository } from "./local-repository.ts";
import { valueIn } from "./value-in.ts";

/** A pool's value that was brought into the work tree's file after the process that had committed it was killed. */
export type HealedValue = { location: PoolLocation; from: number; to: number };

/** The file that keeps processes of ours from writing to one work tree at the same time. */
export function lockFileOf({ stateDir }: LocalRepository): string {
  return join(stateDir, "work-tree.lock");
}

/**
 * Brings the index and the work tree's file up to commits of ours that reached the branch while their process was killed.
 * Only values from before such a commit are moved; what a person has edited or staged stays. Answers what it did on disk.
 */
export async function healWorkTree(
  repository: LocalRepository,
  place: StackPlace,
  clock: Clock = systemClock,
): Promise<HealedValue[]> {
  if ((await stat(repository.stateDir).catch(() => null)) === null) return [];
  await removeForgotten(repository, clock);
  return asForgeErrors(() =>
    withFileLock(lockFileOf(repository), clock, () => healUnderLock(repository, place)),
  );
}

/** The same, for who holds the lock. */
export async function healUnderLock(repository: LocalRepository, place: StackPlace): Promise<HealedValue[]> {
  await removeLeftovers(repository, place.path);
  await removeLeftIndexLock(repository);
  const ended = await readEnded(repository);
  // Another stack's lock is in the way as well.
  for (const noted of ended) await removeLeftRefLocks(repository, place.branch, noted);
  const unwritten = ended.filter(({ path }) => path === place.path);
  if (unwritten.length === 0) return [];
  const plan = await planHealing(repository, place, unwritten);
  const healed: HealedValue[] = [];
  await editDiskFile(repository, place.path, (text) => {
    healed.splice(0, healed.length, ...listHealed(text, plan.moves));
    return moveValues(text, plan.moves);
  });
  const index =
    plan.head === null
      ? "done"
      : await bringIndex(repository, {
          path: place.path,
          from: plan.from,
          to: plan.head,
          edit: (text) => moveValues(text, plan.moves),
        });
  if (index === "done") for (const { commit } of unwritten) await removeJournal(repository, commit);
  return healed;
}

/** A git that lives on without the process that started it may still bring its commit to the branch: the next one looks again. */
async function readEnded(repository: LocalRepository): Promise<Noted[]> {
  const noted = await readJournal(repository);
  const moving = await Promise.all(noted.map((unwritten) => isMoving(unwritten)));
  return noted.filter((_, index) => moving[index] === false);
}

/** The values that healing would move now. */
export async function planMoves(repository: LocalRepository, place: StackPlace): Promise<readonly Move[]> {
  const unwritten = (await readJournal(repository)).filter(({ path }) => path === place.path);
  return unwritten.length === 0 ? [] : (await planHealing(repository, place, unwritten)).moves;
}

type Plan = { moves: Move[]; head: TreeEntry | null; from: string[] };

/** A value follows the branch where the branch still has what one of these commits gave it. */
async function planHealing(
  repository: LocalRepository,
  place: StackPlace,
  unwritten: readonly Unwritten[],
): Promise<Plan> {
  const branch = `refs/heads/${place.branch}`;
  const head = await readTreeEntry(repository, branch, place.path);
  if (head === null || !isPlainFile(head)) return { moves: [], head: null, from: [] };
  const arrived: { before: TreeEntry; after: TreeEntry; locations: readonly PoolLocation[] }[] = [];
  for (const { commit, locations } of unwritten) {
    if (!(await isAncestor(repository, commit, branch))) continue;
    const before = await readTreeEntry(repository, `${commit}^`, place.path);
    const after = await readTreeEntry(repository, commit, place.path);
    if (before !== null && after !== null) arrived.push({ before, after, locations });
  }
  const oids = [head, ...arrived.flatMap(({ before, after }) => [before, after])].map(({ oid }) => oid);
  const texts = await readFiles(repository, oids);
  const read = ({ oid }: TreeEntry, location: PoolLocation) => {
    const file = texts.get(oid);
    return file?.kind === "text" ? valueIn(file.text, location) : null;
  };
  const moves = new Map<string, Move>();
  for (const { before, after, locations } of arrived) {
    for (const location of locations) {
      const [from, made, to] = [read(before, location), read(after, location), read(head, location)];
      if (from === null || made === null || to === null || from === to) continue;
      const key = JSON.stringify(location);
      moves.set(key, { location, to, from: [...(moves.get(key)?.from ?? []), from] });
    }
  }
  // The whole file is the branch's own where nothing but these commits has touched it since.
  const isOurs = arrived.some(({ after }) => after.oid === head.oid);
  return { moves: [...moves.values()], head, from: isOurs ? arrived.map(({ before }) => before.oid) : [] };
}

function listHealed(text: string, moves: readonly Move[]): HealedValue[] {
  return moves.flatMap(({ location, from, to }) => {
    const value = valueIn(text, location);
    return value !== null && from.includes(value) ? [{ location, from: value, to }] : [];
  });
}
