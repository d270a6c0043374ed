import { createServer, type RequestListener } from "node:http";
import { SignJWT } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { verifyAttestation } from "../../src/ledger/attestation.ts";
import { formatEntry, type LedgerEntry } from "../../src/ledger/entry.ts";
import { IssuerKeys } from "../../src/ledger/issuer-keys.ts";
import { attestedEntry } from "../oidc/attested-entry.ts";
import { deployRun } from "../oidc/format-claims.ts";
import { startOidcIssuer } from "../oidc/start-oidc-issuer.ts";
import { ledgerEntry } from "../support/open-app-world.ts";

const RUN = deployRun({ fullName: "acme/infra", id: 42, ownerId: 7 });
const HOUR_MS = 3_600_000;

async function start() {
  const issuer = await startOidcIssuer();
  onTestFinished(() => issuer.stop());
  const time = { nowMs: Date.parse("2026-03-01T12:00:00Z") };
  const keys = new IssuerKeys(issuer.url, () => time.nowMs);
  const publish = () =>
    attestedEntry(issuer, RUN, ledgerEntry({ publishedAt: new Date(time.nowMs).toISOString() }));
  return { issuer, time, keys, publish, judge: (entry: LedgerEntry) => verdictOf(keys, entry, time.nowMs) };
}

async function verdictOf(keys: IssuerKeys, entry: LedgerEntry, nowMs: number): Promise<string> {
  const expected = { issuer: keys.issuer, repositoryId: "42", baseBranch: "main", nowMs };
  const verdict = await verifyAttestation(
    entry,
    formatEntry(entry),
    entry.attestation ?? "",
    keys.find,
    expected,
  );
  return verdict.kind === "verified" ? "verified" : `${verdict.kind}: ${verdict.why}`;
}

/** A token of a key that nobody publishes. */
async function forge(kid: string): Promise<LedgerEntry> {
  const { generateKeyPair } = await import("jose");
  const { privateKey } = await generateKeyPair("RS256");
  const attestation = await new SignJWT({}).setProtectedHeader({ alg: "RS256", kid }).sign(privateKey);
  return ledgerEntry({ attestation });
}

describe("an issuer's keys", () => {
  it("are read once for many, also at once", async () => {
    const { issuer, publish, judge } = await start();
    const entry = await publish();
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => judge(entry)));
    expect(new Set(verdicts)).toEqual(new Set(["verified"]));
    await judge(await publish());
    expect(issuer.requests).toEqual(["/.well-known/openid-configuration", "/.well-known/jwks"]);
  });

  it("are read again for a new key, and old entries go on as long as theirs is published", async () => {
    const { issuer, time, publish, judge } = await start();
    const old = await publish();
    expect(await judge(old)).toBe("verified");
    await issuer.rotateKeys("keep");
    time.nowMs += 11_000;
    expect(await judge(await publish())).toBe("verified");
    expect(await judge(old)).toBe("verified");
    await issuer.rotateKeys("withdraw");
    time.nowMs += HOUR_MS + 1;
    expect(await judge(old)).toMatch(/^refused: its token's key is not, or no longer, one of/);
    expect(await judge(await publish())).toBe("verified");
  });

  it("go on while the issuer is away; unknown ones are asked for again later", async () => {
    const { issuer, time, publish, judge } = await start();
    const known = await publish();
    expect(await judge(known)).toBe("verified");
    issuer.failWith(503);
    time.nowMs += HOUR_MS + 1;
    expect(await judge(known)).toBe("verified");
    await issuer.rotateKeys("keep");
    const unknown = await publish();
    expect(await judge(unknown)).toMatch(/^unreachable: the keys of .* cannot be read/);
    issuer.failWith(null);
    time.nowMs += 11_000;
    expect(await judge(unknown)).toBe("verified");
  });

  it("are not asked for by every forged entry", async () => {
    const { issuer, time, judge, publish } = await start();
    await judge(await publish());
    time.nowMs += 11_000;
    const before = issuer.requests.length;
    const forged = await Promise.all(["a", "b", "c", "d", "e"].map(forge));
    for (let times = 0; times < 10; times++) await Promise.all(forged.map(judge));
    expect(issuer.requests.length - before).toBe(2);
    issuer.failWith(500);
    time.nowMs += 11_000;
    for (let times = 0; times < 10; times++) await Promise.all(forged.map(judge));
    expect(issuer.requests.length - before).toBe(3);
  });
});

describe("keys are not taken", () => {
  const serve = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  };

  it.each<[string, (real: string, own: string) => RequestListener]>([
    [
      "from another host than the issuer's",
      (real, own) => (_request, response) =>
        response.end(JSON.stringify({ issuer: own, jwks_uri: `${real}/.well-known/jwks` })),
    ],
    [
      "where the configuration is another issuer's",
      (real, own) => (_request, response) =>
        response.end(JSON.stringify({ issuer: real, jwks_uri: `${own}/.well-known/jwks` })),
    ],
    [
      "through a redirect",
      (real, own) => (request, response) =>
        request.url?.endsWith("/jwks")
          ? response.writeHead(302, { location: `${real}${request.url}` }).end()
          : response.end(JSON.stringify({ issuer: own, jwks_uri: `${own}/.well-known/jwks` })),
    ],
    [
      "out of an answer without end",
      () => (_request, response) => {
        const more = () => {
          while (response.write(" ".repeat(65_536)));
        };
        response.on("drain", more);
        more();
      },
    ],
  ])("%s", async (_what, listenerFor) => {
    const { issuer, publish, time } = await start();
    const entry = await publish();
    const listener: { answer: RequestListener } = { answer: (_request, response) => response.end() };
    const own = await serve((request, response) => listener.answer(request, response));
    listener.answer = listenerFor(issuer.url, own);
    const keys = new IssuerKeys(own, Date.now);
    expect(await verdictOf(keys, entry, time.nowMs)).toMatch(/^unreachable: /);
    const finding = async () => keys.find({ alg: "RS256", kid: "x" }, { payload: "", signature: "" });
    // What ends it is its own control, and not the time that is over.
    await expect(finding()).rejects.not.toMatchObject({ cause: { name: "TimeoutError" } });
  });

  it("over a line that others can write on", async () => {
    const { publish, time } = await start();
    const keys = new IssuerKeys("http://issuer.invalid", Date.now);
    const finding = async () => keys.find({ alg: "RS256", kid: "x" }, { payload: "", signature: "" });
    await expect(finding()).rejects.toMatchObject({
      cause: { message: expect.stringContaining("over https only") },
    });
    expect(await verdictOf(keys, await publish(), time.nowMs)).toMatch(/^unreachable: /);
  });
});
