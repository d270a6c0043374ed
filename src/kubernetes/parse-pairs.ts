import { ArgumentMistake } from "./argument-mistake.ts";
import type { Argument } from "./read-flags.ts";

/**
 * The values of `key<separator>value,key<separator>value`, each key at most once and one of `keys`. Throws `ArgumentMistake` with
 * `expected` otherwise.
 */
export function parsePairs<Key extends string>(
  { given }: Argument,
  text: string,
  separator: "=" | ":",
  keys: readonly Key[],
  expected: string,
): Partial<Record<Key, string>> {
  const pairs: Partial<Record<Key, string>> = {};
  for (const part of text.split(",")) {
    const end = part.indexOf(separator);
    const key = keys.find((known) => known === part.slice(0, Math.max(end, 0)));
    if (end === -1 || key === undefined || end === part.length - 1)
      throw new ArgumentMistake(given, expected);
    if (pairs[key] !== undefined) throw new ArgumentMistake(given, `${key} is given twice; ${expected}`);
    pairs[key] = part.slice(end + 1);
  }
  return pairs;
}

/** A whole number as it is written by hand, up to the largest that Kubernetes takes. Null where the text is none. */
export function parseCount(text: string): number | null {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(text)) return null;
  const count = Number(text);
  return count <= LARGEST_INT32 ? count : null;
}

const LARGEST_INT32 = 2_147_483_647;
