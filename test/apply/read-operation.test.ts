import { describe, expect, it } from "vitest";
import { decideOperation, type OperationFacts } from "../../src/apply/read-operation.ts";
import type { StackUpdate } from "../../src/apply/update-history.ts";
import type { PoolReceipt } from "../../src/domain/receipt.ts";
import { entryAfterPublish } from "../../src/ledger/change-entry.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";

// What became of the commit `c`, which moved web from 3 to 5.

const OPERATION = { commit: "c", scales: [{ pool: "web", from: 3, to: 5 }] };
const rules = { targetUrn: "urn", strategy: "absolute", min: 0, max: 9, cooldown: 0 };

function entry(
  applied: Record<string, number>,
  receipt: Partial<LedgerEntry["receipt"]> | null = null,
): LedgerEntry {
  return entryAfterPublish({
    project: "shop",
    stack: "dev",
    dir: ".",
    pools: { web: { ...rules, configKey: "web" }, queue: { ...rules, configKey: "queue" } },
    applied,
    deployed: null,
    commit: "b",
    publishedAt: "2026-01-01T00:10:00.000Z",
    tokenHashes: [],
    receipt:
      receipt === null
        ? null
        : {
            commit: "d",
            covers: [],
            startedAt: "2026-01-01T00:00:00.000Z",
            durationSeconds: 2.5,
            outcome: "applied",
            pools: [],
            runUrl: null,
            ...receipt,
          },
  });
}

function line(
  pool: string,
  from: number,
  to: number,
  outcome: PoolReceipt["outcome"] = "applied",
): PoolReceipt {
  return { pool, outcome, from, to, message: outcome === "applied" ? "" : "the quota" };
}

function facts(changes: Partial<OperationFacts> & { web?: number }): OperationFacts {
  const text = `config:\n  shop:web: ${changes.web ?? 5}\n`;
  return {
    names: { alias: "shop.dev", formerAliases: ["store"] },
    entry: entry({ web: 3 }),
    committed: { kind: "text", text },
    updates: [],
    ...changes,
  };
}

function update(changes: Partial<StackUpdate> = {}): StackUpdate {
  return {
    kind: "update",
    startedAtMs: 1000,
    endedAtMs: 4000,
    result: "succeeded",
    message: "scale(shop.dev): web 3 → 5\n\nPulumiscale-Stack: shop.dev\nPulumiscale-Commit: c",
    isTargeted: true,
    head: null,
    isDirty: false,
    config: new Map(),
    ...changes,
  };
}

describe("what became of a scale commit", () => {
  it("is waiting while its value is committed and not applied", () => {
    expect(decideOperation(OPERATION, facts({}))).toEqual({ kind: "waiting" });
    expect(decideOperation(OPERATION, facts({ updates: [update({ message: "by hand" })] }))).toEqual({
      kind: "waiting",
    });
  });

  it("is superseded where another value is committed, and nothing tried it", () => {
    expect(decideOperation(OPERATION, facts({ web: 3 }))).toEqual({ kind: "superseded" });
    expect(decideOperation(OPERATION, facts({ committed: { kind: "missing" } }))).toEqual({
      kind: "superseded",
    });
  });

  it("is what the receipt says that covers it, of its own pools", () => {
    const covering = entry(
      { web: 5 },
      { covers: ["e", "c"], pools: [line("queue", 1, 2, "failed"), line("web", 3, 6)] },
    );
    expect(decideOperation(OPERATION, facts({ entry: covering }))).toEqual({
      kind: "done",
      pools: [line("web", 3, 6)],
      finishedAtMs: Date.parse("2026-01-01T00:00:02.500Z"),
    });
  });

  it("is what the last try of its value says, though that was a retry and covers no commit", () => {
    const failing = entry({ web: 3 }, { pools: [line("web", 3, 5, "failed")] });
    expect(decideOperation(OPERATION, facts({ entry: failing }))).toMatchObject({
      kind: "done",
      pools: [{ outcome: "failed", message: "the quota" }],
    });
  });

  it("is applied where its value is, by whomever", () => {
    expect(
      decideOperation(
        OPERATION,
        facts({ entry: entry({ web: 5 }), updates: [update({ result: "failed" })] }),
      ),
    ).toEqual({
      kind: "done",
      pools: [line("web", 3, 5)],
      finishedAtMs: Date.parse("2026-01-01T00:10:00.000Z"),
    });
  });

  it("is what Pulumi's history says of it where the ledger has gone on", () => {
    const updates = [update({ message: "newer" }), update({ result: "failed" }), update()];
    expect(decideOperation(OPERATION, facts({ web: 7, entry: entry({ web: 7 }), updates }))).toEqual({
      kind: "done",
      pools: [{ ...line("web", 3, 5, "failed"), message: "" }],
      finishedAtMs: 4000,
    });
    expect(decideOperation(OPERATION, facts({ entry: null, updates: [update()] }))).toMatchObject({
      kind: "done",
      pools: [{ outcome: "applied" }],
    });
  });

  it("is running while its update is", () => {
    const updates = [update({ result: "in-progress", endedAtMs: null })];
    expect(decideOperation(OPERATION, facts({ updates }))).toEqual({ kind: "running", startedAtMs: 1000 });
  });

  it("is told by an update under a former name of the stack, and by none of another stack", () => {
    const under = (alias: string) =>
      decideOperation(
        OPERATION,
        facts({ updates: [update({ message: `x\n\nPulumiscale-Stack: ${alias}\nPulumiscale-Commit: c` })] }),
      );
    expect(under("store")).toMatchObject({ kind: "done", finishedAtMs: 4000 });
    expect(under("other")).toEqual({ kind: "waiting" });
  });

  it("is waiting as long as one of its pools is", () => {
    const both = { commit: "c", scales: [...OPERATION.scales, { pool: "queue", from: 1, to: 2 }] };
    const committed = { kind: "text", text: "config:\n  shop:web: 5\n  shop:queue: 2\n" } as const;
    expect(decideOperation(both, facts({ committed, entry: entry({ web: 5, queue: 1 }) }))).toEqual({
      kind: "waiting",
    });
    expect(decideOperation(both, facts({ committed, entry: entry({ web: 5, queue: 2 }) }))).toMatchObject({
      kind: "done",
      pools: [{ pool: "web" }, { pool: "queue" }],
    });
  });
});
