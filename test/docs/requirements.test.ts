import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");

const IDS = [
  ...["US1.1", "US1.2", "US2.1", "US2.2", "US2.3", "US3.1", "US3.2", "US4.1", "US5.1"],
  ...["EC.1", "EC.2", "EC.3"],
  ...Array.from({ length: 12 }, (_, index) => `FR-${String(index + 1).padStart(3, "0")}`),
  ...["SC-001", "SC-002", "SC-003", "SC-004"],
];

const ROWS = read("docs/requirements.md")
  .split("\n")
  .filter((line) => /^\| [A-Z]/.test(line))
  .map((line) => {
    const [, id = "", , tests = ""] = line.split("|").map((cell) => cell.trim());
    return { id, tests: tests.split(" · ") };
  });

describe("the table of requirements", () => {
  it("has a row for each of them", () => {
    expect(ROWS.map(({ id }) => id)).toEqual(IDS);
  });

  it.each(ROWS)("has a test of the process in the program directory for $id", ({ tests }) => {
    expect(tests.filter((test) => test.startsWith("`test/sidecar/"))).not.toEqual([]);
  });

  it.each(ROWS)("names tests that there are for $id", ({ tests }) => {
    for (const test of tests) {
      const [, path = "", name = ""] = /^`(test\/[^`]+\.test\.ts)`: (.+)$/.exec(test) ?? [];
      expect([test, existsSync(new URL(path, ROOT)) && path !== ""]).toEqual([test, true]);
      // A title, or the beginning of one.
      const isThere = name !== "" && read(path).includes(`"${name}`);
      expect([test, isThere]).toEqual([test, true]);
    }
  });
});
