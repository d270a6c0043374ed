import type { Clock } from "../clock.ts";
import { parseRepositoryFile } from "../domain/repository-file.ts";
import { attestationAudience, digestEntry, verifyAttestation } from "./attestation.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { ledgerTrust } from "./ledger-judge.ts";
import type { RequestIdToken } from "./request-id-token.ts";

/** The repository of receipts, and the branch whose jobs may sign them. `repositoryFile` is the text of `.github/pulumiscale.yml`. */
export type ReceiptPlace = {
  baseBranch: string;
  read(): Promise<{ repositoryId: string; repositoryFile: string | null }>;
};

/**
 * Signs receipts of plans as a stack's entry is signed, and tells which of them count: what one says of the state before a plan is
 * brought back by whoever goes on with it, and write access to a branch is not the right to that.
 */
export function receiptTrust(
  { baseBranch, read }: ReceiptPlace,
  keys: IssuerKeys,
  clock: Clock,
  requestToken: RequestIdToken | null,
) {
  return {
    /** Null where this job may not ask for tokens. */
    sign: async (text: string): Promise<string | null> => {
      const digest = digestEntry(text);
      return requestToken === null || digest === null ? null : requestToken(attestationAudience(digest));
    },
    /** Null where it counts; else why not. Throws where nobody can say now. */
    judge: async (
      receipt: { publishedAt: string; attestation: string | null },
      text: string,
    ): Promise<string | null> => {
      const { repositoryId, repositoryFile } = await read();
      const parsed = parseRepositoryFile(repositoryFile);
      if (parsed.kind === "good" && ledgerTrust(parsed.file) === "trust-writers") return null;
      const { attestation } = receipt;
      if (attestation === null) return "it has no signature: give the job `permissions: id-token: write`";
      const expected = { issuer: keys.issuer, repositoryId, baseBranch, nowMs: clock() };
      const verdict = await verifyAttestation(receipt, text, attestation, keys.find, expected);
      if (verdict.kind === "unreachable")
        throw new Error(
          `The receipt of an unfinished run cannot be verified, since ${verdict.why}. Run it again.`,
        );
      return verdict.kind === "verified" ? null : verdict.why;
    },
  };
}
