import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Program } from "./program.ts";

type Where = Pick<Program, "directory">;

/** What a group really has. */
export function countOf({ directory }: Where, group: string): number {
  return Number(readFileSync(join(directory, `${group}.count`), "utf8"));
}

/** Lets the group's next operation wait until `release`. */
export function hold({ directory }: Where, group: string): { release: () => void } {
  const file = join(directory, `${group}.hold`);
  writeFileSync(file, "");
  return { release: () => rmSync(file, { force: true }) };
}

/** Lets the group's operations fail with these words until `mend`. */
export function breakGroup({ directory }: Where, group: string, words: string): { mend: () => void } {
  const file = join(directory, `${group}.fail`);
  writeFileSync(file, words);
  return { mend: () => rmSync(file, { force: true }) };
}

/** Resolves when an operation of the group has begun and not ended. */
export async function untilBegun({ directory }: Where, group: string): Promise<void> {
  await expect.poll(() => existsSync(join(directory, `${group}.begun`)), { timeout: 60_000 }).toBe(true);
}
