import { expect, it } from "vitest";
import { hasHeadMark, headMarkKey, withHeadMark } from "../../src/forge/head-mark.ts";

const key = headMarkKey("-----BEGIN PRIVATE KEY-----\none\n-----END PRIVATE KEY-----\n");
const head = {
  repository: "1296269",
  branch: "scale-approval/shop.prod/web",
  headOid: "a".repeat(40),
};
const text = withHeadMark(key, head, "web 3 → 8");

it("holds for its head, wherever it stands in the text", () => {
  expect(hasHeadMark(key, head, `edited\n${text}\nby a person`)).toBe(true);
  expect(text).toMatch(/^<!-- pulumiscale:head [0-9a-f]{64} -->\nweb 3 → 8$/);
});

it.each([
  ["another commit", { headOid: "b".repeat(40) }],
  ["another branch", { branch: "scale-approval/shop.prod/api" }],
  ["another repository", { repository: "1296270" }],
])("does not hold for %s", (_, other) => {
  expect(hasHeadMark(key, { ...head, ...other }, text)).toBe(false);
});

it("does not hold under another App's key, forged, cut or missing", () => {
  expect(hasHeadMark(headMarkKey("another key"), head, text)).toBe(false);
  expect(hasHeadMark(key, head, text.replace(/[0-9a-f]{64}/, "0".repeat(64)))).toBe(false);
  expect(hasHeadMark(key, head, text.replace(/[0-9a-f] -->/, " -->"))).toBe(false);
  expect(hasHeadMark(key, head, "web 3 → 8")).toBe(false);
});
