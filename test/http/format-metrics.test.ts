import { expect, test } from "vitest";
import { formatMetrics } from "../../src/http/format-metrics.ts";

test("labels are escaped", () => {
  const stack = { id: "", owner: 'a"b', repo: "c\\d", alias: "e\nf" };
  expect(formatMetrics([{ stack, isUp: false, readAtMs: null, pools: [] }])).toContain(
    'pulumiscale_stack_up{owner="a\\"b",repo="c\\\\d",stack="e\\nf"} 0\n',
  );
});

test("without stacks there are names but no samples", () => {
  expect(formatMetrics([])).toMatch(/^(# (HELP|TYPE) .*\n)+$/);
});
