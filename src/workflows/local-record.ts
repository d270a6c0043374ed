import type { Contract } from "../domain/contract.ts";
import type { AppliedFacts } from "../domain/read-pool-state.ts";
import { type Gate, policyOf } from "../domain/repository-file.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import { parseEntry, unreadableEntry } from "../ledger/entry.ts";
import { TryAgainError } from "./scaling.ts";
import { readHolds, readRepositoryFile, type StackRecord } from "./stack-record.ts";

/**
 * What decisions obey where Pulumi is at hand: the stack's own contract, and what the local ledger says is applied. Thresholds,
 * pauses and the commit's words come from the repository file as in the app; there is one delivery, the commit.
 * Throws `TryAgainError` where the ledger or the repository file cannot be used.
 */
export function readLocalRecord(
  snapshot: Snapshot,
  alias: string,
  contract: Contract,
  gate: Gate,
): StackRecord {
  const policy = policyOf(readRepositoryFile(snapshot.repositoryFile), alias);
  return {
    facts: readFacts(snapshot.ledgerEntry, alias),
    contract,
    holds: readHolds(snapshot, alias),
    policy: { ...policy, delivery: "direct", gate },
  };
}

/** Nothing is known of a stack that the sidecar has not applied yet. */
function readFacts(text: string | null, alias: string): AppliedFacts {
  if (text === null) return { applied: {}, receipt: null };
  const parsed = parseEntry(text);
  if (parsed.kind === "entry") return parsed.entry;
  throw new TryAgainError(unreadableEntry(alias, parsed), 60);
}
