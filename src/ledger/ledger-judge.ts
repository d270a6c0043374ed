import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import { defaultAlias } from "../domain/names.ts";
import type { RepositoryFile } from "../domain/repository-file.ts";
import { type Verdict, verifyAttestation } from "./attestation.ts";
import { type LedgerEntry, parseEntry } from "./entry.ts";
import type { IssuerKeys } from "./issuer-keys.ts";

/** An entry as it stands in the ledger, and whose it claims to be. */
export type LedgerClaim = {
  owner: string;
  repo: string;
  /** GitHub's number of the repository. */
  repositoryId: string;
  alias: string;
  /** The branch that is deployed, without `refs/heads/`. */
  baseBranch: string;
  entry: LedgerEntry;
  /** The file that the entry was parsed from. */
  text: string;
  /** What stood in the file before, newest first, as far as it was read. */
  earlier: readonly string[];
  repositoryFile: RepositoryFile;
};

/** Messages are sentences without a capital and a full stop, about the entry. */
export type Judgement =
  | { kind: "accepted" }
  | { kind: "refused"; message: string }
  /** A newer one is known. */
  | { kind: "outdated"; message: string }
  /** The issuer could not be asked: the same entry may be accepted later. */
  | { kind: "unreachable"; message: string };

type Seen = { proof: string; publishedAtMs: number };

/**
 * Says whether a ledger entry counts. It does where the deploy job of this repository's base branch has signed it for this
 * stack and no newer one is known. What was accepted once stays so while this process runs, though its key may be gone.
 */
export class LedgerJudge {
  readonly #keys: IssuerKeys;
  readonly #clock: Clock;
  /** The newest accepted entry of each stack. */
  readonly #newest = new Map<string, Seen>();

  constructor(keys: IssuerKeys, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  async judge(claim: LedgerClaim): Promise<Judgement> {
    if (ledgerTrust(claim.repositoryFile) === "trust-writers") return { kind: "accepted" };
    const verdict = await this.#verify(claim, claim.entry, claim.text);
    if (verdict.kind === "refused") return { kind: "refused", message: refusal(claim, verdict.why) };
    if (verdict.kind === "unreachable") {
      const message = `${subject(claim)} cannot be verified, since ${verdict.why}; ${WITHOUT_OIDC}`;
      return { kind: "unreachable", message };
    }
    const newer = await this.#findNewer(claim);
    if (newer === null) {
      this.#remember(claim, claim.entry, claim.text);
      return { kind: "accepted" };
    }
    const why = `an older one was put back (published ${claim.entry.publishedAt}; one of ${newer} is known)`;
    return { kind: "outdated", message: refusal(claim, why) };
  }

  /** When a newer accepted entry of the stack was published; null where none is known. */
  async #findNewer(claim: LedgerClaim): Promise<string | null> {
    for (const text of claim.earlier) {
      const parsed = parseEntry(text);
      if (parsed.kind !== "entry" || !isNewer(parsed.entry, claim.entry)) continue;
      const verdict = await this.#verify(claim, parsed.entry, text);
      if (verdict.kind === "verified") this.#remember(claim, parsed.entry, text);
    }
    const seen = this.#newest.get(keyOf(claim));
    if (seen === undefined || seen.publishedAtMs <= Date.parse(claim.entry.publishedAt)) return null;
    return new Date(seen.publishedAtMs).toISOString();
  }

  async #verify(claim: LedgerClaim, entry: LedgerEntry, text: string): Promise<Verdict> {
    const why = otherStack(claim, entry);
    if (why !== null) return { kind: "refused", why };
    if (this.#newest.get(keyOf(claim))?.proof === proofOf(claim, text)) return { kind: "verified" };
    if (entry.attestation === null) return { kind: "refused", why: "it has no attestation" };
    const { repositoryId, baseBranch } = claim;
    const expected = { issuer: this.#keys.issuer, repositoryId, baseBranch, nowMs: this.#clock() };
    return verifyAttestation(entry, text, entry.attestation, this.#keys.find, expected);
  }

  #remember(claim: LedgerClaim, { publishedAt }: LedgerEntry, text: string): void {
    const publishedAtMs = Date.parse(publishedAt);
    const seen = this.#newest.get(keyOf(claim));
    if (seen !== undefined && seen.publishedAtMs > publishedAtMs) return;
    this.#newest.set(keyOf(claim), { proof: proofOf(claim, text), publishedAtMs });
  }
}

/** Whether entries need the deploy job's signature. */
export function ledgerTrust({ ledger }: RepositoryFile): "attested" | "trust-writers" {
  return ledger ?? "attested";
}

/** Why an entry is of another stack than the alias means; null where it is of this one. */
export function otherStack(
  { alias, repositoryFile }: Pick<LedgerClaim, "alias" | "repositoryFile">,
  { project, stack, dir }: Pick<LedgerEntry, "project" | "stack" | "dir">,
): string | null {
  const stacks = repositoryFile.stacks ?? {};
  const mapped = stacks[alias];
  const place = `it is of ${project}.${stack} in ${dir}`;
  const isMapped = mapped?.dir !== undefined && mapped.stack !== undefined;
  if (!isMapped && defaultAlias(project, stack) !== alias)
    return `${place}; for another alias than <project>.<stack>, .github/pulumiscale.yml says \`stacks: { ${alias}: { dir, stack } }\``;
  const isPlace =
    (mapped?.dir === undefined || plain(mapped.dir) === plain(dir)) &&
    (mapped?.stack === undefined || mapped.stack === stack);
  if (!isPlace) return `${place}, and .github/pulumiscale.yml says otherwise of ${alias}`;
  // Under its default name as well, a stack would be scaled without the rules that the file has for it.
  const called = Object.keys(stacks).find((name) => {
    const other = stacks[name];
    return other?.dir !== undefined && plain(other.dir) === plain(dir) && other.stack === stack;
  });
  return isMapped || called === undefined ? null : `${place}, which .github/pulumiscale.yml calls ${called}`;
}

function plain(dir: string): string {
  const parts = dir.split("/").filter((part) => part !== "" && part !== ".");
  return parts.join("/");
}

function isNewer(one: LedgerEntry, other: LedgerEntry): boolean {
  return Date.parse(one.publishedAt) > Date.parse(other.publishedAt);
}

function keyOf({ repositoryId, alias }: LedgerClaim): string {
  return `${repositoryId}/${alias}`;
}

/** What was accepted is accepted for this branch and no other. */
function proofOf({ baseBranch }: LedgerClaim, text: string): string {
  return createHash("sha256").update(`${baseBranch}\n${text}`, "utf8").digest("hex");
}

function subject({ alias }: LedgerClaim): string {
  return `the ledger entry of ${alias}`;
}

const WITHOUT_OIDC = "where this GitHub has no OIDC, set `ledger: trust-writers` in .github/pulumiscale.yml";

function refusal(claim: LedgerClaim, why: string): string {
  return (
    `${subject(claim)} is not accepted, since ${why}; publish it again from the deploy workflow on ${claim.baseBranch} ` +
    "with `permissions: id-token: write`, or set `ledger: trust-writers` in .github/pulumiscale.yml"
  );
}
