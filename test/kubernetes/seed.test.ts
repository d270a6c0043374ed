import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SEED } from "./seed-table.ts";

const TESTS = new URL("../", import.meta.url);

describe("what was asked of infra.scale", () => {
  it.each(SEED)("has a test: %s", (_, file, title) => {
    expect([file, existsSync(new URL(file, TESTS))]).toEqual([file, true]);
    expect(readFileSync(new URL(file, TESTS), "utf8")).toContain(`"${title}`);
  });

  it("is a sentence once", () => {
    const asked = SEED.map(([sentence]) => sentence);
    expect(new Set(asked).size).toBe(asked.length);
  });
});
