import type { PropertySegment } from "../domain/property-path.ts";
import { type PoolLocation, parsePoolLocation } from "../domain/stack-config-key.ts";

/** The value of one pool, and where it stands. */
export type PlacedValue = { location: PoolLocation; value: number };

type Tree = number | string | null | Tree[] | { [key: string]: Tree };

const MAX_DEPTH = 60;
/** A list in a stack file that is longer holds no pools. */
const MAX_INDEX = 1000;

/**
 * The text of a stack file with nothing but the integers of an update's config in it, so that values are read from it as from any
 * stack file. `config`: full keys to values, those of maps and lists as JSON. No other text is ever copied.
 */
export function formatConfigValues(config: ReadonlyMap<string, string>): string {
  const entries = [...config].flatMap(([key, value]): [string, Tree][] => {
    const kept = keepIntegers(parseValue(value), 0);
    return kept === null ? [] : [[key, kept]];
  });
  return formatTree(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The same with only these values; those with a path that cannot be written are left out. */
export function formatPlacedValues(values: readonly PlacedValue[]): string {
  let config: Tree = {};
  for (const { location, value } of values) {
    const parsed = parsePoolLocation(location);
    if (parsed.kind === "bad-path") continue;
    const segments = [`${parsed.key.namespace}:${parsed.key.name}`, ...parsed.segments];
    config = place(config, segments, value);
  }
  return formatTree(config);
}

function place(tree: Tree, [segment, ...rest]: readonly PropertySegment[], value: number): Tree {
  if (segment === undefined) return value;
  if (typeof segment === "string") {
    const map = isMap(tree) ? tree : {};
    const child = Object.hasOwn(map, segment) ? (map[segment] ?? null) : null;
    return Object.fromEntries([...Object.entries(map), [segment, place(child, rest, value)]]);
  }
  const list = Array.isArray(tree) ? [...tree] : [];
  if (segment > MAX_INDEX) return list;
  while (list.length <= segment) list.push(null);
  list[segment] = place(list[segment] ?? null, rest, value);
  return list;
}

function isMap(tree: Tree): tree is { [key: string]: Tree } {
  return typeof tree === "object" && tree !== null && !Array.isArray(tree);
}

function parseValue(value: string): unknown {
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}

/** Null where nothing in it is an integer. */
function keepIntegers(value: unknown, depth: number): Tree {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : null;
  if (typeof value === "string") return /^(?:0|[1-9][0-9]{0,15})$/.test(value) ? value : null;
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_INDEX + 1).map((item) => keepIntegers(item, depth + 1));
    return items.every((item) => item === null) ? null : items;
  }
  const entries = Object.entries(value).flatMap(([key, child]): [string, Tree][] => {
    const kept = keepIntegers(child, depth + 1);
    return kept === null ? [] : [[key, kept]];
  });
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

/** JSON is YAML, where it has no character in it that YAML readers take in different ways. */
function formatTree(config: Tree): string {
  const json = JSON.stringify({ config });
  return `${json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}
