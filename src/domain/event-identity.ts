import { hash } from "node:crypto";

/**
 * The identity of an event: the first 16 hex digits of the SHA-256 of its parts. The same parts in the same order
 * always give the same identity; parts are joined as JSON, so `["ab", "c"]` and `["a", "bc"]` differ.
 */
export function eventIdentity(parts: readonly [string, ...string[]]): string {
  return hash("sha256", JSON.stringify(parts), "hex").slice(0, 16);
}
