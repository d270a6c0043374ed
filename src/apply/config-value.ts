import type { Contract } from "../domain/contract.ts";
import { safeJson } from "../domain/safe-json.ts";
import { type PoolLocation, parsePoolLocation } from "../domain/stack-config-key.ts";
import type { StackUpdate } from "./update-history.ts";

/** The pools' values in the configuration that an update had; a pool without a plain integer there is left out. */
export function configuredValues(
  contract: Contract,
  project: string,
  config: StackUpdate["config"],
): Record<string, number> {
  const values: Record<string, number> = {};
  for (const pool of contract.values()) {
    const value = configuredValue(config, { ...pool.location, project });
    if (value !== null) values[pool.name] = value;
  }
  return values;
}

function configuredValue(config: StackUpdate["config"], location: PoolLocation): number | null {
  const parsed = parsePoolLocation(location);
  if (parsed.kind === "bad-path") return null;
  const { key, segments } = parsed;
  const text = config.get(`${key.namespace}:${key.name}`);
  if (text === undefined) return null;
  let value: unknown = segments.length === 0 ? text : safeJson(text);
  for (const segment of segments) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return null;
    // A list has a length, which is no value of anybody's.
    if (Array.isArray(value) && typeof segment !== "number") return null;
    value = Reflect.get(value, segment);
  }
  return toInteger(value);
}

/** A stack file may have the number in quotes, and Pulumi tells it as text either way. */
function toInteger(value: unknown): number | null {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !/^-?\d{1,16}$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}
