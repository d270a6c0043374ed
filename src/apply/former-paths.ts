import { LedgerEntry, MOST_FORMER_PATHS } from "../ledger/entry.ts";
import type { DeployPlace } from "./apply-forge.ts";
import { formerStackFile } from "./former-stack-file.ts";

/**
 * Where the file of a stack that stands at `place` now stood before, by the last entry that it has (null for none): the latest first, and
 * nothing at all where it has never moved. What no entry could hold is left out. Pure.
 */
export function formerPathsAfter(
  last: Pick<LedgerEntry, "dir" | "stack" | "formerPaths"> | null,
  place: Pick<DeployPlace, "dir" | "stackFilePath">,
): Pick<LedgerEntry, "formerPaths"> {
  if (last === null) return {};
  const before = new Set([formerStackFile(last, place), ...(last.formerPaths ?? [])]);
  before.delete(place.stackFilePath);
  const formerPaths = [...before]
    .filter((path) => LedgerEntry.shape.dir.safeParse(path).success)
    .slice(0, MOST_FORMER_PATHS);
  return formerPaths.length === 0 ? {} : { formerPaths };
}
