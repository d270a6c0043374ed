import { expect, it } from "vitest";
import { onlyNews } from "../../src/cli/local/only-news.ts";
import { tellEnd } from "../../src/cli/local/tell-end.ts";
import type { PoolReceipt } from "../../src/domain/receipt.ts";
import type { ApplyEnd } from "../../src/workflows/apply-queue.ts";

function endOf(...pools: PoolReceipt[]): ApplyEnd {
  const receipt = {
    ...{ commit: "a".repeat(40), covers: [], startedAt: "2026-01-01T00:00:00.000Z", durationSeconds: 1 },
    ...{ outcome: "partial" as const, runUrl: null, pools },
  };
  return { kind: "done", receipt, problems: ["queue: its value is no number"] };
}

it("a move that was made twice is told twice, a failure that lasts once", () => {
  const told: string[] = [];
  const tell = (line: string) => void told.push(line);
  const warn = onlyNews(tell);
  const applied: PoolReceipt = { pool: "web", outcome: "applied", from: 3, to: 4, message: "" };
  const failed: PoolReceipt = { pool: "jobs", outcome: "failed", from: null, to: 2, message: "no quota" };
  tellEnd(endOf(applied, failed), tell, warn);
  tellEnd(endOf(applied, failed), tell, warn);
  tellEnd({ kind: "failed", message: "the backend is away" }, tell, warn);
  expect(told).toEqual([
    "web 3 → 4 applied",
    "jobs ? → 2 failed: no quota",
    "queue: its value is no number",
    "web 3 → 4 applied",
    "The apply could not be tried: the backend is away. It is tried again.",
  ]);
});
