import { createHash } from "node:crypto";
import { exportSPKI, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attestationAudience, digestEntry, verifyAttestation } from "../../src/ledger/attestation.ts";
import { formatEntry, type LedgerEntry } from "../../src/ledger/entry.ts";
import { IssuerKeys } from "../../src/ledger/issuer-keys.ts";
import { attestedEntry } from "../oidc/attested-entry.ts";
import { deployRun, formatClaims, type WorkflowRun } from "../oidc/format-claims.ts";
import { type OidcIssuer, startOidcIssuer, type TokenWish } from "../oidc/start-oidc-issuer.ts";
import { ledgerEntry } from "../support/open-app-world.ts";

const AT_MS = Date.parse("2026-03-01T12:00:00Z");
const MONTHS_LATER_MS = AT_MS + 90 * 24 * 3_600_000;
const RUN = deployRun({ fullName: "acme/infra", id: 42, ownerId: 7 });
const ENTRY = ledgerEntry({ publishedAt: new Date(AT_MS).toISOString() });

let issuer: OidcIssuer;
let keys: IssuerKeys;

beforeAll(async () => {
  issuer = await startOidcIssuer();
  keys = new IssuerKeys(issuer.url, Date.now);
});
afterAll(() => issuer.stop());

const expected = () => ({
  issuer: issuer.url,
  repositoryId: "42",
  baseBranch: "main",
  nowMs: MONTHS_LATER_MS,
});

/** What is said of an entry; null where it is accepted. */
async function refusalOf(entry: LedgerEntry, text = formatEntry(entry), nowMs = MONTHS_LATER_MS) {
  const verdict = await verifyAttestation(entry, text, entry.attestation ?? "", keys.find, {
    ...expected(),
    nowMs,
  });
  return verdict.kind === "verified" ? null : verdict.why;
}

const publishedBy = async (run: Partial<WorkflowRun>, changes?: Partial<TokenWish>, entry = ENTRY) =>
  refusalOf(await attestedEntry(issuer, { ...RUN, ...run }, entry, changes));

/** What a token has to say to be GitHub's for this entry. */
const rightClaims = () => ({
  ...formatClaims(RUN),
  iss: issuer.url,
  aud: attestationAudience(digestEntry(formatEntry(ENTRY)) ?? ""),
  iat: AT_MS / 1000,
  nbf: AT_MS / 1000,
  exp: AT_MS / 1000 + 300,
});

describe("an entry is accepted, months later,", () => {
  it.each(["push", "schedule", "workflow_dispatch", "repository_dispatch"])(
    "from a run of the base branch started by %s",
    async (event) => {
      expect(await publishedBy({ event })).toBeNull();
    },
  );

  it("from a reusable workflow of another repository that the base branch's own one names", async () => {
    const job_workflow_ref = "acme/shared/.github/workflows/deploy.yml@refs/tags/v1";
    expect(await publishedBy({}, { claims: { job_workflow_ref } })).toBeNull();
  });

  it("from a repository that has another name by now", async () => {
    expect(await publishedBy({ owner: "Acme-Old", name: "Infra" })).toBeNull();
  });

  it("from a machine whose clock is four minutes off", async () => {
    for (const minutes of [-4, 4])
      expect(await publishedBy({}, { issuedAtMs: AT_MS + minutes * 60_000 })).toBeNull();
  });

  it("where a program has written its JSON in another order", async () => {
    const entry = await attestedEntry(issuer, RUN, ENTRY);
    const reordered = JSON.stringify(Object.fromEntries(Object.entries(entry).reverse()));
    expect(await refusalOf(entry, reordered)).toBeNull();
  });
});

describe("a forged token is refused:", () => {
  it("self-signed with a key of the same name", async () => {
    const { privateKey } = await generateKeyPair("RS256");
    const attestation = await new SignJWT(rightClaims())
      .setProtectedHeader({ alg: "RS256", kid: issuer.publicKey().kid ?? "" })
      .sign(privateKey);
    expect(await refusalOf({ ...ENTRY, attestation })).toBe("its token's signature is wrong");
  });

  it("self-signed with a key that the token brings along", async () => {
    const { privateKey, publicKey } = await generateKeyPair("RS256", { extractable: true });
    const { exportJWK } = await import("jose");
    const attestation = await new SignJWT(rightClaims())
      .setProtectedHeader({ alg: "RS256", kid: "mine", jwk: await exportJWK(publicKey) })
      .sign(privateKey);
    expect(await refusalOf({ ...ENTRY, attestation })).toContain("key is not, or no longer, one of");
  });

  it("alg none", async () => {
    const attestation = new UnsecuredJWT(rightClaims()).encode();
    expect(await refusalOf({ ...ENTRY, attestation })).toMatch(/signed with|no token/);
  });

  it("HS256 with the public key as the secret", async () => {
    const key = await importJWK({ ...issuer.publicKey(), ext: true }, "RS256", { extractable: true });
    if (key instanceof Uint8Array) throw new Error("this is no RSA key");
    const attestation = await new SignJWT(rightClaims())
      .setProtectedHeader({ alg: "HS256", kid: issuer.publicKey().kid ?? "" })
      .sign(new TextEncoder().encode(await exportSPKI(key)));
    expect(await refusalOf({ ...ENTRY, attestation })).toContain("signed with HS256");
  });

  it.each(["", "signed", "a.b.c", `${"x".repeat(20_000)}.y.z`])(
    "no token at all: %.10s",
    async (attestation) => {
      expect(await refusalOf({ ...ENTRY, attestation })).toContain("no token of the issuer");
    },
  );

  it("another issuer's", async () => {
    expect(await publishedBy({}, { claims: { iss: "https://issuer.example" } })).toContain("another issuer");
  });
});

describe("a token that GitHub made for something else is refused:", () => {
  const MAIN = "refs/heads/main";
  const at = (repository: string, ref: string) => `${repository}/.github/workflows/deploy.yml@${ref}`;

  it.each<[string, Partial<WorkflowRun>, Record<string, unknown>, string]>([
    ["a foreign repository", { repositoryId: 43, name: "other" }, {}, "another repository (acme/other)"],
    ["a foreign repository that has taken the name", { repositoryId: 43 }, {}, "another repository"],
    ["a foreign branch", { ref: "refs/heads/feature" }, {}, "refs/heads/feature and not for refs/heads/main"],
    ["a tag with the branch's name", { ref: "refs/tags/main" }, {}, "refs/tags/main"],
    ["a pull request", { event: "pull_request", ref: "refs/pull/1/merge" }, {}, "refs/pull/1/merge"],
    ["a pull_request event for the base branch", { event: "pull_request" }, {}, "started by pull_request"],
    ["pull_request_target", { event: "pull_request_target" }, {}, "started by pull_request_target"],
    ["workflow_run", { event: "workflow_run" }, {}, "started by workflow_run"],
    ["merge_group", { event: "merge_group" }, {}, "started by merge_group"],
    ["issue_comment", { event: "issue_comment" }, {}, "started by issue_comment"],
    [
      "a foreign workflow ref",
      {},
      { workflow_ref: at("acme/infra", "refs/heads/feature") },
      "which is not one of refs/heads/main",
    ],
    [
      "another repository's workflow, as rulesets may require one",
      {},
      { workflow_ref: at("acme/policies", MAIN) },
      "acme/policies",
    ],
    [
      "a reusable workflow of this repository at a tag",
      {},
      { job_workflow_ref: at("acme/infra", "refs/tags/v1") },
      "refs/tags/v1",
    ],
    ["a run without a workflow", {}, { workflow_ref: undefined }, "no usable claim workflow_ref"],
  ])("%s", async (_what, run, claims, sentence) => {
    expect(await publishedBy(run, { claims })).toContain(sentence);
  });
});

describe("an entry that does not fit its token in time is refused:", () => {
  const MINUTE_MS = 60_000;

  it("expired at publish", async () => {
    const changes = { issuedAtMs: AT_MS - 4 * MINUTE_MS, lifetimeSeconds: 60 };
    expect(await publishedBy({}, changes)).toBe("its token had expired when it was published");
  });

  it("published later than issued", async () => {
    const changes = { issuedAtMs: AT_MS - 6 * MINUTE_MS, lifetimeSeconds: 3600 };
    expect(await publishedBy({}, changes)).toContain("not issued when it was published");
  });

  it("issued later than published", async () => {
    expect(await publishedBy({}, { issuedAtMs: AT_MS + 6 * MINUTE_MS })).toContain(
      "not issued when it was published",
    );
    expect(await publishedBy({}, { issuedAtMs: AT_MS + 20 * MINUTE_MS })).toContain("not valid yet");
  });

  it("published in the future", async () => {
    const entry = await attestedEntry(issuer, RUN, ENTRY);
    expect(await refusalOf(entry, undefined, AT_MS - 6 * MINUTE_MS)).toContain("published in the future");
    expect(await refusalOf(entry, undefined, AT_MS - 4 * MINUTE_MS)).toBeNull();
  });
});

describe("content that was swapped under a good token is refused:", () => {
  const web = { ...Object(ENTRY.pools.web), max: 1000 };

  it.each<[string, Partial<LedgerEntry>]>([
    ["max raised", { pools: { ...ENTRY.pools, web } }],
    ["tokenHashes changed", { tokenHashes: ["0".repeat(64)] }],
    ["a token hash added", { tokenHashes: [...ENTRY.tokenHashes, "0".repeat(64)] }],
    ["applied changed", { applied: { web: 10, api: 2 } }],
    ["deployed changed", { deployed: "1".repeat(40) }],
    ["published anew", { publishedAt: new Date(AT_MS + 60_000).toISOString() }],
    ["another stack's", { stack: "staging" }],
    ["another directory", { dir: "elsewhere" }],
  ])("%s", async (_what, swapped) => {
    const entry = { ...(await attestedEntry(issuer, RUN, ENTRY)), ...swapped };
    expect(await refusalOf(entry)).toBe("its content is not what was attested");
  });

  it("a member that this version does not know", async () => {
    const entry = await attestedEntry(issuer, RUN, ENTRY);
    expect(await refusalOf(entry, JSON.stringify({ ...entry, more: true }))).toBe(
      "its content is not what was attested",
    );
  });

  it("a number that JSON cannot carry, in the place of a null", async () => {
    const entry = await attestedEntry(issuer, RUN, ENTRY);
    const swapped = formatEntry(entry).replace('"receipt": null', '"receipt": 1e999');
    expect(swapped).toContain("1e999");
    expect(await refusalOf(entry, swapped)).toBe("it is no JSON object");
  });

  it("JSON that is nested too deep to be anybody's", async () => {
    const deep = `{"pools":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    expect(await refusalOf(await attestedEntry(issuer, RUN, ENTRY), deep)).toBe("it is no JSON object");
  });
});

it("the digest is of the canonical JSON without the attestation", () => {
  const text = '{ "b": [1.0, "é\\n", null],\r\n "attestation": "x", "a": { "2": true, "10": -0 } }';
  const canonical = '{"a":{"10":0,"2":true},"b":[1,"é\\n",null]}';
  expect(digestEntry(text)).toBe(createHash("sha256").update(canonical).digest("hex"));
  for (const none of ["", "[]", "null", "1", "{"]) expect(digestEntry(none)).toBeNull();
});
