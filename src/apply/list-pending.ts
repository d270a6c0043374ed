import { findHeir, isLeftOver, type NamedEntry } from "../domain/former-aliases.ts";
import type { RepositoryFile } from "../domain/repository-file.ts";
import { type LedgerEntry, parseEntry } from "../ledger/entry.ts";
import { otherStack } from "../ledger/ledger-judge.ts";
import type { ApplyForge, RepositoryPlace } from "./apply-forge.ts";
import { readDecision, type Trigger } from "./read-decision.ts";
import { type LedgerTrust, repositoryFileOf } from "./trusted-entry.ts";

/** A stack with something to do, as one line of a job matrix. */
export type PendingStack = { alias: string; project: string; stack: string; dir: string };

/**
 * The stacks of the ledger for which a run of `apply` at `commit` would do something, a full up included. Without
 * Pulumi. An entry that cannot be read, or is another stack's, is told through `say` and left out; one that does not count is
 * told, and its stack listed: publishing heals it. Throws `ForgeError`, and `LedgerError` where none can be verified now.
 */
export async function listPending(
  forge: ApplyForge,
  repository: RepositoryPlace,
  commit: string,
  trigger: Trigger,
  trust: LedgerTrust,
  say: (sentence: string) => void,
): Promise<PendingStack[]> {
  const pending: PendingStack[] = [];
  const lost: Error[] = [];
  let readable = 0;
  const listed = await forge.listStacks(repository);
  const standing = listed.flatMap(({ place: { alias }, entry: text }) => {
    const parsed = parseEntry(text);
    return parsed.kind === "entry" ? [{ alias, entry: parsed.entry }] : [];
  });
  for (const { place, entry: text } of listed) {
    const parsed = parseEntry(text);
    if (parsed.kind !== "entry") {
      const why = parsed.kind === "newer" ? "it was written by a newer version" : parsed.message;
      say(`The ledger's entry of ${place.alias} is left out, since it is not readable: ${why}.`);
      continue;
    }
    const { project, stack, dir } = parsed.entry;
    // One stack whose directory is gone must not keep all the others from being applied.
    const read = await readDecision(forge, place, { commit, project }, trigger, trust).catch(
      (error: unknown) => {
        if (!isNotFound(error)) throw error;
        lost.push(error);
        say(`The stack ${place.alias} is left out. ${error.message}`);
        return null;
      },
    );
    if (read === null) continue;
    readable += 1;
    const file = repositoryFileOf(read.read.ledger);
    const named = standing.map((one) => toNamedEntry(one, file));
    const own = named.find(({ names }) => names.alias === place.alias);
    const heir = findHeir(place.alias, named);
    const isGone = read.read.head.stackFile.kind === "missing" ? "gone" : "there";
    // What a renamed stack has left under its former name is nobody's to apply.
    if (own !== undefined && heir !== null && isLeftOver(own, heir, isGone)) continue;
    const { decision, refusal } = read;
    const other = otherStack({ ...place, repositoryFile: file }, parsed.entry);
    if (refusal !== null) say(`${other === null ? "" : `The stack ${place.alias} is left out: `}${refusal}.`);
    if (refusal !== null && other !== null) continue;
    if (decision.kind === "apply" || decision.kind === "full-needed")
      pending.push({ alias: place.alias, project, stack, dir });
  }
  // With none left it is rather the branch, or the token.
  if (readable === 0 && lost[0] !== undefined) throw lost[0];
  return pending;
}

/** An entry that is there is taken for one that counts: one more warning hurts less than a stack that is never applied. */
function toNamedEntry(
  { alias, entry }: { alias: string; entry: LedgerEntry },
  file: RepositoryFile,
): NamedEntry {
  const { project, stack, dir, publishedAt } = entry;
  const names = { alias, formerAliases: file.stacks?.[alias]?.formerAliases };
  return { names, project, stack, dir, publishedAt, trust: "accepted" };
}

function isNotFound(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "not-found";
}
