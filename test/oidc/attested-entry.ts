import { attestationAudience, digestEntry } from "../../src/ledger/attestation.ts";
import { formatEntry, type LedgerEntry } from "../../src/ledger/entry.ts";
import type { WorkflowRun } from "./format-claims.ts";
import type { OidcIssuer, TokenWish } from "./start-oidc-issuer.ts";

/** The entry as a deploy job would have published it then: with a token of the issuer over its content. */
export async function attestedEntry(
  issuer: Pick<OidcIssuer, "issueToken">,
  run: WorkflowRun,
  entry: LedgerEntry,
  changes: Partial<TokenWish> = {},
): Promise<LedgerEntry> {
  const unsigned = { ...entry, attestation: null };
  const attestation = await issuer.issueToken(run, {
    audience: attestationAudience(digestEntry(formatEntry(unsigned)) ?? ""),
    issuedAtMs: Date.parse(entry.publishedAt),
    ...changes,
  });
  return { ...unsigned, attestation };
}
