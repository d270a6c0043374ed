import { viewHistory, viewPools } from "../workflows/read-pools.ts";
import type { HistoryView } from "../workflows/scaling.ts";
import type { LocalFlags } from "./local/flags.ts";
import { readingContext } from "./local/reading-context.ts";
import { printAnswer } from "./print-answer.ts";
import { renderTable } from "./render-table.ts";
import { UsageError } from "./usage-error.ts";

/** `pulumiscale history [pool]`: the changes of one pool, or of all, newest first. */
export async function runHistory(pool: string | undefined, flags: LocalFlags): Promise<number> {
  const context = await readingContext(flags);
  const names = (await viewPools(context, pool)).map((view) => view.pool);
  if (pool !== undefined && names.length === 0) {
    const known = (await viewPools(context)).map((view) => view.pool).join(", ");
    throw new UsageError(`The stack has no pool ${JSON.stringify(pool)}. It has: ${known}.`);
  }
  const lists = await Promise.all(
    names.map(async (name) =>
      (await viewHistory(context, name)).map((change) => ({ pool: name, ...change })),
    ),
  );
  const history = lists.flat().sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
  const table = renderTable(
    ["when", "pool", "change", "by", "why", "commit"],
    history.map((change) => [
      { text: change.at.replace(/\.\d+Z$/, "Z") },
      { text: change.pool },
      { text: `${change.from ?? "?"} → ${change.to ?? "?"}` },
      { text: byWhom(change) },
      { text: change.reasons.join(", ") },
      { text: change.commit.slice(0, 12), tone: "faint" as const },
    ]),
  );
  printAnswer(flags, { history }, history.length === 0 ? "No pool has ever moved." : table);
  return 0;
}

function byWhom({ by, approvedBy }: HistoryView): string {
  return approvedBy === null ? by : `${by}, approved by ${approvedBy}`;
}
