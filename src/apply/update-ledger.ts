import { setTimeout as delay } from "node:timers/promises";
import { formatLedgerMessage } from "../ledger/change-entry.ts";
import { entryPath, formatEntry, type LedgerEntry, parseEntry } from "../ledger/entry.ts";
import type { ApplyForge, DeployPlace, LedgerRead } from "./apply-forge.ts";

/** The ledger's entry cannot be used; the sentence says what to do. */
export class LedgerError extends Error {
  readonly code = "ledger";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LedgerError";
  }
}

const MAX_ATTEMPTS = 6;

/**
 * Writes a stack's entry as one commit, compare-and-swap on the ledger's head. A lost race (another stack's run, or
 * this one's) is read again and merged again, so `change` gets the entry as it stands by then; a lost answer is read
 * again too, since the write may be there. `read` is what was read last. Throws `LedgerError`, and `ForgeError` where GitHub fails.
 */
export async function updateLedger(
  forge: ApplyForge,
  place: DeployPlace,
  read: LedgerRead,
  what: "apply" | "publish",
  change: (current: LedgerEntry | null) => LedgerEntry,
): Promise<LedgerEntry> {
  let current = read;
  let entry: LedgerEntry | null = null;
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (attempt > 1) current = await forge.readLedger(place);
      // The answer to the write was lost, and not the write.
      if (entry !== null && current.text === formatEntry(entry)) return entry;
      entry = change(entryOf(current, place.alias));
      await forge.commitToLedger(place, {
        expectedHeadOid: current.headOid,
        path: entryPath(place.alias),
        text: formatEntry(entry),
        ...formatLedgerMessage(place.alias, what, entry),
      });
      return entry;
    } catch (error) {
      const waitMs = longestWaitMs(error);
      if (attempt === MAX_ATTEMPTS || waitMs === null) throw error;
      // Runs that collided once would collide again at the same pace.
      await delay(Math.random() * waitMs * attempt);
    }
  }
}

/** The entry in what was read of the ledger; null where there is none. Throws `LedgerError` where it is not readable. */
export function entryOf(read: LedgerRead, alias: string): LedgerEntry | null {
  if (read.text === null) return null;
  const parsed = parseEntry(read.text);
  switch (parsed.kind) {
    case "entry":
      return parsed.entry;
    case "newer":
      throw new LedgerError(
        `The ledger's entry of ${alias} was written by a newer version (schemaVersion ${parsed.schemaVersion}), so it is left alone. Update this Action.`,
      );
    case "bad":
      throw new LedgerError(
        `The ledger's entry of ${alias} is not readable (${parsed.message}). Delete ${entryPath(alias)} from the branch pulumiscale, run a full \`pulumi up\` and \`publish\`.`,
      );
  }
}

/** How long to wait at first before it is tried again, in milliseconds; null where that would not help. */
function longestWaitMs(error: unknown): number | null {
  if (!(error instanceof Error && "code" in error)) return null;
  // `not-found` is a branch that was deleted meanwhile: it is made anew.
  if (error.code === "conflict" || error.code === "not-found") return 200;
  return error.code === "unavailable" ? 1000 : null;
}
