import type { Pool } from "./contract.ts";

/** What was applied last of a pool, under its name or a former one; null where nothing is known. */
export function appliedValue(
  { applied }: { applied: Readonly<Record<string, number>> },
  pool: Pool,
): number | null {
  const name = [pool.name, ...pool.aliases].find((candidate) => Object.hasOwn(applied, candidate));
  return name === undefined ? null : (applied[name] ?? null);
}
