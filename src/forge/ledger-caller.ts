import type { z } from "zod";
import { isFailure } from "../domain/receipt.ts";
import { safeJson } from "../domain/safe-json.ts";
import { LedgerEntry, parseEntry, unreadableEntry } from "../ledger/entry.ts";
import type { LedgerClaim, LedgerJudge } from "../ledger/ledger-judge.ts";

/** What of an entry says who calls whom. */
const CallerPart = LedgerEntry.pick({
  project: true,
  stack: true,
  dir: true,
  formerPaths: true,
  pools: true,
  publishedAt: true,
  tokenHashes: true,
});
type CallerPart = z.infer<typeof CallerPart>;

/** An entry as the listing needs it. `refusal`: why it does not count; `hasFailed`: its last apply left something to take back. */
export type LedgerCaller = {
  alias: string;
  entry: CallerPart | null;
  refusal: string | null;
  hasFailed: boolean;
};

/**
 * Who may call, as an entry says. Where it does not count, its callers are known all the same, so far as it can be read: to be
 * asked to come again, and nothing else.
 */
export async function readLedgerCaller(
  alias: string,
  text: string,
  ledger: Pick<LedgerJudge, "judge">,
  repository: Pick<LedgerClaim, "owner" | "repo" | "repositoryId" | "baseBranch" | "repositoryFile">,
): Promise<LedgerCaller> {
  const parsed = parseEntry(text);
  if (parsed.kind !== "entry") {
    const readable = CallerPart.safeParse(safeJson(text)).data ?? null;
    return { alias, entry: readable, refusal: unreadableEntry(alias, parsed), hasFailed: false };
  }
  const { entry } = parsed;
  const judgement = await ledger.judge({ ...repository, alias, entry, text, earlier: [] });
  const hasFailed = entry.receipt?.pools.some(({ outcome }) => isFailure(outcome)) ?? false;
  return { alias, entry, refusal: judgement.kind === "accepted" ? null : judgement.message, hasFailed };
}

/**
 * Whether an entry counts as what a renamed stack has left: by now the repository file has the stack under another name, and the one of
 * before was this place's when the entry was signed.
 */
export async function isLeftByStack(
  alias: string,
  text: string,
  ledger: Pick<LedgerJudge, "judge">,
  repository: Parameters<typeof readLedgerCaller>[3],
): Promise<boolean> {
  const parsed = parseEntry(text);
  if (parsed.kind !== "entry") return false;
  const { dir, stack } = parsed.entry;
  const repositoryFile = { ...repository.repositoryFile, stacks: { [alias]: { dir, stack } } };
  const { refusal } = await readLedgerCaller(alias, text, ledger, { ...repository, repositoryFile });
  return refusal === null;
}
