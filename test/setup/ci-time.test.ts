import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

test("the CI workflow has the time that the steps of .ci/run may take together", () => {
  const steps = [...read(".ci/run").matchAll(/\bstep (\d+) npm /g)].map(([, minutes]) => Number(minutes));
  const [, minutes] = /timeout-minutes: (\d+)/.exec(read(".github/workflows/ci.yml")) ?? [];
  expect(steps.length).toBeGreaterThan(3);
  expect(Number(minutes)).toBeGreaterThan(steps.reduce((sum, step) => sum + step));
});
