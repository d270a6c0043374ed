import { expect, it } from "vitest";
import { commitReports } from "../../src/apply/report-receipt.ts";
import type { Receipt } from "../../src/domain/receipt.ts";

it("keeps the summary of many failures to what GitHub takes", () => {
  const receipt: Receipt = {
    commit: "c",
    covers: ["c"],
    startedAt: "2026-11-20T12:00:00Z",
    durationSeconds: 1,
    outcome: "failed",
    pools: Array.from({ length: 60 }, (_, index) => ({
      pool: `pool-${index}`,
      outcome: "failed",
      from: 1,
      to: 2,
      message: "€".repeat(2000),
    })),
    runUrl: null,
  };
  const [report] = commitReports(receipt, [], "shop.prod");
  expect(report?.summary).toMatch(/^\| pool \| value \| outcome \|/);
  // GitHub counts 65,535 characters.
  expect(report?.summary.length).toBeLessThan(65_535);
});
