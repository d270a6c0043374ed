import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { followJson } from "../../src/apply/follow-json.ts";
import { formatPending, parsePending } from "../../src/apply/pending-operations.ts";

// What the real engine leaves behind is in recover-update.test.ts.

const urn = (name: string) => `urn:pulumi:dev::pools::aws:ec2/instance:Instance::${name}`;

const state = {
  version: 3,
  deployment: {
    manifest: { time: "2026-11-21T00:00:00Z" },
    resources: [
      { urn: urn("there"), type: "creating", inputs: { pending_operations: [{ type: "creating" }] } },
    ],
    pending_operations: [
      {
        resource: {
          urn: urn('a"\\{[,:]}é\u2028😀'),
          type: "aws:ec2/instance:Instance",
          inputs: { urn: urn("decoy"), deep: [[{ urn: urn("deeper") }]] },
          propertyDependencies: { urn: [] },
        },
        type: "creating",
      },
      { type: "updating", resource: { inputs: {}, urn: urn("b") } },
      { resource: { urn: urn("c") }, type: "dancing" },
    ],
    metadata: {},
  },
};

describe("the pending operations of a state", () => {
  const expected = [
    { urn: urn('a"\\{[,:]}é\u2028😀'), kind: "creating" },
    { urn: urn("b"), kind: "updating" },
    { urn: urn("c"), kind: "other" },
  ];

  it.each([undefined, 4])("are found in their order, printed with indent %s", async (indent) => {
    const text = JSON.stringify(state, null, indent);
    expect(await parsePending(Readable.from([Buffer.from(text)]))).toEqual(expected);
  });

  it("are found however the bytes are cut", async () => {
    const bytes = Buffer.from(JSON.stringify(state));
    for (const size of [1, 2, 3, 7, 64]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      expect(await parsePending(Readable.from(pieces))).toEqual(expected);
    }
  });

  it("are none where there are none", async () => {
    for (const empty of [{}, { deployment: {} }, { deployment: { pending_operations: null } }, []]) {
      expect(await parsePending(Readable.from([JSON.stringify(empty)]))).toEqual([]);
    }
  });
});

describe("following JSON", () => {
  it("hands over what JSON.parse would, with its path", () => {
    const found: [string, string][] = [];
    const push = followJson((path, value) => found.push([path.join("/"), value]));
    push('{"a": "x", "b" : ["y", {"c":"\\u0041\\n\\\\"}, 3, "z"], "d":{}, "e":[], "f":"" }');
    expect(found).toEqual([
      ["a", "x"],
      ["b/0", "y"],
      ["b/1/c", "A\n\\"],
      ["b/3", "z"],
      ["f", ""],
    ]);
  });

  it("cuts a long string, also within an escape", () => {
    const found: string[] = [];
    const push = followJson((_, value) => found.push(value));
    push(JSON.stringify({ a: "x".repeat(100_000), b: "y" }));
    push(`{"a":"${"x".repeat(8190)}\\u0041z","b":"y"}`);
    expect(found.map(({ length }) => length)).toEqual([8192, 1, 8190, 1]);
  });
});

describe("a pending operation", () => {
  it("that creates says what a person must do, in words of the command line", () => {
    const sentence = formatPending({ urn: `${urn("web")}\u001b[31m\n`, kind: "creating" });
    expect(sentence).toContain(urn("web"));
    expect(sentence).not.toMatch(/\p{Cc}/u);
    expect(sentence).toContain("--clear-pending-creates");
    expect(sentence).toContain("--import-pending-creates");
  });

  it("of another kind says that the next update converges", () => {
    expect(formatPending({ urn: urn("web"), kind: "updating" })).toContain("was being updated");
    expect(formatPending({ urn: urn("web"), kind: "other" })).toContain("the next update");
  });
});
