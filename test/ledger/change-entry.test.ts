import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/domain/receipt.ts";
import { parseTrailers } from "../../src/domain/trailers.ts";
import { digestEntry } from "../../src/ledger/attestation.ts";
import { entryAfterApply, formatLedgerMessage } from "../../src/ledger/change-entry.ts";
import { formatEntry, type LedgerEntry, parseEntry } from "../../src/ledger/entry.ts";

const receipt = (pools: Receipt["pools"]): Receipt => ({
  commit: "c2",
  covers: ["c2"],
  startedAt: "2026-11-20T12:00:00.000Z",
  durationSeconds: 1.5,
  outcome: "partial",
  pools,
  runUrl: "https://example.com/runs/1",
});
const line = (pool: string, outcome: Receipt["pools"][number]["outcome"], to: number) => ({
  pool,
  outcome,
  from: 1,
  to,
  message: outcome === "applied" ? "" : "why",
});
const entry: LedgerEntry = {
  schemaVersion: 1,
  project: "shop",
  stack: "prod",
  dir: "deploy",
  pools: { web: {}, queue: {}, old: {} },
  applied: { web: 1, queue: 1, old: 4 },
  deployed: "d",
  commit: "c1",
  publishedAt: "2026-11-20T11:00:00.000Z",
  tokenHashes: ["0".repeat(64)],
  receipt: receipt([line("old", "failed", 9)]),
  attestation: "signed",
};

describe("the entry after an apply", () => {
  const after = entryAfterApply(entry, {
    pools: { web: {}, queue: {}, old: {} },
    receipt: receipt([line("web", "applied", 2), line("queue", "failed", 7)]),
    publishedAt: "2026-11-20T12:00:02.000Z",
  });

  it("moves confirmed pools only, and keeps what others wrote", () => {
    expect(after.applied).toEqual({ web: 2, queue: 1, old: 4 });
    expect(after).toMatchObject({ commit: "c2", deployed: "d", tokenHashes: entry.tokenHashes });
  });
  it("keeps a failure that this run did not try again, so that its pool stays held", () => {
    expect(after.receipt?.pools.map(({ pool, outcome }) => [pool, outcome])).toEqual([
      ["web", "applied"],
      ["queue", "failed"],
      ["old", "failed"],
    ]);
  });
  it("has no signature that was over other content", () => {
    expect(after.attestation).toBeNull();
  });
  it("is read back as it was written", () => {
    expect(parseEntry(formatEntry(after))).toEqual({ kind: "entry", entry: after });
  });
});

describe("where the stack's file stood before", () => {
  const moved = (formerPaths: unknown) => parseEntry(JSON.stringify({ ...entry, formerPaths }));
  const paths = ["a/Pulumi.prod.yaml", "b"];

  it("is kept by an apply, and signed as all else is", () => {
    const change = { pools: {}, receipt: receipt([]), publishedAt: "2026-11-20T12:00:02.000Z" };
    const after = entryAfterApply({ ...entry, formerPaths: paths }, change);
    expect(parseEntry(formatEntry(after))).toMatchObject({ entry: { formerPaths: paths } });
    const { formerPaths: _, ...without } = after;
    expect(digestEntry(formatEntry(after))).not.toBe(digestEntry(formatEntry(without)));
  });
  it("is not there where it has never moved", () => {
    expect(formatEntry(entry)).toBe(`${JSON.stringify(entry, null, 2)}\n`);
    expect(moved(undefined)).toEqual({ kind: "entry", entry });
  });
  it.each([
    ["outside of the repository", ["../Pulumi.prod.yaml"]],
    ["on the machine", ["/etc/Pulumi.prod.yaml"]],
    ["nowhere", [""]],
    ["at too many places", ["a", "b", "c", "d", "e", "f"]],
    ["at one place", "a"],
  ])("is never %s", (_, formerPaths) => {
    expect(moved(formerPaths)).toMatchObject({
      kind: "bad",
      message: expect.stringContaining("formerPaths"),
    });
  });
});

it("a ledger commit says to people and machines what it records", () => {
  const applied = { ...entry, receipt: receipt([line("web", "applied", 2)]), commit: "c2" };
  const { headline, body } = formatLedgerMessage("shop.prod", "apply", applied);
  expect(headline).toBe("ledger(shop.prod): web 1 → 2 applied");
  expect(parseTrailers(body)).toEqual([
    { key: "Stack", value: "shop.prod" },
    { key: "Commit", value: "c2" },
    { key: "Result", value: "web 1 -> 2 outcome=applied" },
    { key: "Run", value: "https://example.com/runs/1" },
  ]);
  const published = formatLedgerMessage("shop.prod", "publish", entry);
  expect(published.headline).toBe("ledger(shop.prod): publish 3 pools");
  expect(parseTrailers(published.body)).toContainEqual({ key: "Deployed", value: "d" });
});

it("entries of a newer version and broken ones are told apart", () => {
  expect(parseEntry('{"schemaVersion":2}')).toEqual({ kind: "newer", schemaVersion: 2 });
  expect(parseEntry("{")).toMatchObject({ kind: "bad" });
  expect(parseEntry(JSON.stringify({ ...entry, applied: { web: "3" } }))).toMatchObject({
    kind: "bad",
    message: expect.stringContaining("applied.web"),
  });
});
