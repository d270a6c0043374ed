import { describe, expect, test } from "vitest";
import { CountBody, DeltaBody, ScaleBody, toAsk } from "../../src/sources/direct.ts";
import { parseWith } from "../../src/sources/parsed.ts";

test("a count sets, a delta moves", () => {
  expect(toAsk(CountBody.parse({ value: 10 }))).toEqual({ kind: "value", value: 10 });
  expect(toAsk(DeltaBody.parse({ delta: -1 }))).toEqual({ kind: "delta", delta: -1 });
  expect(toAsk(ScaleBody.parse({ value: 0 }))).toEqual({ kind: "value", value: 0 });
  expect(toAsk(ScaleBody.parse({ delta: 2 }))).toEqual({ kind: "delta", delta: 2 });
});

test("minus zero is zero", () => {
  expect(toAsk(CountBody.parse(JSON.parse('{"value":-0}')))).toEqual({ kind: "value", value: 0 });
});

describe("refused", () => {
  const cases = [
    ["count without a value", CountBody, {}, "$.value"],
    ["count with a delta", CountBody, { value: 1, delta: 1 }, "$"],
    ["delta with a value", DeltaBody, { value: 1 }, "$.delta"],
    ["scale with neither", ScaleBody, {}, "$"],
    ["scale with both", ScaleBody, { value: 1, delta: 1 }, "$"],
    ["a wish that would not be honoured", ScaleBody, { value: 1, dryRun: true }, "$"],
    ["a number in quotes", CountBody, { value: "10" }, "$.value"],
    ["a fraction", CountBody, { value: 1.5 }, "$.value"],
    ["more than nine digits", CountBody, { value: 1e9 }, "$.value"],
    ["null", CountBody, { value: null }, "$.value"],
    ["a list", CountBody, [], "$"],
    ["a prototype key", CountBody, JSON.parse('{"__proto__":{"value":3}}'), "$.value"],
  ] as const;
  test.each(cases)("%s", (_what, schema, body, path) => {
    const parsed = parseWith<unknown>(schema, body, "$");
    expect(parsed.kind === "unprocessable" && parsed.issues[0].path).toBe(path);
  });
});
