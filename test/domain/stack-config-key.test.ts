import { describe, expect, it } from "vitest";
import { parsePoolLocation, parseStackConfigKey } from "../../src/domain/stack-config-key.ts";

describe("parseStackConfigKey", () => {
  it.each([
    ["web", { namespace: "shop", name: "web" }],
    ["shop:web", { namespace: "shop", name: "web" }],
    ["aws:region", { namespace: "aws", name: "region" }],
    ["aws:config:region", { namespace: "aws", name: "region" }],
    ["config:web", { namespace: "config", name: "web" }],
    ["a.b:web.x", { namespace: "a.b", name: "web.x" }],
    ["aws:other:region", null],
    ["aws:config:region:x", null],
  ])("%s", (text, key) => {
    expect(parseStackConfigKey(text, "shop")).toEqual(key);
  });
});

describe("parsePoolLocation", () => {
  // The paths are from Pulumi's own TestParseConfigKey, taken one step further, into segments.
  it.each([
    ["mynamespace:mykey.segment1.segment2", "mynamespace", "mykey", ["segment1", "segment2"]],
    ["mynamespace:mykey.segment1:suffix", "mynamespace", "mykey", ["segment1:suffix"]],
    ['mynamespace:mykey["segment1:suffix"]', "mynamespace", "mykey", ["segment1:suffix"]],
    ['mynamespace:["foo"]', "mynamespace", "foo", []],
    ["mynamespace:mykey..segment", "mynamespace", "mykey", ["segment"]],
    ["mykey", "shop", "mykey", []],
    ["mykey.segment1.segment2", "shop", "mykey", ["segment1", "segment2"]],
    ['mykey["segment1"]', "shop", "mykey", ["segment1"]],
    ["mykey.segment:with:colons", "shop", "mykey", ["segment:with:colons"]],
    ["aws:config:nodes.count", "aws", "nodes", ["count"]],
    ['["x.y"][0]', "shop", "x.y", [0]],
    ["a.b:key.c", "shop", "a", ["b:key", "c"]],
  ])("path %s", (configPath, namespace, name, segments) => {
    expect(parsePoolLocation({ project: "shop", configPath })).toEqual({
      kind: "location",
      key: { namespace, name },
      segments,
    });
  });

  it.each(["a:b:c.d", 'mynamespace:my:key["segment"]', "mynamespace:.segment1", "", "[0]", '[""].a', "a:"])(
    "path %s is refused",
    (configPath) => {
      expect(parsePoolLocation({ project: "shop", configPath })).toMatchObject({ kind: "bad-path" });
    },
  );

  it("takes dots and brackets in a key for what they are", () => {
    expect(parsePoolLocation({ project: "shop", configKey: "web.count[0]" })).toEqual({
      kind: "location",
      key: { namespace: "shop", name: "web.count[0]" },
      segments: [],
    });
  });
});
