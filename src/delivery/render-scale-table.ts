import type { Pool } from "../domain/contract.ts";
import { REASONS } from "../domain/reasons.ts";
import type { Scale } from "../domain/scale-commit.ts";
import type { ScaleWords } from "./scale-words.ts";

/** What changes and why, a row a pool. Words are clean lines, so that none ends its cell. */
export function renderScaleTable(
  scales: readonly Scale[],
  pools: ReadonlyMap<string, Pool>,
  words: ReadonlyMap<string, ScaleWords>,
): string {
  const rows = scales.map(({ pool: name, from, to, requested, reasons }) => {
    const pool = pools.get(name);
    const limits = pool === undefined ? "" : `${pool.min} to ${pool.max}`;
    const why = words.get(name)?.why ?? reasons.flatMap(meaningOf).join("; ");
    return `| \`${name}\` | ${from} | **${to}** | ${requested} | ${limits} | ${why} |`;
  });
  return ["| pool | from | to | asked | limits | why |", "|---|---|---|---|---|---|", ...rows].join("\n");
}

/** Codes come back from commits, which anyone can write: only ours are told. */
function meaningOf(code: string): string[] {
  return Object.entries(REASONS).flatMap(([known, meaning]) => (known === code ? [meaning] : []));
}
