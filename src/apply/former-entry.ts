import { type LedgerEntry, parseEntry } from "../ledger/entry.ts";
import type { ApplyForge, DeployPlace, LedgerRead } from "./apply-forge.ts";
import { stackNames } from "./stack-names.ts";
import { type LedgerTrust, repositoryFileOf } from "./trusted-entry.ts";

/** More former names than that are looked at by nobody. */
const MOST_FORMER = 10;

/**
 * What this very Pulumi stack has in the ledger under a former name: the first that counts, null where there is none. One request for
 * each name that is tried. Throws `ForgeError`.
 */
export async function readFormerEntry(
  forge: ApplyForge,
  read: LedgerRead,
  place: DeployPlace,
  { project, stack }: Pick<LedgerEntry, "project" | "stack">,
  { judge }: LedgerTrust,
): Promise<LedgerEntry | null> {
  const { owner, repo, baseBranch, dir } = place;
  for (const alias of (stackNames(read, place).formerAliases ?? []).slice(0, MOST_FORMER)) {
    const { text, earlier, repositoryNumber: repositoryId } = await forge.readLedger({ ...place, alias });
    const parsed = text === null ? null : parseEntry(text);
    if (text === null || parsed?.kind !== "entry") continue;
    const { entry } = parsed;
    if (entry.project !== project || entry.stack !== stack || entry.dir !== dir) continue;
    // By now the file has the place under another name: it was this one's when the entry was signed.
    const repositoryFile = { ...repositoryFileOf(read), stacks: { [alias]: { dir, stack } } };
    const claim = { owner, repo, repositoryId, alias, baseBranch, entry, text, earlier, repositoryFile };
    if ((await judge.judge(claim)).kind === "accepted") return entry;
  }
  return null;
}
