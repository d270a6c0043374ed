import { parseContract } from "../domain/contract.ts";
import type { FileCommit, StackFile } from "../domain/snapshot.ts";
import { readPoolValue } from "../domain/stack-file.ts";
import { parseEntry } from "../ledger/entry.ts";
import { type DiskFile, digest } from "./folder-file.ts";
import { formatPlacedValues } from "./folder-values.ts";

/** What somebody has put into the file since the last commit and the last update: a change like any other. */
export function unappliedEdit(
  history: readonly FileCommit[],
  disk: DiskFile,
  ledgerEntry: string | null,
  project: string,
): FileCommit | null {
  const parsed = ledgerEntry === null ? null : parseEntry(ledgerEntry);
  if (parsed?.kind !== "entry" || disk.file.kind !== "text") return null;
  const moves = [...parseContract(parsed.entry.pools).contract.values()].flatMap((pool) => {
    const location = { ...pool.location, project };
    const valueIn = (file: StackFile) => {
      const read = file.kind === "text" ? readPoolValue(file.text, location) : null;
      return read?.kind === "value" ? read.value : null;
    };
    const to = valueIn(disk.file);
    const known = history.find(({ after }) => valueIn(after) !== null);
    const from = known === undefined ? null : valueIn(known.after);
    return from === null || to === null || from === to ? [] : [{ location, from, to }];
  });
  if (moves.length === 0) return null;
  const text = (side: "from" | "to") => ({
    kind: "text" as const,
    text: formatPlacedValues(moves.map((move) => ({ location: move.location, value: move[side] }))),
  });
  return {
    oid: digest(disk.id, disk.inode).slice(0, 40),
    message: "edited in the program's directory",
    reachedAtMs: disk.modifiedAtMs,
    author: "an edit of the file",
    pullRequest: null,
    mergeMessage: null,
    before: text("from"),
    after: text("to"),
  };
}
