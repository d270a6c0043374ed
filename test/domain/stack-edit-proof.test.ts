import { describe, expect, it } from "vitest";
import { parseStackDocument, type StackDocument } from "../../src/domain/stack-document.ts";
import { type DigitSplice, proveEdit, spliceDigits } from "../../src/domain/stack-edit-proof.ts";

const text = "config:\n  shop:web: 3 # three\n  shop:b: '3'\n  shop:c: [3, *a]\n  shop:d: &a x\n";

function parse(file: string): StackDocument {
  const parsed = parseStackDocument(file);
  if (parsed.kind === "refused") throw new Error(parsed.refusal.message);
  return parsed;
}

function at(part: string, digits: string): DigitSplice {
  const start = text.indexOf(part) + part.length - 1;
  return { start, end: start + 1, digits };
}

describe("proveEdit", () => {
  it("has nothing against edits of digits, shorter, longer and several", () => {
    const splices = [at("web: 3", "1000"), at("b: '3", "5"), at("[3", "77")];
    expect(proveEdit(parse(text), spliceDigits(text, splices), splices)).toMatchObject({
      kind: "proven",
      after: { root: expect.anything() },
    });
  });

  const web = [at("web: 3", "10")];
  const after = spliceDigits(text, web);
  it.each([
    ["nothing was edited", text],
    ["another digit was written", after.replace("10", "11")],
    ["another value changed", after.replace("'3'", "'4'")],
    ["a value's quotes changed", after.replace("'3'", '"3"')],
    ["a key changed", after.replace("shop:b", "shop:x")],
    ["a value was added", `${after}  shop:e: 1\n`],
    ["a value was removed", after.replace("  shop:b: '3'\n", "")],
    ["an anchor moved", after.replace("&a x", "x")],
    ["an alias changed", after.replace("*a", "*b")],
    ["a tag came in", after.replace("'3'", "!!str '3'")],
    ["a list became a map", after.replace("[3, *a]", "{3, *a }")],
    ["a flow list became a block", after.replace("[3, *a]", "\n  - 3\n  - *a")],
    ["a comment before a value grew", after.replace("# three", "# three!")],
    ["a comment changed", after.replace("# three", "# thiee")],
    ["a line end changed", after.replace("\n", "\r\n")],
    ["it does not parse any more", after.replace("'3'", "'3")],
  ])("objects when %s", (_, wrong) => {
    expect(wrong).not.toBe(after);
    expect(proveEdit(parse(text), wrong, web)).toEqual({
      kind: "disproven",
      objection: expect.stringMatching(/\.$/),
    });
  });

  it("objects to a splice that is in no value", () => {
    const splices = [at("# t", "9")];
    expect(proveEdit(parse(text), spliceDigits(text, splices), splices)).toEqual({
      kind: "disproven",
      objection: expect.stringMatching(/\.$/),
    });
  });

  it.each([
    ["a second value", "[3", "3, 4"],
    ["an alias", "[3", "*a"],
    ["a tag", "[3", "!!int 3"],
    ["an anchor", "[3", "&b 3"],
    ["a comment", "web: 3", "3 #"],
    ["a key", "web: 3", "\n    a: 3"],
    ["a quote", "b: '3", "3'' "],
    ["nothing", "web: 3", ""],
  ])("objects to %s in the place of digits", (_, place, digits) => {
    const splices = [at(place, digits)];
    expect(proveEdit(parse(text), spliceDigits(text, splices), splices)).toMatchObject({ kind: "disproven" });
  });
});
