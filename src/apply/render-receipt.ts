import type { PoolReceipt, Receipt } from "../domain/receipt.ts";

/** One line that says how an apply went: `web 3 → 5 applied`, or `2 of 3 pools applied`. */
export function renderTitle(receipt: Receipt): string {
  const [only] = receipt.pools;
  if (receipt.pools.length === 1 && only !== undefined) return `${renderChange(only)} ${only.outcome}`;
  const applied = receipt.pools.filter(({ outcome }) => outcome === "applied").length;
  return `${applied} of ${receipt.pools.length} pools applied`;
}

/** The receipt as markdown: one table of pools, then what Pulumi said of those that failed. */
export function renderReceipt(receipt: Receipt): string {
  const rows = receipt.pools.map(
    (line) => `| ${line.pool} | ${line.from ?? "?"} → ${line.to} | ${mark(line)} ${line.outcome} |`,
  );
  const failures = receipt.pools
    .filter(({ message }) => message !== "")
    .map(({ pool, message }) => `**${pool}**\n\n${renderText(message)}`);
  const run = receipt.runUrl === null ? "" : ` · [the run](${receipt.runUrl})`;
  const facts = `Values of ${receipt.commit.slice(0, 7)} · ${receipt.durationSeconds.toFixed(1)} s${run}`;
  return [`| pool | value | outcome |\n|---|---|---|\n${rows.join("\n")}`, facts, ...failures].join("\n\n");
}

/** Text from outside as a code block that it cannot end. */
export function renderText(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}

function renderChange({ pool, from, to }: PoolReceipt): string {
  return `${pool} ${from ?? "?"} → ${to}`;
}

function mark({ outcome }: PoolReceipt): string {
  return outcome === "applied" ? "✅" : "❌";
}
