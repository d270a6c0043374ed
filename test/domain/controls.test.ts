import { describe, expect, it } from "vitest";
import {
  type ControlsScope,
  controlsPath,
  formatControls,
  MAX_HOLDS,
  parseControls,
} from "../../src/domain/controls.ts";
import type { StackFile } from "../../src/domain/snapshot.ts";

const STACK: ControlsScope = { kind: "stack", alias: "shop.prod" };
const REPOSITORY: ControlsScope = { kind: "repository" };
const pause = {
  kind: "pause",
  pool: "web",
  direction: "both",
  until: "2026-01-07T13:00:00Z",
  by: "alice",
  at: "2026-01-07T12:00:00Z",
  why: "load test",
} as const;
const pin = { ...pause, kind: "pin", pool: "web", value: 6, direction: undefined } as const;
const file = (holds: unknown, more = {}): StackFile => ({
  kind: "text",
  text: JSON.stringify({ schemaVersion: 1, holds, ...more }),
});

describe("parseControls", () => {
  it("reads back what was written, with the file that it stood in", () => {
    const text = formatControls([pause, { ...pause, pool: null }]);
    expect(text.endsWith("}\n")).toBe(true);
    expect(parseControls({ kind: "text", text }, STACK)).toEqual({
      kind: "controls",
      holds: [
        { ...pause, in: "stack" },
        { ...pause, pool: null, in: "stack" },
      ],
    });
  });

  it("holds nothing where there is no file", () => {
    expect(parseControls({ kind: "missing" }, STACK)).toEqual({ kind: "controls", holds: [] });
  });

  it("takes what was said for people as one clean line", () => {
    const parsed = parseControls(
      file([{ ...pause, by: "@eve", why: "see\n[x](https://e.example) #1" }]),
      STACK,
    );
    expect(parsed).toMatchObject({ holds: [{ by: "eve", why: expect.not.stringMatching(/[\n@#[]|https/) }] });
  });

  it.each<[string, StackFile, string]>([
    ["a newer version", file([], { schemaVersion: 2 }), "has schemaVersion 2; update PulumiScale"],
    ["no JSON", { kind: "text", text: "{" }, "it is no JSON"],
    ["JSON of another shape", { kind: "text", text: "[]" }, "cannot be read"],
    ["what git could not give", { kind: "unreadable", message: "it is binary" }, "it is binary"],
    ["a mistyped end", file([{ ...pause, untill: pause.until }]), "holds.0"],
    ["an end that is no time", file([{ ...pause, until: "tomorrow" }]), "holds.0.until"],
    ["a direction that is none", file([{ ...pause, direction: "up" }]), "holds.0.direction"],
    ["a kind that is none", file([{ ...pause, kind: "freeze" }]), "holds.0.kind"],
    ["a pin without a value", file([{ ...pin, value: undefined }]), "holds.0.value"],
    ["a pin of half an instance", file([{ ...pin, value: 1.5 }]), "holds.0.value"],
    ["a pool that can be none", file([{ ...pause, pool: "../x" }]), "holds.0.pool"],
    ["too many", file(Array.from({ length: MAX_HOLDS + 1 }, () => pause)), "holds"],
    ["too long a text", { kind: "text", text: " ".repeat(500_001) }, "500000 characters"],
  ])("scales nothing by %s", (_, stackFile, why) => {
    const parsed = parseControls(stackFile, STACK);
    expect(parsed.kind).toBe("unreadable");
    if (parsed.kind !== "unreadable") return;
    expect(parsed.message).toContain(why);
    expect(parsed.message).toContain("controls/shop.prod.json");
  });

  it("knows no pool in the repository's file, where several stacks may have one of that name", () => {
    expect(parseControls(file([pin]), REPOSITORY)).toMatchObject({ kind: "unreadable" });
    expect(parseControls(file([{ ...pause, pool: null }]), REPOSITORY)).toMatchObject({
      holds: [{ in: "repository" }],
    });
  });
});

it("stands beside the ledger's entries", () => {
  expect([controlsPath(STACK), controlsPath(REPOSITORY)]).toEqual([
    "controls/shop.prod.json",
    "controls.json",
  ]);
});
