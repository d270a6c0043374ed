import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { eventIdentity } from "../../src/domain/event-identity.ts";

test("the same parts give the same 16 hex digits", () => {
  const parts = ['{}:{alertname="HighCpu"}', "b8df00e15a7d3315", "firing", "2026-11-20T11:38:03Z"] as const;
  expect(eventIdentity([...parts])).toBe(eventIdentity([...parts]));
  expect(eventIdentity([...parts])).toMatch(/^[0-9a-f]{16}$/);
  expect(eventIdentity([...parts])).toBe(
    createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16),
  );
});

test.each([
  [
    ["ab", "c"],
    ["a", "bc"],
  ],
  [
    ["a", ""],
    ["", "a"],
  ],
  [["a"], ["a", ""]],
  [
    ["a\u0000", "b"],
    ["a", "\u0000b"],
  ],
  [
    ['a","b', "c"],
    ["a", 'b","c'],
  ],
] as [[string, ...string[]], [string, ...string[]]][])(
  "parts are told apart wherever they are cut: %j and %j",
  (left, right) => {
    expect(eventIdentity(left)).not.toBe(eventIdentity(right));
  },
);
