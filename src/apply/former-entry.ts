import { NO_COMMIT } from "../ledger/change-entry.ts";
import { type LedgerEntry, parseEntry } from "../ledger/entry.ts";
import type { ApplyForge, DeployPlace, LedgerRead, StackFileCommit } from "./apply-forge.ts";
import type { Checkout } from "./checkout.ts";
import { formerStackFile } from "./former-stack-file.ts";
import { stackNames } from "./stack-names.ts";
import { type LedgerTrust, repositoryFileOf } from "./trusted-entry.ts";

/** More former names than that are looked at by nobody. */
const MOST_FORMER = 10;

/** What a stack has in the ledger of the time before it was renamed or moved. */
export type FormerEntry = {
  entry: LedgerEntry;
  /** The commits to its file at another path, newest first, since the entry was written; none where it is the same path. */
  before: StackFileCommit[];
};

/**
 * What this stack has in the ledger of the time before: where `read` has nothing under its alias, under a former name, the first that
 * counts; else under the alias itself, of its file at another place. Null where there is none. It is of this very Pulumi stack, or of one of
 * the same project whose stack file is gone at `commit`. One request for each former name that is tried, and one more for a file that is gone.
 * Throws `ForgeError`.
 */
export async function readFormerEntry(
  forge: ApplyForge,
  read: LedgerRead,
  place: DeployPlace,
  { project, stack, commit }: Pick<Checkout, "project" | "stack" | "commit">,
  { judge }: LedgerTrust,
): Promise<FormerEntry | null> {
  const { owner, repo, baseBranch } = place;
  const isRenamed = read.text === null;
  const former = (stackNames(read, place).formerAliases ?? []).slice(0, MOST_FORMER);
  for (const alias of isRenamed ? former : [place.alias]) {
    const found = isRenamed ? await forge.readLedger({ ...place, alias }) : read;
    const { text, earlier, repositoryNumber: repositoryId } = found;
    const parsed = text === null ? null : parseEntry(text);
    if (text === null || parsed?.kind !== "entry" || parsed.entry.project !== project) continue;
    const { entry } = parsed;
    // By now the file has the place under another name: it was this one's when the entry was signed.
    const stacks = { [alias]: { dir: entry.dir, stack: entry.stack } };
    const repositoryFile = { ...repositoryFileOf(read), stacks };
    const claim = { owner, repo, repositoryId, alias, baseBranch, entry, text, earlier, repositoryFile };
    if ((await judge.judge(claim)).kind !== "accepted") continue;
    if (isAtPlace(entry, place, stack)) return { entry, before: [] };
    const before = await readMovedAway(forge, place, entry, commit);
    if (before !== null) return { entry, before };
  }
  return null;
}

/** Whether an entry is of the stack at its place of now. */
export function isAtPlace(
  entry: Pick<LedgerEntry, "dir" | "stack">,
  { dir }: Pick<DeployPlace, "dir">,
  stack: string,
): boolean {
  return entry.stack === stack && entry.dir === dir;
}

/** The commits to the file that the entry is of, where the last one took it away; null where it is still there. */
async function readMovedAway(
  forge: ApplyForge,
  place: DeployPlace,
  entry: LedgerEntry,
  commit: string,
): Promise<StackFileCommit[] | null> {
  const stackFilePath = formerStackFile(entry, place);
  if (stackFilePath === place.stackFilePath) return [];
  const former = { ...place, stackFilePath, formerPaths: [] };
  const { commits } = await forge.readHistory(former, commit, entry.commit, []);
  if (commits.length > 0) return isTakenAway(commits) ? commits : null;
  // Where an apply has come after the move, it is the commit of the entry that is after it.
  const whole = await forge.readHistory(former, commit, NO_COMMIT, []);
  return isTakenAway(whole.commits) ? [] : null;
}

function isTakenAway([last]: readonly StackFileCommit[]): boolean {
  return last?.stackFile.kind === "missing";
}
