import { viewPools } from "../workflows/read-pools.ts";
import type { LocalFlags } from "./local/flags.ts";
import { readingContext } from "./local/reading-context.ts";
import { printAnswer } from "./print-answer.ts";
import { renderTable } from "./render-table.ts";

/** `pulumiscale pools`: the pools of the stack as they stand. */
export async function runPools(flags: LocalFlags): Promise<number> {
  const pools = await viewPools(await readingContext(flags));
  const table = renderTable(
    ["pool", "committed", "applied", "min", "max", "may move", "held", "problem"],
    pools.map(({ pool, committed, applied, min, max, cooldownUntil, paused, pinned, problem }) => [
      { text: pool },
      { text: String(committed ?? "?") },
      { text: String(applied ?? "?"), ...(applied === committed ? {} : { tone: "warning" as const }) },
      { text: String(min) },
      { text: String(max) },
      { text: cooldownUntil === null ? "now" : `from ${cooldownUntil}` },
      { text: [pinned?.message, paused].filter((why) => why != null).join("; "), tone: "warning" as const },
      { text: problem ?? "", tone: "failure" as const },
    ]),
  );
  printAnswer(flags, { pools }, table);
  return pools.every(({ problem }) => problem === null) ? 0 : 1;
}
