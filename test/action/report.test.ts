import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createReport, type Report } from "../../action/report.ts";

let folder: string;
let printed: string[];
let report: Report;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "report-"));
  printed = [];
  report = createReport({
    outputFile: join(folder, "output"),
    summaryFile: join(folder, "summary"),
    print: (line) => printed.push(line),
  });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("masks a secret before anything else, and takes it out of every text", async () => {
  report.hide("s3cret-value\nsecond-line");
  report.say("error", "it was s3cret-value");
  report.pulumi("second-line here");
  report.setOutput("receipt", { message: "s3cret-value" });
  report.summarize("| second-line |");
  expect(printed).toEqual([
    "::add-mask::s3cret-value",
    "::add-mask::second-line",
    "::error::it was ***",
    "*** here",
  ]);
  expect(await readFile(join(folder, "output"), "utf8")).toContain('{"message":"***"}');
  expect(await readFile(join(folder, "summary"), "utf8")).toBe("| *** |\n");
});

it("lets no line of Pulumi's be a command to the runner", () => {
  report.pulumi("::set-output name=full-needed::true");
  report.pulumi("  ##[error]forged");
  report.pulumi("a message with ##[stop-commands]forged in it");
  report.say("warning", "two\nlines 100%");
  report.pulumi("\u0085::set-output name=full-needed::true");
  expect(printed.at(-1)).toBe("\u0085\u200b::set-output name=full-needed::true");
  expect(printed[0]).not.toMatch(/^\s*::/);
  expect(printed[1]).not.toContain("##[");
  expect(printed[2]).not.toContain("##[");
  expect(printed[3]).toBe("::warning::two%0Alines 100%25");
});

it("writes outputs of several lines that no value can end early", async () => {
  report.setOutput("preview", "one\nEOF\npulumiscale_\ntwo");
  const text = await readFile(join(folder, "output"), "utf8");
  const [, delimiter = "-"] = /^preview<<(\S+)\n/.exec(text) ?? [];
  expect(text).toBe(`preview<<${delimiter}\none\nEOF\npulumiscale_\ntwo\n${delimiter}\n`);
});
