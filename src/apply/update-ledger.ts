import { setTimeout as delay } from "node:timers/promises";
import { formatLedgerMessage } from "../ledger/change-entry.ts";
import { entryPath, formatEntry, type LedgerEntry } from "../ledger/entry.ts";
import type { ApplyForge, DeployPlace, LedgerRead } from "./apply-forge.ts";
import { attestEntry, type LedgerTrust, readTrustedEntry } from "./trusted-entry.ts";

const MAX_ATTEMPTS = 6;

/**
 * Writes a stack's entry as one commit, compare-and-swap on the ledger's head. A lost race (another stack's run, or
 * this one's) is read again and merged again, so `change` gets the entry as it stands by then; a lost answer is read
 * again too, since the write may be there. Each content gets a signature of its own. `read` is what was read last. Throws
 * `LedgerError`, and `ForgeError` where GitHub fails.
 */
export async function updateLedger(
  forge: ApplyForge,
  place: DeployPlace,
  read: LedgerRead,
  what: "apply" | "publish" | "renew",
  trust: LedgerTrust,
  change: (current: LedgerEntry | null) => LedgerEntry,
): Promise<LedgerEntry> {
  let current = read;
  let entry: LedgerEntry | null = null;
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (attempt > 1) current = await forge.readLedger(place);
      // The answer to the write was lost, and not the write.
      if (entry !== null && current.text === formatEntry(entry)) return entry;
      const { entry: standing } = await readTrustedEntry(current, place, trust);
      entry = await attestEntry(after(change(standing), standing), what, current, trust);
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

/** Later than the entry that it replaces, even where this machine's clock is behind: else it would count as an old one. */
function after(entry: LedgerEntry, current: LedgerEntry | null): LedgerEntry {
  if (current === null || Date.parse(entry.publishedAt) > Date.parse(current.publishedAt)) return entry;
  return { ...entry, publishedAt: new Date(Date.parse(current.publishedAt) + 1).toISOString() };
}

/** How long to wait at first before it is tried again, in milliseconds; null where that would not help. */
function longestWaitMs(error: unknown): number | null {
  if (!(error instanceof Error && "code" in error)) return null;
  // `not-found` is a branch that was deleted meanwhile: it is made anew.
  if (error.code === "conflict" || error.code === "not-found") return 200;
  return error.code === "unavailable" ? 1000 : null;
}
