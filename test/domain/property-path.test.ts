import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatPropertyPath,
  type PropertySegment,
  parsePropertyPath,
} from "../../src/domain/property-path.ts";

describe("parsePropertyPath", () => {
  // The first 22 are from Pulumi's own properties_path_test.go.
  const good: [string, PropertySegment[]][] = [
    ["root", ["root"]],
    ["root.nested", ["root", "nested"]],
    ['root["nested"]', ["root", "nested"]],
    ["root.double.nest", ["root", "double", "nest"]],
    ['root["double"].nest', ["root", "double", "nest"]],
    ['root["double"]["nest"]', ["root", "double", "nest"]],
    ["root.array[0]", ["root", "array", 0]],
    ["root.array[100]", ["root", "array", 100]],
    ["root.array2[0][1].nested", ["root", "array2", 0, 1, "nested"]],
    ["root.nested.array[0].double[1]", ["root", "nested", "array", 0, "double", 1]],
    ['root["key with \\"escaped\\" quotes"]', ["root", 'key with "escaped" quotes']],
    ['root["key with a ."]', ["root", "key with a ."]],
    ['["root key with a ."][100]', ["root key with a .", 100]],
    ['root.array["*"].field', ["root", "array", "*", "field"]],
    ["*.bar", ["*", "bar"]],
    ["root.foo-bar", ["root", "foo-bar"]],
    ["foo:bar", ["foo:bar"]],
    ["foo/bar", ["foo/bar"]],
    ["foo bar", ["foo bar"]],
    ["naïve", ["naïve"]],
    ["root.foo-bar[0]", ["root", "foo-bar", 0]],
    ['root."double".nest', ["root", '"double"', "nest"]],
    ["", []],
    ["a..b", ["a", "b"]],
    ["a[0]b", ["a", 0, "b"]],
    ["a[+1][007]", ["a", 1, 7]],
    ['a["\\x"]', ["a", "\\x"]],
    ['a[""]', ["a", ""]],
    ['a["]"]', ["a", "]"]],
    ["a]", ["a]"]],
    ["🚀.a", ["🚀", "a"]],
  ];
  it.each(good)("%s", (path, segments) => {
    expect(parsePropertyPath(path)).toEqual({ kind: "path", segments });
  });

  const bad: [string, RegExp][] = [
    [".a", /starts with a name/],
    ["a.", /ends with a name/],
    ["a..", /ends with a name/],
    ["a.[0]", /leave the dot out/],
    ['a.["b"]', /leave the dot out/],
    ["a[", /not closed/],
    ["a[0", /not closed/],
    ['a["b', /no closing quote/],
    ['a["b]', /no closing quote/],
    ['a["b\\"]', /no closing quote/],
    ['a["\\"', /no closing quote/],
    ['a["b"', /right after a quoted key/],
    ['a["b" ]', /right after a quoted key/],
    ["a[b]", /index of a list/],
    ["a[]", /index of a list/],
    ["a[1.5]", /index of a list/],
    ["a[1e1]", /index of a list/],
    ["a[ 1]", /index of a list/],
    ["a['b']", /index of a list/],
    ["a[9007199254740992]", /index of a list/],
    ["a[-1]", /negative/],
    ["a[-0]", /negative/],
    ["a[*]", /many values/],
  ];
  it.each(bad)("%s is refused", (path, problem) => {
    expect(parsePropertyPath(path)).toEqual({ kind: "bad-path", problem: expect.stringMatching(problem) });
  });

  it("takes back what formatPropertyPath gives, for any keys and indices", () => {
    // A key that ends in a backslash cannot be written in Pulumi's grammar, which knows no `\\`.
    const key = fc.string({ unit: "grapheme" }).filter((text) => !/\\("|$)/.test(text));
    fc.assert(
      fc.property(fc.array(fc.oneof(key, fc.nat())), (segments) => {
        expect(parsePropertyPath(formatPropertyPath(segments))).toEqual({ kind: "path", segments });
      }),
    );
  });

  it("takes linear time", () => {
    const long = "a".repeat(200_000);
    expect(parsePropertyPath(`${long}.${long}["${long}"]`)).toMatchObject({ kind: "path" });
    expect(parsePropertyPath("a[0]".repeat(50_000))).toMatchObject({ kind: "path" });
  });
});
