import { afterAll, beforeAll, expect, it } from "vitest";
import { IssuerKeys } from "../../src/ledger/issuer-keys.ts";
import { receiptTrust } from "../../src/ledger/receipt-trust.ts";
import { idTokenRequest } from "../../src/ledger/request-id-token.ts";
import { deployRun } from "../oidc/format-claims.ts";
import { type OidcIssuer, startOidcIssuer } from "../oidc/start-oidc-issuer.ts";

const RUN = deployRun({ fullName: "acme/infra", id: 42, ownerId: 7 });

let issuer: OidcIssuer;
beforeAll(async () => {
  issuer = await startOidcIssuer();
});
afterAll(() => issuer.stop());

/** Of a repository with this number, a job of which may ask for tokens. */
function trustOf(repositoryId: string, repositoryFile: string | null = null) {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = issuer.openJob(RUN);
  const place = { baseBranch: "main", read: async () => ({ repositoryId, repositoryFile }) };
  return receiptTrust(place, new IssuerKeys(issuer.url, Date.now), Date.now, idTokenRequest(url, token));
}

async function signed(change: object = {}) {
  const content = { publishedAt: new Date().toISOString(), before: 2 };
  const attestation = await trustOf("42").sign(JSON.stringify({ ...content, attestation: null }));
  const receipt = { ...content, attestation, ...change };
  return { receipt, text: JSON.stringify(receipt) };
}

it("a receipt counts that a job of the base branch has signed, as it was signed", async () => {
  const { receipt, text } = await signed();
  expect(await trustOf("42").judge(receipt, text)).toBeNull();
  expect(await trustOf("43").judge(receipt, text)).toMatch(/issued to another repository/);
});

it.each([
  ["of another content", { before: 0 }, /its content is not what was attested/],
  [
    "without a signature",
    { attestation: null },
    /it has no signature: give the job `permissions: id-token: write`/,
  ],
  ["with somebody else's", { attestation: "a.b.c" }, /no token of the issuer/],
])("a receipt %s counts only where the repository trusts its writers", async (_, change, why) => {
  const { receipt, text } = await signed(change);
  expect(await trustOf("42").judge(receipt, text)).toMatch(why);
  expect(await trustOf("42", "ledger: trust-writers\n").judge(receipt, text)).toBeNull();
  expect(await trustOf("42", "ledger: [\n").judge(receipt, text)).toMatch(why);
});

it("a job that may not ask for tokens signs nothing", async () => {
  const place = { baseBranch: "main", read: async () => ({ repositoryId: "42", repositoryFile: null }) };
  const trust = receiptTrust(place, new IssuerKeys(issuer.url, Date.now), Date.now, null);
  expect(await trust.sign("{}")).toBeNull();
});
