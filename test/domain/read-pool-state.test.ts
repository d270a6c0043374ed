import { describe, expect, it } from "vitest";
import { type AppliedFacts, readPoolState } from "../../src/domain/read-pool-state.ts";
import { formatMessage } from "../../src/domain/scale-commit.ts";
import type { FileCommit, ScaleBranch, Snapshot, StackFile } from "../../src/domain/snapshot.ts";
import { createStackFileReader } from "../../src/domain/stack-file.ts";
import { aPool, at, NOW } from "./situations.ts";

const stack = { project: "shop", alias: "shop.prod", path: "Pulumi.prod.yaml" };

function file(value: number | string): StackFile {
  return { kind: "text", text: `config:\n  shop:webCount: ${value}\n  shop:other: x\n` };
}

function scaleMessage(
  from: number,
  to: number,
  pool = "web",
  alias = "shop.prod",
  event = "0123456789abcdef",
): string {
  const scale = { pool, from, to, requested: to, reasons: ["requested"], source: "prometheus", event };
  const { headline, body } = formatMessage({ alias, scales: [scale], requestedBy: "prometheus" }, "prose");
  return `${headline}\n\n${body}`;
}

function aCommit(seconds: number, before: StackFile, after: StackFile, message = "edit by hand"): FileCommit {
  return {
    oid: `${seconds}`,
    message,
    reachedAtMs: at(seconds),
    author: "alice",
    pullRequest: null,
    mergeMessage: null,
    before,
    after,
  };
}

function aBranch(message: string, over: Partial<ScaleBranch> = {}): ScaleBranch {
  return {
    name: "scale/shop.prod",
    headOid: "h",
    headMessage: message,
    parentOid: "p",
    committedAtMs: at(-5),
    file: file(4),
    isFinished: false,
    astray: null,
    pull: {
      number: 7,
      nodeId: "n",
      createdAtMs: at(-5),
      isDraft: false,
      headOid: "h",
      commitCount: 1,
      fileCount: 1,
      isAutoMerging: false,
      isOurs: true,
    },
    ...over,
  };
}

function aSnapshot(over: Partial<Snapshot> = {}): Snapshot {
  return {
    readAtMs: NOW,
    repositoryId: "r",
    repositoryNumber: "1",
    headOid: "head",
    file: file(3),
    history: [],
    inRange: null,
    gated: new Map(),
    reverts: new Map(),
    rejected: [],
    ledgerEntry: null,
    earlierLedgerEntries: [],
    controls: { repository: { kind: "missing" }, stack: { kind: "missing" } },
    repositoryFile: { kind: "missing" },
    mergeMethods: ["squash"],
    ...over,
  };
}

const nothingApplied: AppliedFacts = { applied: {}, receipt: null };

const notHeld = { everything: null, holds: [] };

function read(snapshot: Snapshot, facts = nothingApplied, pool = aPool()) {
  const result = readPoolState(snapshot, pool, stack, facts, notHeld, createStackFileReader());
  if (result.kind !== "state") throw new Error(result.message);
  return result.state;
}

describe("readPoolState", () => {
  it("takes the newest change of the value, not of the file", () => {
    const history = [
      aCommit(-10, file(3), { kind: "text", text: "config:\n  shop:webCount: 3\n  shop:other: y\n" }),
      aCommit(-60, file(2), file(3), scaleMessage(2, 3)),
      aCommit(-90, file(9), file(2)),
    ];
    expect(read(aSnapshot({ history })).lastChange).toMatchObject({
      atMs: at(-60),
      from: 2,
      to: 3,
      by: "scale",
      author: "prometheus",
    });
  });

  it("calls a change manual where the commit's words say another one", () => {
    for (const message of [
      scaleMessage(2, 4),
      scaleMessage(2, 3, "api"),
      scaleMessage(2, 3, "web", "shop.dev"),
      "fix",
    ]) {
      const state = read(aSnapshot({ history: [aCommit(-60, file(2), file(3), message)] }));
      expect(state.lastChange).toMatchObject({ by: "manual", author: "alice" });
      expect(state.seenEvents).toEqual([]);
    }
  });

  it("counts a change from when it reached the base branch, whatever the order of the log", () => {
    const history = [aCommit(-60, file(1), file(2)), aCommit(-30, file(2), file(3))];
    expect(read(aSnapshot({ history })).lastChange?.atMs).toBe(at(-30));
  });

  it("takes what a wrong clock has dated far ahead for old, and what clocks differ by for what it says", () => {
    const ahead = aCommit(86_400, file(2), file(3), scaleMessage(2, 3));
    const state = read(aSnapshot({ history: [ahead] }));
    expect(state.lastChange).toMatchObject({ from: 2, to: 3, atMs: 0 });
    expect(state.seenEvents).toEqual([{ event: "0123456789abcdef", atMs: 0 }]);
    const later = aCommit(-30, file(3), file(4));
    expect(read(aSnapshot({ history: [later, ahead] })).lastChange).toMatchObject({ to: 4, atMs: at(-30) });
    const little = aCommit(240, file(2), file(3));
    expect(read(aSnapshot({ history: [little] })).lastChange?.atMs).toBe(at(240));
  });

  it("knows the events of the history and of the open pull request", () => {
    const history = [
      aCommit(-60, file(2), file(3), scaleMessage(2, 3, "web", "shop.prod", "aaaaaaaaaaaaaaaa")),
    ];
    const state = read(aSnapshot({ history, inRange: aBranch(scaleMessage(3, 4)) }));
    expect(state.seenEvents).toEqual([
      { event: "aaaaaaaaaaaaaaaa", atMs: at(-60) },
      { event: "0123456789abcdef", atMs: at(-5) },
    ]);
    expect(state.pending).toEqual({ to: 4, sinceMs: at(-5), pullRequest: 7 });
  });

  it("forgets a pull request that was made for another value, or is closed", () => {
    for (const inRange of [aBranch(scaleMessage(2, 4)), aBranch(scaleMessage(3, 4), { pull: null })]) {
      const state = read(aSnapshot({ inRange }));
      expect(state.pending).toBeNull();
      expect(state.seenEvents).toEqual([]);
    }
  });

  it("knows what waits for approval", () => {
    const gated = new Map([["web", aBranch(scaleMessage(3, 9), { name: "scale-approval/shop.prod/web" })]]);
    expect(read(aSnapshot({ gated })).awaitingApproval?.to).toBe(9);
  });

  it("keeps the history and the events of a renamed stack, and of no other", () => {
    const message = scaleMessage(2, 3, "web", "shop.old", "aaaaaaaaaaaaaaaa");
    const snapshot = aSnapshot({ history: [aCommit(-60, file(2), file(3), message)] });
    const named = (formerAliases: string[]) => ({ ...stack, formerAliases });
    const readAs = (formerAliases: string[]) =>
      readPoolState(
        snapshot,
        aPool(),
        named(formerAliases),
        nothingApplied,
        notHeld,
        createStackFileReader(),
      );
    expect(readAs(["older", "shop.old"])).toMatchObject({
      state: { lastChange: { by: "scale" }, seenEvents: [{ event: "aaaaaaaaaaaaaaaa" }] },
    });
    expect(readAs(["older"])).toMatchObject({ state: { lastChange: { by: "manual" }, seenEvents: [] } });
  });

  it("keeps the history of a renamed pool", () => {
    const pool = aPool({ aliases: ["frontend"] });
    const history = [aCommit(-60, file(2), file(3), scaleMessage(2, 3, "frontend"))];
    const state = read(aSnapshot({ history }), { applied: { frontend: 2 }, receipt: null }, pool);
    expect(state.lastChange?.by).toBe("scale");
    expect(state.applied).toBe(2);
  });

  it("holds a failure only as long as its value is the committed one", () => {
    const receipt = {
      commit: "c",
      covers: [],
      startedAt: "2026-01-07T11:00:00Z",
      durationSeconds: 1,
      outcome: "failed" as const,
      pools: [{ pool: "web", outcome: "failed" as const, from: 2, to: 3, message: "quota" }],
      runUrl: null,
    };
    expect(read(aSnapshot(), { applied: { web: 2 }, receipt }).applyFailure).toBe("failed: quota");
    expect(read(aSnapshot({ file: file(5) }), { applied: { web: 2 }, receipt }).applyFailure).toBeNull();
  });

  it.each<[string, StackFile]>([
    ["a missing file", { kind: "missing" }],
    ["a file that cannot be read", { kind: "unreadable", message: "binary" }],
    ["a missing key", { kind: "text", text: "config: {}\n" }],
    ["a value that is no integer", file("many")],
  ])("says what is wrong with %s", (_, stackFile) => {
    const result = readPoolState(
      aSnapshot({ file: stackFile }),
      aPool(),
      stack,
      nothingApplied,
      notHeld,
      createStackFileReader(),
    );
    expect(result.kind).toBe("unusable");
    if (result.kind === "unusable") expect(result.message).toContain("Pulumi.prod.yaml");
  });
});
