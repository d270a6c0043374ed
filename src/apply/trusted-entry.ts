import { parseRepositoryFile, type RepositoryFile } from "../domain/repository-file.ts";
import { attestationAudience, digestEntry } from "../ledger/attestation.ts";
import { entryPath, formatEntry, type LedgerEntry, parseEntry } from "../ledger/entry.ts";
import { type LedgerJudge, ledgerTrust, otherStack } from "../ledger/ledger-judge.ts";
import type { RequestIdToken } from "../ledger/request-id-token.ts";
import type { DeployPlace, LedgerRead } from "./apply-forge.ts";

/** How a deploy job tells which ledger entries count, and makes some that do. */
export type LedgerTrust = {
  judge: Pick<LedgerJudge, "judge">;
  /** Null where the job may not ask for tokens; `unsigned` where the ledger is a file of our own, which needs no signature. */
  requestToken: RequestIdToken | "unsigned" | null;
};

/** For a ledger in files that nobody else writes: each entry that can be read counts, whatever the repository file asks of the branch. */
export const localLedgerTrust: LedgerTrust = {
  judge: { judge: async () => ({ kind: "accepted" }) },
  requestToken: "unsigned",
};

/** What the ledger holds of a stack; an entry that does not count is none, and `refusal` says why. */
export type TrustedEntry = { entry: LedgerEntry | null; refusal: string | null };

type Say = (level: "warning", sentence: string) => void;

/** The ledger's entry cannot be used; the sentence says what to do. */
export class LedgerError extends Error {
  readonly code = "ledger";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LedgerError";
  }
}

/** The entry in what was read of the ledger, where it counts. Throws `LedgerError` where it is not readable, or cannot be verified now. */
export async function readTrustedEntry(
  read: LedgerRead,
  place: DeployPlace,
  trust: LedgerTrust,
): Promise<TrustedEntry> {
  const { owner, repo, alias, baseBranch } = place;
  const { text, earlier, repositoryNumber: repositoryId } = read;
  if (text === null) return { entry: null, refusal: null };
  const entry = parse(text, alias);
  const repositoryFile = repositoryFileOf(read);
  const claim = { owner, repo, repositoryId, alias, baseBranch, entry, text, earlier, repositoryFile };
  const judgement = await trust.judge.judge(claim);
  if (judgement.kind === "unreachable")
    throw new LedgerError(`What is applied cannot be told, since ${judgement.message}. Run it again.`);
  if (judgement.kind === "accepted") return { entry, refusal: null };
  return { entry: null, refusal: judgement.message };
}

/**
 * Makes sure, before anything is done, that what is done can be written down in an entry that counts. Throws `LedgerError`
 * where it could not; a repository that trusts its writers is warned.
 */
export function requireSigner(read: LedgerRead, place: DeployPlace, trust: LedgerTrust, say: Say): void {
  if (trust.requestToken !== null) return;
  if (ledgerTrust(repositoryFileOf(read)) === "attested") {
    throw new LedgerError(
      `This job may not sign the ledger entry of ${place.alias}, so nothing was done. Give the workflow \`permissions: id-token: write\`. ` +
        "On a server without OIDC, or in another CI than GitHub Actions, set `ledger: trust-writers` in .github/pulumiscale.yml.",
    );
  }
  say(
    "warning",
    `The ledger entry of ${place.alias} is written without a signature, and counts since .github/pulumiscale.yml says \`ledger: trust-writers\`. With \`permissions: id-token: write\` a publish signs it.`,
  );
}

/**
 * Makes sure that an entry under this alias would count: else every run would ask for a full up and publish one more that does not.
 * Throws `LedgerError`.
 */
export function requireOwnAlias(
  read: LedgerRead,
  place: DeployPlace,
  { project, stack }: Pick<LedgerEntry, "project" | "stack">,
  { requestToken }: LedgerTrust,
): void {
  if (requestToken === "unsigned") return;
  const repositoryFile = repositoryFileOf(read);
  if (ledgerTrust(repositoryFile) !== "attested") return;
  const why = otherStack({ alias: place.alias, repositoryFile }, { project, stack, dir: place.dir });
  if (why === null) return;
  throw new LedgerError(
    `Nothing was done, since an entry named ${place.alias} would not count: ${why}. Give the Action the alias that the file has, or correct the file.`,
  );
}

/**
 * The entry with the job's signature over its content. Throws where no token can be had and the repository asks for one. Where it
 * trusts its writers, only a publish is signed, which knows the whole content itself: the rest stands on what anybody may have
 * put there, and would count as the deploy job's word once the repository asks for signatures.
 */
export async function attestEntry(
  entry: LedgerEntry,
  what: "apply" | "publish" | "renew",
  read: LedgerRead,
  { requestToken }: LedgerTrust,
): Promise<LedgerEntry> {
  const unsigned = { ...entry, attestation: null };
  const digest = digestEntry(formatEntry(unsigned));
  const isAttested = ledgerTrust(repositoryFileOf(read)) === "attested";
  if (
    requestToken === null ||
    requestToken === "unsigned" ||
    digest === null ||
    (!isAttested && what !== "publish")
  )
    return unsigned;
  try {
    return { ...entry, attestation: await requestToken(attestationAudience(digest)) };
  } catch (error) {
    if (isAttested) throw error;
    return unsigned;
  }
}

function parse(text: string, alias: string): LedgerEntry {
  const parsed = parseEntry(text);
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

/** A file that cannot be used asks for the most: no mapping, and signed entries. The app says what is wrong with it. */
export function repositoryFileOf({ repositoryFile: file }: LedgerRead): RepositoryFile {
  const parsed = parseRepositoryFile(file.kind === "text" ? file.text : null);
  return parsed.kind === "good" ? parsed.file : {};
}
