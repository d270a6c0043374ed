import type { PoolLocation } from "../domain/stack-file.ts";
import type { StackPlace } from "./forge.ts";
import { readDiskFile } from "./local-git-disk.ts";
import { asForgeErrors } from "./local-git-errors.ts";
import { planMoves } from "./local-git-heal.ts";
import { isPlainFile, readFiles, readTreeEntry } from "./local-git-objects.ts";
import type { LocalRepository } from "./local-repository.ts";
import { valueIn } from "./value-in.ts";

/** A pool whose value somebody has changed in the work tree and not committed; null where there is no value that can be used. */
export type UncommittedValue = { location: PoolLocation; committed: number | null; found: number | null };

/**
 * The pools whose value in the work tree's file differs from the branch's, but for those that a killed commit of ours left
 * behind. Throws `ForgeError`.
 */
export function readUncommittedValues(
  repository: LocalRepository,
  place: StackPlace,
  locations: readonly PoolLocation[],
): Promise<UncommittedValue[]> {
  return asForgeErrors(async () => {
    const entry = await readTreeEntry(repository, `refs/heads/${place.branch}`, place.path);
    const committed =
      entry === null || !isPlainFile(entry)
        ? undefined
        : (await readFiles(repository, [entry.oid])).get(entry.oid);
    const { file } = await readDiskFile(repository, place.path);
    if (committed?.kind !== "text") return [];
    const text = file.kind === "text" ? file.text : "";
    const differing = findUncommitted(committed.text, text, locations);
    if (differing.length === 0) return [];
    const moves = await planMoves(repository, place);
    return differing.filter(({ location, found }) => {
      const move = moves.find((one) => JSON.stringify(one.location) === JSON.stringify(location));
      return move === undefined || found === null || !move.from.includes(found);
    });
  });
}

/** The pools whose values differ between two texts. */
export function findUncommitted(
  committed: string,
  found: string,
  locations: readonly PoolLocation[],
): UncommittedValue[] {
  return locations
    .map((location) => ({
      location,
      committed: valueIn(committed, location),
      found: valueIn(found, location),
    }))
    .filter((value) => value.committed !== value.found);
}
