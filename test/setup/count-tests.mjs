// node count-tests.mjs <report of vitest's JSON reporter> : prints "<passed> <failed>".
// A test that was skipped proves nothing: it counts as failed. So does a file that could not be read as tests.
import { readFileSync } from "node:fs";
import process from "node:process";

const report = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
/** @type {{ status: string, message?: string, name: string, assertionResults: { status: string, fullName: string }[] }[]} */
const files = report.testResults;
const tests = files.flatMap((file) => file.assertionResults);
const failures = [
  ...tests
    .filter(({ status }) => status !== "passed")
    .map(({ status, fullName }) => `${status}: ${fullName}`),
  ...files
    .filter(
      ({ status, assertionResults }) =>
        status !== "passed" && assertionResults.every((test) => test.status === "passed"),
    )
    .map(({ name, message }) => `failed: ${name}: ${message ?? "no tests"}`),
];
if (tests.length === 0) throw new Error("the report lists no test");
for (const failure of failures) console.error(failure);
console.log(`${tests.filter(({ status }) => status === "passed").length} ${failures.length}`);
