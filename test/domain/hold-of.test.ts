import { describe, expect, it } from "vitest";
import type { PlacedHold } from "../../src/domain/controls.ts";
import { describeHold, holdOf, holdsOfPool, pausesOf, pinOf } from "../../src/domain/hold-of.ts";
import { aPause, aPin } from "./holds.ts";
import { aPool, at, NOW } from "./situations.ts";

type Case = {
  everything?: string;
  holds?: PlacedHold[];
  /** From 3 to this. */
  to?: number;
  nowMs?: number;
  expected: string | null;
};

/** Who goes before whom, and until when. */
const cases: Record<string, Case> = {
  "nothing holds": { expected: null },
  "a pause holds a move up": { holds: [aPause()], expected: "paused" },
  "a pause holds a move down": { holds: [aPause()], to: 1, expected: "paused" },
  "a pause of scaling in lets the pool grow": { holds: [aPause("web", { direction: "in" })], expected: null },
  "a pause of scaling in holds a move down": {
    holds: [aPause("web", { direction: "in" })],
    to: 1,
    expected: "paused",
  },
  "a pause of scaling out holds a move up": {
    holds: [aPause("web", { direction: "out" })],
    expected: "paused",
  },
  "a pause of scaling out lets the pool shrink": {
    holds: [aPause("web", { direction: "out" })],
    to: 1,
    expected: null,
  },
  "no move is against no direction": {
    holds: [aPause("web", { direction: "out" }), aPause("web", { direction: "in" })],
    to: 3,
    expected: null,
  },
  "a pause of the stack holds": { holds: [aPause(null)], expected: "paused" },
  "a pause of the repository holds": { holds: [aPause(null, { in: "repository" })], expected: "paused" },
  "a pin holds every other value": { holds: [aPin(6)], expected: "pinned" },
  "a pin lets its own value through": { holds: [aPin(5)], to: 5, expected: null },
  "a pin lets its own value through a pause": { holds: [aPin(5), aPause()], to: 5, expected: null },
  "a pin goes before a pause": { holds: [aPause(), aPin(6)], expected: "pinned" },
  "everything paused goes before a pin": {
    everything: "all",
    holds: [aPin(5)],
    to: 5,
    expected: "paused: all",
  },
  "a pin above max means max": { holds: [aPin(60)], to: 10, expected: null },
  "the newest of two pins counts": {
    holds: [aPin(5, { at: -10 }), aPin(4, { at: -20 })],
    to: 5,
    expected: null,
  },
  "a pause is over at its very end": { holds: [aPause()], nowMs: at(3600), expected: null },
  "a pause holds to its end": { holds: [aPause()], nowMs: at(3600) - 1, expected: "paused" },
  "a pin is over at its end, and the pause behind it holds again": {
    holds: [aPin(5, { until: 60 }), aPause()],
    nowMs: at(60),
    to: 5,
    expected: "paused",
  },
  "without an end it holds for ever": {
    holds: [aPause("web", { until: null })],
    nowMs: at(1e9),
    expected: "paused",
  },
};

describe("holdOf", () => {
  it.each(Object.entries(cases))(
    "%s",
    (_, { everything = null, holds = [], to = 5, nowMs = NOW, expected }) => {
      const found = holdOf({ everything, holds }, aPool(), { from: 3, to }, nowMs);
      const told = found === null ? null : `${found.code}: ${found.message}`;
      if (expected === null) expect(told).toBeNull();
      else expect(told).toContain(expected);
    },
  );

  it("tells of the pause that lasts longest, and of one in both directions first", () => {
    const holds = [
      aPause("web", { direction: "out", until: null }),
      aPause("web", { until: 60 }),
      aPause(null, { until: 120 }),
    ];
    const told = holdOf({ everything: null, holds }, aPool(), { from: 3, to: 4 }, NOW)?.message;
    expect(told).toBe("alice has paused the stack until 2026-01-07T12:02:00.000Z");
  });

  it("keeps to what is about the pool, by its present and its former names", () => {
    const pool = aPool({ aliases: ["frontend"] });
    const holds = [aPause("api"), aPause("frontend"), aPin(4, { pool: "api" }), aPause(null)];
    expect(holdsOfPool(holds, pool)).toEqual([aPause("frontend"), aPause(null)]);
    expect(pinOf(holdsOfPool(holds, pool), NOW)).toBeNull();
    expect(pausesOf(holds, NOW)).toHaveLength(3);
  });
});

describe("describeHold", () => {
  it.each<[PlacedHold, string]>([
    [aPause("web", { why: "load test" }), "alice has paused web until 2026-01-07T13:00:00.000Z (load test)"],
    [
      aPause("web", { direction: "in", until: null }),
      "alice has paused scaling in of web until somebody resumes it",
    ],
    [aPause(null, { by: "" }), "somebody has paused the stack until 2026-01-07T13:00:00.000Z"],
    [
      aPause(null, { in: "repository" }),
      "alice has paused the whole repository until 2026-01-07T13:00:00.000Z",
    ],
    [aPin(6), "alice has pinned web at 6 until 2026-01-07T13:00:00.000Z"],
  ])("says who, until when and why: %#", (hold, expected) => {
    expect(describeHold(hold)).toBe(expected);
  });
});
