import { type PropertySegment, parsePropertyPath } from "./property-path.ts";

/** A Pulumi config key, taken apart: `aws:region` is namespace `aws`, name `region`. */
export type StackConfigKey = { namespace: string; name: string };

/**
 * Where a pool's value stands in the config of a stack of `project`. `configKey` is the key itself, dots and all;
 * `configPath` is a path as in `pulumi config set --path`, whose first segment is the key.
 * Without a namespace the project's is meant.
 */
export type PoolLocation = { project: string } & ({ configKey: string } | { configPath: string });

export type ParsedPoolLocation =
  | { kind: "location"; key: StackConfigKey; segments: PropertySegment[] }
  | { kind: "bad-path"; problem: string };

/**
 * Parses a config key as Pulumi reads it: `name`, `namespace:name` or the old `namespace:config:name`.
 * Returns null for what Pulumi takes for no key.
 *
 * https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/config/key.go
 */
export function parseStackConfigKey(text: string, project: string): StackConfigKey | null {
  const [first = "", second, third, ...more] = text.split(":");
  if (second === undefined) return { namespace: project, name: first };
  if (third === undefined) return { namespace: first, name: second };
  return second === "config" && more.length === 0 ? { namespace: first, name: third } : null;
}

/** Parses a location into the config key and the segments below its value (none for a `configKey`). */
export function parsePoolLocation(location: PoolLocation): ParsedPoolLocation {
  if ("configKey" in location) {
    const key = parseStackConfigKey(location.configKey, location.project);
    return key === null || key.name === "" ? NOT_A_KEY : { kind: "location", key, segments: [] };
  }
  return parseConfigPath(location.configPath, location.project);
}

/** The way a person would write the location: the path, or the key. */
export function formatPoolLocation(location: PoolLocation): string {
  return "configKey" in location ? location.configKey : location.configPath;
}

const NOT_A_KEY = {
  kind: "bad-path",
  problem: "a config key is written `name` or `namespace:name`",
} as const;

/**
 * The namespace is looked for before the first `.` or `[` only, so `web["a:b"].min` is a path in the project's `web`;
 * see parseConfigKey in https://github.com/pulumi/pulumi/blob/master/pkg/cmd/pulumi/config/io.go
 */
function parseConfigPath(path: string, project: string): ParsedPoolLocation {
  const breakAt = path.search(/[.[]/);
  const key = parseStackConfigKey(breakAt > 0 ? path.slice(0, breakAt) : path, project);
  if (key === null) return NOT_A_KEY;
  const parsed = parsePropertyPath(breakAt > 0 ? key.name + path.slice(breakAt) : key.name);
  if (parsed.kind === "bad-path") return parsed;
  const [name, ...segments] = parsed.segments;
  if (typeof name !== "string" || name === "") {
    return { kind: "bad-path", problem: "the first part of a path is the name of a config key" };
  }
  return { kind: "location", key: { namespace: key.namespace, name }, segments };
}
