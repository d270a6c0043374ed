import { z } from "zod";

/** The part of an object's metadata that says who has set what. */
export const ManagedFields = z
  .array(
    z.object({
      manager: z.string().default(""),
      operation: z.string().default(""),
      subresource: z.string().default(""),
      fieldsV1: z.record(z.string(), z.unknown()).default({}),
    }),
  )
  .default([]);
export type ManagedFields = z.infer<typeof ManagedFields>;

export type Tree = Readonly<Record<string, unknown>>;

/**
 * What of an object one manager has applied. Whoever applies the next part has to apply it again: what a manager leaves out it gives up,
 * and what nobody has is removed.
 */
export function projectOwned(object: unknown, managed: ManagedFields, manager: string): Tree {
  const own = managed.find(
    (entry) => entry.manager === manager && entry.operation === "Apply" && entry.subresource === "",
  );
  const projected = own === undefined ? undefined : project(object, own.fieldsV1);
  return isTree(projected) ? projected : {};
}

/** The managers other than this one that have set a field, or a part of it. `path` is as the API server names it: `f:spec`. */
export function ownersOf(managed: ManagedFields, path: readonly string[], except: string): string[] {
  const has = (fields: unknown) =>
    path.reduce<unknown>((at, key) => (isTree(at) ? at[key] : undefined), fields) !== undefined;
  const names = managed
    .filter(({ manager, fieldsV1 }) => manager !== except && has(fieldsV1))
    .map(({ manager }) => manager);
  return [...new Set(names)];
}

/** Managers, for people. */
export function nameOwners(owners: readonly string[]): string {
  return owners.length === 0 ? "somebody else" : owners.join(", ");
}

function project(value: unknown, fields: unknown): unknown {
  const keys = isTree(fields) ? Object.keys(fields).filter((key) => key !== ".") : [];
  if (!isTree(fields) || keys.length === 0) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    return keys.flatMap((key) => {
      const named = key.startsWith("k:") ? parseKey(key.slice(2)) : null;
      const item = named === null ? undefined : items.find((one) => isTree(one) && hasAll(one, named));
      if (named === null || item === undefined) return [];
      const part = project(item, fields[key]);
      return [{ ...named, ...(isTree(part) ? part : {}) }];
    });
  }
  if (!isTree(value)) return value;
  return Object.fromEntries(
    keys
      .filter((key) => key.startsWith("f:") && key.slice(2) in value)
      .map((key) => [key.slice(2), project(value[key.slice(2)], fields[key])]),
  );
}

function parseKey(text: string): Tree | null {
  try {
    const key: unknown = JSON.parse(text);
    return isTree(key) ? key : null;
  } catch {
    return null;
  }
}

function hasAll(item: Tree, key: Tree): boolean {
  return Object.entries(key).every(([name, value]) => item[name] === value);
}

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
