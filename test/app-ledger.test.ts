import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { LedgerEntry } from "../src/ledger/entry.ts";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { type AppWorld, ledgerEntry, TOKEN } from "./support/open-app-world.ts";
import { STACK_FILE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const hash = (token: string) => createHash("sha256").update(token).digest("hex");
const at = (second: number) => new Date(Date.parse("2026-02-01T12:00:00Z") + second * 1000).toISOString();
const MALLORY = "mallorys-token-of-more-than-32-characters";
const asMallory = { authorization: `Bearer ${MALLORY}` };

/** Asks for more until it is refused for this reason: news of the ledger take a moment. */
const refusedFor = (world: AppWorld, sentence: string, headers = {}) =>
  eventually(
    () => world.post("/scale/web?dryRun=true", { value: 9 }, headers),
    ({ status, answer }) => status === 503 && answer.detail?.includes(sentence) === true,
  );

const webUpTo = (max: number) => {
  const { web, ...others } = ledgerEntry().pools;
  return { ...others, web: { ...Object(web), max } };
};

describe("an entry that the deploy job did not sign", () => {
  it.each<[string, (signed: LedgerEntry) => LedgerEntry, string]>([
    ["max raised", (entry) => ({ ...entry, pools: webUpTo(1000) }), "not what was attested"],
    ["its token taken out", (entry) => ({ ...entry, attestation: null }), "it has no attestation"],
    [
      "a token hash added",
      (entry) => ({ ...entry, tokenHashes: [...entry.tokenHashes, hash(MALLORY)] }),
      "not what was attested",
    ],
    ["applied changed", (entry) => ({ ...entry, applied: { web: 9, api: 2 } }), "not what was attested"],
  ])("scales nothing: %s", { timeout: TIMEOUT }, async (_what, forge, sentence) => {
    const world = await startAppWorld();
    const { post, sign, putEntry, stackFile, get } = world;
    expect((await post("/scale/web?dryRun=true", { value: 4 })).results[0]).toMatchObject({ kind: "scale" });
    await putEntry(forge(await sign(ledgerEntry({ publishedAt: at(60) }))));
    await refusedFor(world, sentence);
    const told = await post("/scale/web", { value: 9 });
    expect(told.status).toBe(503);
    expect(told.answer.detail).toContain("publish it again from the deploy workflow on main");
    expect(told.answer.detail).toContain("`permissions: id-token: write`, or set `ledger: trust-writers`");
    expect((await get("/pools")).status).toBe(503);
    expect((await post("/scale/web", { value: 9 }, asMallory)).status).toBe(401);
    expect(await stackFile()).toBe(STACK_FILE);
    await world.publish({ publishedAt: at(120) });
    await eventually(
      () => post("/scale/web", { value: 4 }),
      ({ results }) => results[0]?.kind === "scale",
    );
  });

  it("opens to nobody who stands in it alone, also where it is the first one that is seen", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await startAppWorld();
    const { post, putEntry, startReplica, stackFile } = world;
    const forged = ledgerEntry({ publishedAt: at(60), pools: {}, tokenHashes: [hash(MALLORY), hash(TOKEN)] });
    await putEntry(forged);
    const { url } = await startReplica();
    for (const headers of [{}, asMallory]) {
      for (const path of ["/scale/web", "/webhook/web/count"]) {
        const { status, answer } = await post(path, { value: 5 }, headers, url);
        expect(status).toBe(503);
        expect(answer.detail).toContain("it has no attestation");
      }
    }
    const nobody = await post("/scale/web", { value: 5 }, { authorization: `Bearer ${MALLORY}x` }, url);
    expect(nobody.status).toBe(401);
    await world.publish({ publishedAt: at(120) });
    await world.github.webhooksIdle();
    // The newer process gets no webhooks: it finds the good entry by the very request.
    const healed = await eventually(
      () => post("/scale/web", { value: 5 }, {}, url),
      ({ status }) => status === 200,
    );
    expect(healed.results[0]).toMatchObject({ kind: "scale", to: 5 });
    expect((await post("/scale/web", { value: 6 }, asMallory, url)).status).toBe(401);
    await eventually(stackFile, (text) => text === STACK_FILE.replace('"3"', '"5"'));
  });

  it("that is not readable asks its callers to come again, also where it is the first one that is seen", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await startAppWorld();
    await world.putEntry(JSON.stringify({ ...ledgerEntry(), applied: "broken" }));
    const { url } = await world.startReplica();
    const told = await world.post("/scale/web", { value: 5 }, {}, url);
    expect(told.status).toBe(503);
    expect(told.answer.detail).toContain("the ledger entry of shop.prod is not readable (applied: ");
    expect(told.answer.detail).toContain("delete stacks/shop.prod.json from the branch pulumiscale");
    expect((await world.post("/scale/web", { value: 5 }, asMallory, url)).status).toBe(401);
  });

  it("of a newer version replaces nobody's token", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    const newer = { ...ledgerEntry({ tokenHashes: [hash(MALLORY)] }), schemaVersion: 2 };
    await world.putEntry(JSON.stringify(newer));
    await refusedFor(world, "schemaVersion 2");
    expect((await world.post("/scale/web", { value: 5 }, asMallory)).status).toBe(401);
  });

  it("counts where the repository trusts its writers", { timeout: TIMEOUT }, async () => {
    const trusting = { ".github/pulumiscale.yml": "ledger: trust-writers\n" };
    const world = await startAppWorld({ files: trusting });
    await world.putEntry(ledgerEntry({ pools: webUpTo(20), publishedAt: at(60) }));
    await world.github.webhooksIdle();
    const scaled = await eventually(
      () => world.post("/scale/web?dryRun=true", { value: 15 }),
      ({ results }) => results[0]?.to === 15,
    );
    expect(scaled.results[0]).toMatchObject({ kind: "scale", to: 15 });
  });
});

describe("a signed entry that is replayed", () => {
  it("an older one put back, also below other ledger commits, brings back neither its max nor its tokens", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await startAppWorld();
    const { sign, putEntry, startReplica, post, stackFile } = world;
    const old = await sign(
      ledgerEntry({ publishedAt: at(1), pools: webUpTo(1000), tokenHashes: [hash(MALLORY), hash(TOKEN)] }),
    );
    const newer = await sign(ledgerEntry({ publishedAt: at(60) }));
    for (const entry of [old, newer, old]) await putEntry(entry);
    for (const alias of ["shop.a", "shop.b", "shop.c", "shop.d", "shop.e", "shop.f", "shop.g"])
      await putEntry("{}\n", alias);
    // A process that knows nothing but what git says.
    const { url } = await startReplica();
    for (const headers of [{}, asMallory]) {
      const { status, answer } = await post("/scale/web", { value: 900 }, headers, url);
      expect(status).toBe(503);
      expect(answer.detail).toContain("an older one was put back");
    }
    expect(await stackFile()).toBe(STACK_FILE);
    // Put right again, the old one's token is nobody's, though a listing has seen it.
    await putEntry(newer);
    const mallory = await eventually(
      () => post("/scale/web", { value: 7 }, asMallory, url),
      ({ status }) => status === 401,
    );
    expect(mallory.status).toBe(401);
    expect(await stackFile()).toBe(STACK_FILE);
  });

  it("another stack's is not this one's", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    await world.putEntry(await world.sign(ledgerEntry({ stack: "staging", publishedAt: at(60) })));
    await refusedFor(world, "it is of shop.staging");
  });

  it.each<[string, Parameters<AppWorld["sign"]>[1], string]>([
    ["another repository's", { claims: { repository_id: "999" } }, "another repository"],
    ["a foreign branch's", { claims: { ref: "refs/heads/feature" } }, "refs/heads/feature"],
    ["a pull request's", { claims: { event_name: "pull_request" } }, "started by pull_request"],
  ])("%s is not this one's", { timeout: TIMEOUT }, async (_what, changes, sentence) => {
    const world = await startAppWorld();
    await world.putEntry(await world.sign(ledgerEntry({ publishedAt: at(60) }), changes));
    await refusedFor(world, sentence);
  });
});

describe("the issuer", { timeout: TIMEOUT }, () => {
  it("may be away: what is known goes on, what is not is asked to come again, and heals by itself", async () => {
    let nowMs = Date.now();
    const world = await startAppWorld({ internals: { clock: () => nowMs } });
    const { issuer, post, publish } = world;
    issuer.failWith(503);
    nowMs += 2 * 3_600_000;
    expect((await post("/scale/web?dryRun=true", { value: 4 })).results[0]).toMatchObject({ kind: "scale" });
    await issuer.rotateKeys("withdraw");
    await publish({ publishedAt: at(60) });
    await refusedFor(world, "cannot be verified, since the keys of");
    issuer.failWith(null);
    nowMs += 11_000;
    await eventually(
      () => post("/scale/web", { value: 4 }),
      ({ results }) => results[0]?.kind === "scale",
    );
  });
});

describe("webhook secrets rotate without a gap", () => {
  it("while both are published, and while calls go on", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    const { post, publish } = world;
    const NEXT = "the-next-webhook-secret-of-32-characters";
    const withNext = { authorization: `Bearer ${NEXT}` };
    const statuses: { token: string; status: number }[] = [];
    let isNextKnown = false;
    let isOver = false;
    const call = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const { status } = await post("/scale/web?dryRun=true", { delta: 1 }, headers);
      statuses.push({ token, status });
    };
    const calling = Promise.all(
      [0, 1, 2].map(async () => {
        while (!isOver) {
          await call(TOKEN);
          if (isNextKnown) await call(NEXT);
        }
      }),
    );
    try {
      await publish({ publishedAt: at(60), tokenHashes: [hash(TOKEN), hash(NEXT)] });
      await eventually(
        () => post("/scale/web?dryRun=true", { delta: 1 }, withNext),
        ({ status }) => status === 200,
      );
      isNextKnown = true;
      for (const second of [61, 62, 63, 64]) {
        await publish({
          publishedAt: at(second),
          tokenHashes: [hash(NEXT), hash(TOKEN)],
          applied: { web: 3 },
        });
        await world.github.webhooksIdle();
      }
    } finally {
      isOver = true;
      await calling;
    }
    expect(statuses.filter(({ token }) => token === TOKEN).length).toBeGreaterThan(5);
    expect(statuses.filter(({ token }) => token === NEXT).length).toBeGreaterThan(5);
    expect(statuses.filter(({ status }) => status !== 200)).toEqual([]);
    await publish({ publishedAt: at(120), tokenHashes: [hash(NEXT)] });
    await eventually(
      () => post("/scale/web?dryRun=true", { delta: 1 }),
      ({ status }) => status === 401,
    );
    expect((await post("/scale/web?dryRun=true", { delta: 1 }, withNext)).status).toBe(200);
  });
});
