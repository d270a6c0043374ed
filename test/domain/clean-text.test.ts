import { expect, it } from "vitest";
import { cleanLine } from "../../src/domain/clean-text.ts";

it.each([
  ["https://e.vil/x and more", "(link) and more"],
  ["1://e.vil", "1: e.vil"],
  ["://", ":"],
])("leaves no link of %j", (text, clean) => {
  expect(cleanLine(text)).toBe(clean);
});

it("cuts no word so that its underscore would mark text", () => {
  expect(cleanLine("jane_doe", 6)).toBe("jane…");
});
