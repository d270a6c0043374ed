import fc from "fast-check";
import { formatPropertyPath, type PropertySegment } from "../../src/domain/property-path.ts";
import type { PoolLocation } from "../../src/domain/stack-file.ts";

/**
 * A stack file as a model that is rendered with any values for its pools. What an edit has to give is then known
 * without parsing anything: the same model, rendered with the other values.
 */
export type StackFileModel = {
  config: MapNode;
  style: "block" | "flow";
  header: string;
  footer: string;
  start: "" | "\uFEFF";
  lineEnd: "\n" | "\r\n";
  end: "newline" | "none";
};

export type ModelNode =
  | { kind: "pool"; quote: "" | "'" | '"'; initial: number; tail: string }
  | { kind: "text"; source: string; tail: string }
  | { kind: "block-text"; indent: number; lines: string[] }
  | { kind: "list"; indent: number; gap: string; items: ModelNode[]; comment: string }
  | MapNode;
export type MapNode = {
  kind: "map";
  indent: number;
  gap: string;
  entries: { key: ModelKey; value: ModelNode }[];
  comment: string;
};
/** `written` as it stands in the file; `name` what it says. */
export type ModelKey = { name: string; written: string };

const blanks = fc.constantFrom(" ", "  ", "   ", " \t");
const comment = fc.constantFrom(
  ...["", "", "# note", "# 3: {3} '3' \"3\" [", "# Größe 🚀🚀 3", "#", "# &a *a !!int <<: ---"],
);
const key: fc.Arbitrary<ModelKey> = fc
  .tuple(
    fc.constantFrom(
      "web",
      "count",
      "min",
      "a-b",
      "x.y",
      "größe",
      "🚀",
      "it's",
      'k "q"',
      "[0]",
      "a: b",
      "#x",
      " s",
    ),
    fc.constantFrom("plain", "single", "double"),
  )
  .map(([name, style]) => ({ name, written: writeKey(name, style) }));
const configKey: fc.Arbitrary<ModelKey> = fc
  .tuple(
    fc.constantFrom("", "shop:", "shop:config:", "other:"),
    fc.constantFrom("web", "queue.size", "größe", "🚀", "it's", 'k "q"', "#x", "a-b", "[0]"),
    fc.constantFrom("plain", "single", "double"),
  )
  .map(([namespace, name, style]) => ({
    name: `${namespace === "other:" ? "other" : "shop"}:${name}`,
    written: writeKey(namespace + name, style),
  }));

/** Values of pools, mostly small. */
export const poolValue: fc.Arbitrary<number> = fc.oneof(
  fc.nat(20),
  fc.nat(),
  fc.constant(Number.MAX_SAFE_INTEGER),
);

const pool = fc.record({
  kind: fc.constant("pool" as const),
  quote: fc.constantFrom("" as const, "'" as const, '"' as const),
  initial: poolValue,
  tail: fc.constantFrom("", "", " ", " \t", " # 3", "\t# é 🚀"),
});
const text = fc.record({
  kind: fc.constant("text" as const),
  source: fc.constantFrom(
    ...[
      "3",
      "'3'",
      '"3"',
      "10.5",
      "eu-central-1",
      "''",
      '"\\u0033 \\" 3"',
      "'it''s 3'",
      '"🚀 3"',
      "~",
      "3#4",
      "&u 3",
    ],
  ),
  tail: fc.constantFrom("", " # 3", "\t# é"),
});
const blockText = fc.record({
  kind: fc.constant("block-text" as const),
  indent: fc.integer({ min: 1, max: 4 }),
  lines: fc.array(fc.constantFrom("web: 3", "# 3", "- 3", "--- 3", '"'), { minLength: 1, maxLength: 3 }),
});

const { node } = fc.letrec<{ node: ModelNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: "medium" },
    { arbitrary: pool, weight: 3 },
    { arbitrary: text, weight: 1 },
    { arbitrary: blockText, weight: 1 },
    { arbitrary: mapOf(key, tie("node")), weight: 3 },
    {
      arbitrary: fc.record({
        kind: fc.constant("list" as const),
        indent: fc.integer({ min: 0, max: 4 }),
        gap: fc.constantFrom(" ", "   "),
        items: fc.array(tie("node"), { minLength: 1, maxLength: 4 }),
        comment,
      }),
      weight: 2,
    },
  ),
}));

/** Stack files in the styles that people write, each with at least one pool. */
export const stackFileModel: fc.Arbitrary<StackFileModel> = fc
  .record({
    config: mapOf(configKey, node),
    style: fc.constantFrom("block" as const, "block" as const, "flow" as const),
    header: fc.constantFrom("", "# 3\n", "---\n", "%YAML 1.1\n---\n", "encryptionsalt: v1:3:3=\n", "\n\n"),
    footer: fc.constantFrom("", "# 3\n", "secretsprovider: 'x 3'\n", "...\n", "o: &o {web: 3}\nm: *o\n"),
    start: fc.constantFrom("" as const, "\uFEFF" as const),
    lineEnd: fc.constantFrom("\n" as const, "\r\n" as const),
    end: fc.constantFrom("newline" as const, "none" as const),
  })
  .filter((model) => listPools(model).length > 0);

/** Every pool of the model in the order of the file, with where it is and what it holds at first. */
export function listPools(model: StackFileModel): { location: PoolLocation; initial: number }[] {
  return model.config.entries.flatMap(({ key, value }) =>
    poolsBelow(value, []).map(({ path, initial }) => ({ location: locate(key.name, path), initial })),
  );
}

function poolsBelow(
  node: ModelNode,
  path: PropertySegment[],
): { path: PropertySegment[]; initial: number }[] {
  if (node.kind === "pool") return [{ path, initial: node.initial }];
  if (node.kind === "map") {
    return node.entries.flatMap(({ key, value }) => poolsBelow(value, [...path, key.name]));
  }
  return node.kind === "list" ? node.items.flatMap((item, at) => poolsBelow(item, [...path, at])) : [];
}

function locate(configKey: string, path: PropertySegment[]): PoolLocation {
  if (path.length === 0) return { project: "shop", configKey };
  const [namespace, name = ""] = configKey.split(":");
  return { project: "shop", configPath: `${namespace}:${formatPropertyPath([name, ...path])}` };
}

function mapOf(keys: fc.Arbitrary<ModelKey>, value: fc.Arbitrary<ModelNode>): fc.Arbitrary<MapNode> {
  return fc.record({
    kind: fc.constant("map" as const),
    indent: fc.integer({ min: 1, max: 5 }),
    gap: blanks,
    entries: fc.uniqueArray(fc.record({ key: keys, value }), {
      minLength: 1,
      maxLength: 5,
      selector: ({ key }) => key.name,
    }),
    comment,
  });
}

function writeKey(name: string, style: string): string {
  if (style === "plain" && /^[\p{L}🚀][\p{L}-]*(:[\p{L}🚀][\p{L}-]*)*$/u.test(name)) return name;
  return style === "single" ? `'${name.replaceAll("'", "''")}'` : JSON.stringify(name);
}
