import { stripVTControlCharacters } from "node:util";

/**
 * Text that a program or a provider has printed, fit for people: lines stay lines, and nothing in it colours, moves the cursor,
 * renames a window or turns the direction of reading.
 */
export function cleanOutput(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, "");
}
