import type { StackNames } from "../domain/names.ts";
import { type LedgerEntry, parseEntry } from "../ledger/entry.ts";

/**
 * What this stack has noted as applied under a former name, as long as there is nothing under its own: the first text that `read` has of
 * one; null where none is of this stack. It stays where it is, and what is written next stands under the name of now.
 */
export async function readFormerLocalEntry(
  { formerAliases = [] }: StackNames,
  read: (alias: string) => Promise<string | null>,
  isOwn: (entry: LedgerEntry) => boolean,
): Promise<string | null> {
  for (const alias of formerAliases) {
    const text = await read(alias);
    const parsed = text === null ? null : parseEntry(text);
    if (parsed?.kind === "entry" && isOwn(parsed.entry)) return text;
  }
  return null;
}
