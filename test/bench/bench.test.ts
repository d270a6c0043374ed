import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { interleave, ratioOf } from "./interleave.ts";
import { atLeast, atMost, type Figure } from "./measurement.ts";
import { renderTable } from "./render-table.ts";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
const run = promisify(execFile);
const bench = (...args: string[]) => run(process.execPath, [main, ...args]);

const Answer = z.object({
  figures: z.array(z.looseObject({ name: z.string(), unit: z.string(), value: z.number() })),
  failures: z.array(z.string()),
});

describe("npm run bench", () => {
  it("counts what a decision costs GitHub", { timeout: 120_000 }, async () => {
    const { stdout } = await bench("--quick", "--json", "--only", "api-calls");
    const { figures, failures } = Answer.parse(JSON.parse(stdout));
    expect(failures).toEqual([]);
    const calls = figures.filter(({ unit }) => unit === "calls").map(({ name, value }) => [name, value]);
    expect(Object.fromEntries(calls)).toEqual({
      "held, within a snapshot's life": 0,
      "held, with a fresh read": 1,
      "direct commit": 2,
      "pull request, alert to merged": 4,
      "gated pull request, alert to opened": 4,
      "gated pull request, with the guard's check": expect.any(Number),
      "a larger scale-out replaces a living pull request": expect.any(Number),
      "one sweep, a repository with a stack": 3,
      "one sweep, 30 repositories with a stack": 21,
    });
  });

  it("measures every stage from the alert to the receipt", { timeout: 300_000 }, async () => {
    const { stdout } = await bench("--quick", "--json", "--only", "alert-to-applied");
    const { figures, failures } = Answer.parse(JSON.parse(stdout));
    expect(failures).toEqual([]);
    expect(figures.map(({ name }) => name)).toEqual([
      "of it: alert to the app's answer",
      "of it: alert to the merged commit",
      "alert to changed resource",
      "alert to receipt in the ledger",
    ]);
    const [answered = 0, merged = 0, changed = 0] = figures.map(({ value }) => value);
    expect([answered > 0, answered <= merged, merged < changed]).toEqual([true, true, true]);
  });

  it("counts what a scale through serve starts, and times its stages", { timeout: 300_000 }, async () => {
    const { stdout } = await bench("--quick", "--json", "--only", "sidecar-up");
    const { figures, failures } = Answer.parse(JSON.parse(stdout));
    expect(failures).toEqual([]);
    const named = (wanted: string) => figures.filter(({ name }) => name === wanted).map(({ value }) => value);
    expect(figures.filter(({ name }) => name.startsWith("scale, ")).map(({ name }) => name)).toEqual([
      "scale, Node.js program, git",
      "scale, YAML program, git",
      "scale, YAML program, no git",
    ]);
    // The contract, the update; and the contract anew, which begins with the answer.
    for (const count of named("… Pulumi processes").slice(0, 2)) expect([2, 3]).toContain(count);
    expect(named("… Pulumi processes while nothing is pending")).toEqual([0, 0, 0]);
    expect(named("… git processes").map((count) => count > 0)).toEqual([true, true, false]);
  });

  it("weighs the npm package", { timeout: 60_000 }, async () => {
    const { stdout } = await bench("--json", "--only", "package-size");
    const { figures, failures } = Answer.parse(JSON.parse(stdout));
    expect(failures).toEqual([]);
    expect(figures.map(({ name, unit }) => [name, unit])).toEqual([
      ["tarball", "bytes"],
      ["unpacked", "bytes"],
      ["files", "files"],
      ["runtime dependencies", "packages"],
    ]);
    expect(figures.map(({ value }) => value > 0)).toEqual([true, true, true, false]);
  });

  it("times a dry run of infra.scale against a bare start", { timeout: 60_000 }, async () => {
    const { stdout } = await bench("--quick", "--json", "--only", "infra-scale");
    const { figures, failures } = Answer.parse(JSON.parse(stdout));
    expect(failures).toEqual([]);
    expect(figures.map(({ name, unit, value }) => [name, unit, value > 0])).toEqual([
      ["infra.scale, dry run", "ratio", true],
    ]);
  });

  it("refuses a measurement that it does not have", async () => {
    await expect(bench("--only", "luck")).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no measurement luck."),
    });
  });
});

describe("interleave", () => {
  it("takes turns, changes who is first, and leaves the first repetition out", async () => {
    const turns: string[] = [];
    const side = (name: string) => async (repetition: number) => {
      turns.push(`${name}${repetition}`);
      return `${name}${repetition}`;
    };
    expect(await interleave(side("o"), side("b"), 2)).toEqual([
      { ours: "o1", baseline: "b1" },
      { ours: "o2", baseline: "b2" },
    ]);
    expect(turns).toEqual(["o0", "b0", "b1", "o1", "o2", "b2"]);
  });

  it("gives the median of the ratios with their middle half, whatever one repetition met", () => {
    const pairs = [1, 2, 3, 4, 90].map((ours) => ({ ours, baseline: 2 }));
    expect(ratioOf(pairs, (cost) => cost)).toEqual({
      value: 1.5,
      unit: "ratio",
      spread: { low: 1, high: 2, repetitions: 5 },
    });
  });

  it("refuses to call nothing a ratio", () => {
    expect(() => ratioOf([{ ours: 1, baseline: 0 }], (cost) => cost)).toThrow("these are no ratios");
    expect(() => ratioOf<number>([], (cost) => cost)).toThrow("these are no ratios");
  });
});

describe("the table", () => {
  const ratio: Figure = {
    name: "speed",
    value: 0.456,
    unit: "ratio",
    against: "a baseline",
    spread: { low: 0.4, high: 0.0512, repetitions: 3 },
    aim: atLeast(0.5),
  };
  const count: Figure = {
    name: "size",
    value: 12_345,
    unit: "bytes",
    against: "a file",
    spread: null,
    aim: atMost(20_000),
  };

  it("shows the aim and whether it is met", () => {
    const lines = renderTable([
      { ...ratio, measurement: "one" },
      { ...count, measurement: "one" },
      { ...count, measurement: "two", aim: null },
    ]).split("\n");
    expect(lines[2]?.split(/ {2,}/)).toEqual([
      "one",
      "speed",
      "0.46 ×",
      "0.40 – 0.051 of 3",
      "a baseline",
      "≥ 0.5",
      "missed",
    ]);
    expect(lines[3]?.trim().split(/ {2,}/)).toEqual(["size", "12,345 bytes", "a file", "≤ 20,000", "met"]);
    const [, , close] = renderTable([{ ...ratio, value: 0.4977, measurement: "one" }]).split("\n");
    expect(close).toContain("0.498 ×");
    expect(lines[4]?.split(/ {2,}/)).toEqual(["two", "size", "12,345 bytes", "a file"]);
  });
});
