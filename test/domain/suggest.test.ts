import { expect, it } from "vitest";
import { suggest } from "../../src/domain/suggest.ts";

const WORDS = ["status", "history", "pause", "pin", "resume", "undo", "retry", "reject", "help"];

it.each([
  ["stauts", ["status"]],
  ["STATUSS", ["status"]],
  ["sta", ["status"]],
  ["puase", ["pause"]],
  ["hlep", ["help"]],
  ["pn", ["pin"]],
  ["rejcet", ["reject"]],
  ["re", ["resume"]],
  ["web", []],
  ["x", []],
  ["", []],
  ["s".repeat(100_000), []],
])("%j may mean %j", (text, words) => {
  expect(suggest(text, WORDS)).toEqual(words);
});

it("puts the nearest first, and gives no more than asked", () => {
  expect(suggest("prod", ["prxd", "prod", "prodx", "other"], 5)).toEqual(["prod", "prodx", "prxd"]);
  expect(suggest("prod", ["prxd", "prod", "prodx"], 2)).toEqual(["prod", "prodx"]);
});
