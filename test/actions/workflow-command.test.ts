import { expect, test } from "vitest";
import { createMasks } from "./masks.ts";
import { decideTokenPermissions } from "./permissions.ts";
import { parseKeyValueFile, parseWorkflowCommand } from "./workflow-command.ts";

test.each([
  ["::add-mask::secret", { name: "add-mask", properties: {}, message: "secret" }],
  [
    "::error file=a.ts,line=1::a%0Ab%25",
    { name: "error", properties: { file: "a.ts", line: "1" }, message: "a\nb%" },
  ],
  ["::warning title=a%2Cb%3A::x", { name: "warning", properties: { title: "a,b:" }, message: "x" }],
  ["::endgroup::", { name: "endgroup", properties: {}, message: "" }],
  ["plain ::error::x", null],
  ["a::b", null],
])("%s", (line, expected) => {
  expect(parseWorkflowCommand(line)).toEqual(expected);
});

test("values of one line and of several", () => {
  expect(parseKeyValueFile("a=1\nb=x=y\n\nc<<END\n1\n\n2=3\nEND\nd=\n")).toEqual({
    a: "1",
    b: "x=y",
    c: "1\n\n2=3",
    d: "",
  });
});

test.each(["no operator", "a<<END\nnever closed", "=x"])("%j is refused", (content) => {
  expect(() => parseKeyValueFile(content)).toThrow();
});

test("masks hide each line of a secret, and the longer secret first", () => {
  const masks = createMasks();
  masks.add("abc");
  masks.add("abcdef\nghi");
  masks.add("");
  masks.add("\n");
  expect(masks.hide("abcdef abc ghi jkl")).toBe("*** *** *** jkl");
});

test("permissions: what is not asked for is not granted", () => {
  expect(decideTokenPermissions(undefined)).toEqual({ metadata: "read", contents: "read", packages: "read" });
  expect(decideTokenPermissions({})).toEqual({ metadata: "read" });
  expect(decideTokenPermissions({ "pull-requests": "write", contents: "none", "id-token": "write" })).toEqual(
    {
      metadata: "read",
      pull_requests: "write",
    },
  );
  expect(decideTokenPermissions("write-all")).toMatchObject({
    contents: "write",
    statuses: "write",
    pull_requests: "write",
  });
});
