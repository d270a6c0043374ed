import { describe, expect, it } from "vitest";
import type { ProgramState } from "../../src/apply/apply-forge.ts";
import { type ApplyFacts, decideApply, findPending } from "../../src/apply/pending.ts";
import { parseContract } from "../../src/domain/contract.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";

const rules = { targetUrn: "urn:x", strategy: "incremental", min: 1, max: 10, cooldown: 60 };
const { contract } = parseContract({
  web: { ...rules, configKey: "web", aliases: ["frontend"] },
  queue: { ...rules, configKey: "queue" },
});
const locations = [...contract.values()].map(({ location }) => ({ ...location, project: "shop" }));
const file = (web: number | string, queue: number) =>
  ({ kind: "text", text: `config:\n  shop:web: ${web}\n  shop:queue: ${queue}\n` }) as const;
const history = (...values: [number, number][]) => ({
  commits: values.map(([web, queue], index) => ({
    oid: `${index}`,
    message: "",
    stackFile: file(web, queue),
  })),
  isComplete: true,
});

function receipt(pool: string, outcome: Receipt["pools"][number]["outcome"]): Receipt {
  return {
    commit: "c",
    covers: [],
    startedAt: "2026-11-20T12:00:00.000Z",
    durationSeconds: 1,
    outcome: "failed",
    pools: [{ pool, outcome, from: 3, to: 5, message: "why" }],
    runUrl: null,
  };
}

describe("a pool is pending", () => {
  const applied = { web: 3, queue: 3 };
  const find = (
    head: ReturnType<typeof file>,
    since = history(),
    facts: Pick<LedgerEntry, "applied" | "receipt"> = { applied, receipt: null },
  ) => findPending(contract, "shop", head, since, facts);
  const names = (...args: Parameters<typeof find>) => find(...args).pending.map(({ pool }) => pool.name);

  it("where its committed value is not the applied one", () => {
    expect(find(file(5, 3)).pending).toMatchObject([{ pool: { name: "web" }, from: 3, to: 5 }]);
    expect(names(file(3, 3))).toEqual([]);
  });

  it("where its value has moved since the last apply and come back", () => {
    expect(names(file(3, 3), history([3, 3], [3, 7]))).toEqual(["queue"]);
    expect(names(file(3, 3), history([3, 3], [3, 3]))).toEqual([]);
  });

  it("where nobody knows what stood there meanwhile", () => {
    expect(names(file(3, 3), { ...history(), isComplete: false })).toEqual(["web", "queue"]);
  });

  it("where its last apply failed, under a former name too", () => {
    expect(names(file(3, 3), history(), { applied, receipt: receipt("queue", "failed") })).toEqual(["queue"]);
    expect(names(file(3, 3), history(), { applied, receipt: receipt("frontend", "no-effect") })).toEqual([
      "web",
    ]);
    expect(names(file(3, 3), history(), { applied, receipt: receipt("queue", "applied") })).toEqual([]);
  });

  it("where nothing is known of it, and by its former name", () => {
    expect(find(file(3, 3), history(), { applied: { queue: 3 }, receipt: null }).pending).toMatchObject([
      { pool: { name: "web" }, from: null, to: 3 },
    ]);
    expect(names(file(3, 3), history(), { applied: { frontend: 3, queue: 3 }, receipt: null })).toEqual([]);
  });

  it("unless its value is out of range or unreadable", () => {
    expect(find(file(11, 3))).toMatchObject({
      pending: [],
      unusable: [{ from: 3, to: 11, message: /1 to 10/ }],
    });
    expect(find(file("many", 3))).toMatchObject({
      pending: [],
      unusable: [{ pool: { name: "web" }, to: null }],
    });
  });
});

describe("a run", () => {
  const code = (index: string, web = 3): ProgramState => ({
    folders: new Map([[".", new Map([["index.ts", index]])]]),
    stackFile: file(web, 3),
  });
  const entry: LedgerEntry = {
    schemaVersion: 1,
    project: "shop",
    stack: "prod",
    dir: ".",
    pools: {},
    applied: {},
    deployed: "d",
    commit: "d",
    publishedAt: "2026-11-20T12:00:00.000Z",
    tokenHashes: [],
    receipt: null,
    attestation: null,
  };
  const decide = (changes: Partial<ApplyFacts>) =>
    decideApply({
      trigger: { kind: "other" },
      head: code("a", 5),
      checkout: code("a", 5),
      deployed: code("a"),
      entry,
      stackFilePath: "Pulumi.prod.yaml",
      locations,
      somethingIsPending: true,
      ...changes,
    });

  it("of a scale commit applies at once", () => {
    expect(decide({ trigger: { kind: "push", before: code("a") } })).toEqual({
      kind: "apply",
      previewFirst: "at-once",
    });
  });
  it("of a code change leaves it to the full up", () => {
    expect(decide({ trigger: { kind: "push", before: code("b") } })).toMatchObject({ kind: "full-needed" });
  });
  it("of a push whose parent is gone goes by what is deployed", () => {
    expect(decide({ trigger: { kind: "push", before: null } })).toMatchObject({ kind: "apply" });
    expect(decide({ trigger: { kind: "push", before: null }, deployed: code("b") })).toMatchObject({
      kind: "full-needed",
    });
  });
  it("previews first where older code is undeployed, or nobody knows", () => {
    expect(decide({ deployed: code("b") })).toEqual({ kind: "apply", previewFirst: "preview-first" });
    expect(decide({ deployed: null })).toEqual({ kind: "apply", previewFirst: "preview-first" });
  });
  it("behind newer code steps aside", () => {
    expect(decide({ checkout: code("b") })).toMatchObject({ kind: "superseded" });
    expect(decide({ checkout: null })).toMatchObject({ kind: "superseded" });
  });
  it("before the first publish needs a full up", () => {
    expect(decide({ entry: null })).toMatchObject({ kind: "full-needed" });
    expect(decide({ entry: { ...entry, deployed: null } })).toMatchObject({ kind: "full-needed" });
  });
  it("with nothing pending does nothing", () => {
    expect(decide({ somethingIsPending: false })).toEqual({ kind: "nothing" });
  });
});
