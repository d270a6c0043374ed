import { describe, expect, it } from "vitest";
import { type Hold, MAX_HOLDS } from "../../src/domain/controls.ts";
import { withoutHolds, withPause, withPin } from "../../src/domain/edit-holds.ts";
import { aPause, aPin } from "./holds.ts";
import { NOW } from "./situations.ts";

const web = ["web", "frontend"];

describe("whose holds", () => {
  const bobs = (hold: Hold): Hold => ({ ...hold, by: "bob" });

  it("are taken away by who may end their own alone", () => {
    const others = bobs(aPause("web", { direction: "in" }));
    const target = { kind: "pool", names: web } as const;
    expect(withoutHolds([aPause(), others], target, NOW, "Alice")).toEqual({
      ...{ kind: "edited", holds: [others], replaced: [aPause()] },
    });
    expect(withoutHolds([others], target, NOW, "alice")).toEqual({
      kind: "kept",
      message: expect.stringContaining("so it stays: bob has paused scaling in of web until"),
    });
    expect(withoutHolds([aPause("api")], target, NOW, "alice")).toEqual({ kind: "unchanged" });
  });

  it.each([bobs(aPause()), bobs(aPause(null)), bobs(aPause("frontend")), bobs(aPin(3))])(
    "let no pin of another through: %j",
    (hold) => {
      expect(withPin([hold], aPin(6), web, NOW, "own")).toMatchObject({ kind: "kept" });
      expect(withPin([hold], aPin(6), web, NOW)).toMatchObject({ kind: "edited" });
    },
  );
});

describe("withPause", () => {
  it.each<[string, Hold[], ReturnType<typeof aPause>, Hold[], Hold[]]>([
    ["adds one", [], aPause(), [aPause()], []],
    [
      "replaces the one of the same direction",
      [aPause("web", { until: 60 })],
      aPause(),
      [aPause()],
      [aPause("web", { until: 60 })],
    ],
    [
      "of both directions replaces those of each",
      [aPause("web", { direction: "in" }), aPause("web", { direction: "out" })],
      aPause(),
      [aPause()],
      [aPause("web", { direction: "in" }), aPause("web", { direction: "out" })],
    ],
    [
      "of one direction leaves that of the other",
      [aPause("web", { direction: "in" })],
      aPause("web", { direction: "out" }),
      [aPause("web", { direction: "in" }), aPause("web", { direction: "out" })],
      [],
    ],
    ["replaces that of a former name", [aPause("frontend")], aPause(), [aPause()], [aPause("frontend")]],
    [
      "leaves other pools, the stack and pins",
      [aPause("api"), aPause(null), aPin(6)],
      aPause(),
      [aPause("api"), aPause(null), aPin(6), aPause()],
      [],
    ],
    [
      "of the stack leaves its pools'",
      [aPause(), aPause(null, { until: 60 })],
      aPause(null),
      [aPause(), aPause(null)],
      [aPause(null, { until: 60 })],
    ],
    ["drops what is over", [aPause("api", { until: -1 }), aPin(6, { until: 0 })], aPause(), [aPause()], []],
  ])("%s", (_, before, pause, holds, replaced) => {
    expect(withPause(before, pause, web, NOW)).toEqual({ kind: "edited", holds, replaced });
  });

  it("changes nothing where it says so already", () => {
    expect(withPause([aPause("web", { at: -90 })], aPause(), web, NOW)).toEqual({ kind: "unchanged" });
  });

  it("takes no more than a file may hold, but may always replace one", () => {
    const many = Array.from({ length: MAX_HOLDS }, (_, index) => aPause(`pool${index}`));
    expect(withPause(many, aPause(), web, NOW)).toMatchObject({ kind: "full" });
    expect(withPause(many, aPause("pool7", { until: null }), ["pool7"], NOW)).toMatchObject({
      kind: "edited",
    });
  });
});

describe("withPin", () => {
  it("replaces the pool's pin, and leaves its pauses", () => {
    expect(withPin([aPin(4, { pool: "frontend" }), aPause()], aPin(6), web, NOW)).toEqual({
      kind: "edited",
      holds: [aPause(), aPin(6)],
      replaced: [aPin(4, { pool: "frontend" })],
    });
  });
});

describe("withoutHolds", () => {
  const all = [aPause(), aPin(6), aPause("api"), aPause(null)];

  it("takes away what was said of the pool alone", () => {
    expect(withoutHolds(all, { kind: "pool", names: web }, NOW)).toEqual({
      kind: "edited",
      holds: [aPause("api"), aPause(null)],
      replaced: [aPause(), aPin(6)],
    });
  });

  it("takes away what was said of everything alone", () => {
    expect(withoutHolds(all, { kind: "everything" }, NOW)).toMatchObject({ replaced: [aPause(null)] });
  });

  it("changes nothing where nothing holds any more", () => {
    expect(withoutHolds([aPause("web", { until: 0 })], { kind: "pool", names: web }, NOW)).toEqual({
      kind: "unchanged",
    });
  });
});
