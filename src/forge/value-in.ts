import { type PoolLocation, readPoolValue } from "../domain/stack-file.ts";

/** A pool's value in a text; null where it has none that can be used. */
export function valueIn(text: string, location: PoolLocation): number | null {
  const read = readPoolValue(text, location);
  return read.kind === "value" ? read.value : null;
}
