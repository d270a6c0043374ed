import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Snapshot } from "../../src/domain/snapshot.ts";
import { SNAPSHOT_LIFE_MS, SnapshotCache } from "../../src/workflows/snapshot-cache.ts";

function aSnapshot(headOid: string, readAtMs: number): Snapshot {
  return {
    readAtMs,
    repositoryId: "r",
    repositoryNumber: "1",
    headOid,
    file: { kind: "missing" },
    history: [],
    inRange: null,
    gated: new Map(),
    reverts: new Map(),
    rejected: [],
    ledgerEntry: null,
    earlierLedgerEntries: [],
    controls: { repository: { kind: "missing" }, stack: { kind: "missing" } },
    repositoryFile: { kind: "missing" },
    mergeMethods: [],
  };
}

/** A cache whose reads end when the test says so, with the head it says. */
function openCache() {
  const clock = { nowMs: 0 };
  const stamp = { now: "" };
  const reads: ((headOid: string) => void)[] = [];
  const read = () => {
    const startedAtMs = clock.nowMs;
    return new Promise<Snapshot>((resolve) =>
      reads.push((headOid) => resolve(aSnapshot(headOid, startedAtMs))),
    );
  };
  const cache = new SnapshotCache(read, () => clock.nowMs, { stampNow: () => stamp.now });
  return { cache, clock, stamp, reads };
}

describe("SnapshotCache", () => {
  it("shares one read, and is good for its life", async () => {
    const { cache, clock, reads } = openCache();
    const both = Promise.all([cache.get(), cache.get()]);
    reads[0]?.("a");
    expect((await both).map(({ headOid }) => headOid)).toEqual(["a", "a"]);
    clock.nowMs = SNAPSHOT_LIFE_MS - 1;
    expect(cache.current()?.headOid).toBe("a");
    clock.nowMs = SNAPSHOT_LIFE_MS;
    expect(cache.current()).toBeNull();
    expect(reads).toHaveLength(1);
  });

  it("never keeps a read that began before a write", async () => {
    const { cache, reads } = openCache();
    const early = cache.get();
    cache.invalidate();
    const late = cache.get();
    reads[1]?.("new");
    await late;
    reads[0]?.("old");
    await early;
    expect(cache.current()?.headOid).toBe("new");
  });

  it("is good until what its stamp is of has changed, and so is a read under way", async () => {
    const { cache, stamp, reads } = openCache();
    const early = cache.get();
    stamp.now = "paused";
    const late = cache.get();
    reads[0]?.("old");
    await early;
    expect(cache.current()).toBeNull();
    reads[1]?.("new");
    await late;
    expect(cache.current()?.headOid).toBe("new");
    stamp.now = "resumed";
    expect(cache.current()).toBeNull();
  });

  it("lets a snapshot go when it is no longer good, without being asked", async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { cache, reads } = openCache();
    const reading = cache.get();
    reads[0]?.("a");
    await reading;
    vi.advanceTimersByTime(SNAPSHOT_LIFE_MS);
    // The test's clock stands still: what is gone now was let go.
    expect(cache.current()).toBeNull();
  });
});
