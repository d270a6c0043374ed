import type { PoolChange } from "../domain/pool-history.ts";

/** More would be too narrow to read. */
const MOST_POINTS = 12;

/**
 * A pool's last values as a chart that GitHub draws: a heading and a block of mermaid, oldest first. `changes`: newest first, as
 * `poolHistory` gives them. All of it is numbers, and words of our own. Empty where there are fewer than two changes.
 *
 * https://mermaid.js.org/syntax/xyChart.html
 */
export function renderChart(pool: string, changes: readonly PoolChange[]): string {
  const moves = changes
    .slice(0, MOST_POINTS - 1)
    .flatMap(({ from, to, atMs }) => (isShown(to) ? [{ from, to, atMs }] : []))
    .toReversed();
  const [first, second] = moves;
  if (first === undefined || second === undefined) return "";
  const values = [...(isShown(first.from) ? [first.from] : []), ...moves.map(({ to }) => to)];
  const days = [first, moves.at(-1) ?? second].map(({ atMs }) => formatDay(atMs));
  const since = days.includes("") ? "" : `, ${[...new Set(days)].join(" to ")}`;
  return [
    `**The last ${moves.length} changes of \`${pool}\`**, oldest first${since}:`,
    "",
    "```mermaid",
    '%%{init: {"xyChart": {"width": 480, "height": 180}}}%%',
    "xychart-beta",
    `  x-axis [${values.map((_, index) => index + 1).join(", ")}]`,
    `  y-axis ${Math.min(0, ...values)} --> ${Math.max(1, ...values)}`,
    `  line [${values.join(", ")}]`,
    "```",
  ].join("\n");
}

/** What is not a whole number that stands in decimal digits has no place in the chart's language. */
function isShown(value: number | null): value is number {
  return Number.isSafeInteger(value);
}

/** The day of a commit, by whatever clock dated it; empty where that is no date. */
function formatDay(atMs: number): string {
  return Math.abs(atMs) <= 8.64e15 ? (new Date(atMs).toISOString().split("T")[0] ?? "") : "";
}
