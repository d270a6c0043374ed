import { type Contract, parseContract } from "../domain/contract.ts";
import { type ControlsScope, type PlacedHold, parseControls } from "../domain/controls.ts";
import type { AppliedFacts } from "../domain/read-pool-state.ts";
import {
  parseRepositoryFile,
  policyOf,
  type RepositoryFile,
  type StackPolicy,
} from "../domain/repository-file.ts";
import type { Snapshot, StackFile } from "../domain/snapshot.ts";
import type { StackPlace } from "../forge/forge.ts";
import { type LedgerEntry, parseEntry, unreadableEntry } from "../ledger/entry.ts";
import type { Judgement, LedgerJudge } from "../ledger/ledger-judge.ts";
import { TryAgainError } from "./scaling.ts";

/** What a stack's decisions obey, with one snapshot: what is applied, the contract, and what the repository says. */
export type StackRecord = {
  facts: AppliedFacts;
  contract: Contract;
  policy: StackPolicy;
  /** The pauses and pins of the stack and of the repository, also those that are over. */
  holds: readonly PlacedHold[];
};

/** What was found of each snapshot's ledger entry: judging takes a moment, and many requests are decided from one snapshot. */
const judgements = new WeakMap<Snapshot, Judgement>();

/**
 * Has the snapshot's ledger entry judged: before that it counts for nothing. Answers the entry where it is accepted, and null
 * where there is none or `readStackRecord` will say what is wrong with it.
 */
export async function judgeStackRecord(
  snapshot: Snapshot,
  place: StackPlace,
  ledger: Pick<LedgerJudge, "judge">,
): Promise<{ entry: LedgerEntry | null; judgement: Judgement["kind"] | null }> {
  const { repositoryFile: file, ledgerEntry: text } = snapshot;
  const parsedFile = parseRepositoryFile(file.kind === "text" ? file.text : null);
  const parsed = text === null ? null : parseEntry(text);
  if (file.kind === "unreadable" || parsedFile.kind === "bad" || text === null || parsed?.kind !== "entry")
    return { entry: null, judgement: null };
  const judgement = await ledger.judge({
    owner: place.owner,
    repo: place.repo,
    repositoryId: snapshot.repositoryNumber,
    alias: place.alias,
    baseBranch: place.branch,
    entry: parsed.entry,
    text,
    earlier: snapshot.earlierLedgerEntries,
    repositoryFile: parsedFile.file,
  });
  judgements.set(snapshot, judgement);
  return { entry: judgement.kind === "accepted" ? parsed.entry : null, judgement: judgement.kind };
}

/**
 * Reads a stack's record out of a snapshot. Whatever is wrong with it scales nothing and may be mended any moment, so
 * the sender is to come again: throws `TryAgainError` with a sentence that says what to do.
 */
export function readStackRecord(snapshot: Snapshot, place: StackPlace): StackRecord {
  if (snapshot.ledgerEntry === null) {
    throw again(
      `the ledger has no entry for ${place.alias}; run the Action's command \`publish\` after a full up`,
    );
  }
  const parsed = parseEntry(snapshot.ledgerEntry);
  if (parsed.kind !== "entry") throw again(unreadableEntry(place.alias, parsed));
  const { entry } = parsed;
  const policy = policyOf(readRepositoryFile(snapshot.repositoryFile), place.alias);
  requirePlace(() => (policy.branch ?? place.branch) === place.branch, place);
  const judgement = judgements.get(snapshot);
  if (judgement === undefined) throw again(`the ledger entry of ${place.alias} is not verified yet`);
  if (judgement.kind !== "accepted") throw again(judgement.message);
  requirePlace(() => entry.project === place.project && entry.stack === place.stack, place);
  const { contract } = parseContract(entry.pools, entry.project);
  return { facts: entry, contract, policy, holds: readHolds(snapshot, place.alias) };
}

/** The pauses and pins. What cannot be read may say that all is paused: throws `TryAgainError`. */
export function readHolds({ controls }: Snapshot, alias: string): PlacedHold[] {
  const files: [StackFile, ControlsScope][] = [
    [controls.repository, { kind: "repository" }],
    [controls.stack, { kind: "stack", alias }],
  ];
  return files.flatMap(([file, scope]) => {
    const parsed = parseControls(file, scope);
    if (parsed.kind === "unreadable") throw again(parsed.message);
    return parsed.holds;
  });
}

/** News of where a stack stands come with a listing: until then nothing is written where it stood before. */
function requirePlace(isSame: () => boolean, { alias }: StackPlace): void {
  if (!isSame())
    throw again(`the project, the stack or the branch of ${alias} has changed and is being listed anew`);
}

/** The repository file. One that cannot be read is none that is not there, since it may say that all is paused: throws `TryAgainError`. */
export function readRepositoryFile(file: StackFile): RepositoryFile {
  if (file.kind === "unreadable") throw again(`.github/pulumiscale.yml cannot be read: ${file.message}`);
  const parsed = parseRepositoryFile(file.kind === "text" ? file.text : null);
  if (parsed.kind === "good") return parsed.file;
  throw again(
    `.github/pulumiscale.yml cannot be used: ${parsed.path === "" ? "" : `${parsed.path}: `}${parsed.message}`,
  );
}

function again(message: string): TryAgainError {
  return new TryAgainError(message, 60);
}
