import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

function count(report: unknown) {
  const folder = mkdtempSync(path.join(tmpdir(), "count-tests-"));
  try {
    writeFileSync(path.join(folder, "report.json"), JSON.stringify(report));
    const script = fileURLToPath(new URL("count-tests.mjs", import.meta.url));
    return spawnSync(process.execPath, [script, path.join(folder, "report.json")], { encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const passed = { status: "passed", fullName: "adds" };

test("tests that passed and failed", () => {
  const failed = { status: "failed", fullName: "subtracts" };
  const answer = count({
    testResults: [{ status: "failed", name: "a.test.ts", assertionResults: [passed, failed] }],
  });
  expect(answer.stdout).toBe("1 1\n");
  expect(answer.stderr).toBe("failed: subtracts\n");
});

test("a skipped test counts as failed", () => {
  const skipped = { status: "skipped", fullName: "needs Alertmanager" };
  const answer = count({
    testResults: [{ status: "passed", name: "a.test.ts", assertionResults: [passed, skipped] }],
  });
  expect(answer.stdout).toBe("1 1\n");
});

test("a file that could not be loaded counts as failed", () => {
  const broken = { status: "failed", name: "b.test.ts", message: "SyntaxError", assertionResults: [] };
  const good = { status: "passed", name: "a.test.ts", assertionResults: [passed] };
  expect(count({ testResults: [good, broken] }).stdout).toBe("1 1\n");
});

test("no tests at all is an error, as is no report", () => {
  expect(count({ testResults: [] }).status).not.toBe(0);
  expect(count("").status).not.toBe(0);
});
