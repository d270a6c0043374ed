import { expect, it } from "vitest";
import type { PoolRow } from "../../src/workflows/read-status.ts";
import { renderStatus } from "../../src/workflows/render-status.ts";

function poolRow(over: Partial<PoolRow> = {}): PoolRow {
  return {
    ...{ kind: "pool", stack: "shop.prod", pool: "web", min: 1, max: 10, committed: 3, applied: 2 },
    ...{ waiting: [], held: [], failure: null, last: null },
    ...over,
  };
}

const rowsOf = (body: string) => body.split("\n").filter((line) => line.startsWith("| `"));

it("has one row for a pool, with all that is known of it", () => {
  const row = poolRow({
    waiting: [
      { to: 4, pullRequest: 7, waitsFor: "merge" },
      { to: 9, pullRequest: null, waitsFor: "approval" },
    ],
    held: ["alice has pinned web at 3 until somebody resumes it"],
    failure: "failed: no quota",
    last: { from: 2, to: 3, by: "bob", commit: "a".repeat(40), pullRequest: null },
  });
  expect(rowsOf(renderStatus({ rows: [row], moreStacks: 0 }).body)).toEqual([
    "| `shop.prod/web` | 3 | 2 | 1–10 | 4 (#7) waits for its merge; 9 waits for approval | alice has pinned web at 3 until somebody resumes it | ❗ failed: no quota | 2 → 3 by bob (aaaaaaaaaaaa) |",
  ]);
});

it("says what is wrong with a stack that nothing else is known of", () => {
  const problem = "the ledger entry of shop.prod is not verified yet";
  const { body } = renderStatus({ rows: [{ kind: "stack", stack: "shop.prod", problem }], moreStacks: 0 });
  expect(rowsOf(body)).toEqual([`| \`shop.prod\` | ? | ? | | | | ❗ ${problem} | |`]);
});

it("counts the pools and stacks that it does not show", () => {
  const rows = Array.from({ length: 103 }, (_, index) => poolRow({ pool: `p${index}` }));
  const { body } = renderStatus({ rows, moreStacks: 1 });
  expect(rowsOf(body)).toHaveLength(100);
  expect(body).toContain("… and 3 more pools and 1 more stack:");
});

it("stays within what GitHub takes, however much there is to say", () => {
  const long = "x ".repeat(1_000);
  const rows = Array.from({ length: 100 }, () =>
    poolRow({ stack: "s".repeat(100), held: [long, long, long], failure: long }),
  );
  const { body } = renderStatus({ rows, moreStacks: 0 });
  expect(body.length).toBeLessThan(65_536);
  expect(rowsOf(body).length + Number(/and (\d+) more pools/.exec(body)?.[1])).toBe(100);
});

it("says so where there is no stack", () => {
  expect(renderStatus({ rows: [], moreStacks: 0 }).body).toContain("No stack is published yet.");
});
