import { type Call, formatCall } from "./call.ts";

/** What came of one case. `problem`: why the end is none of those that are allowed. */
export type CaseResult = { call: Call; fault: string; end: string; problem: string | null };

/** The cases that did not end as they may, a line each. */
export function problemsOf(results: readonly CaseResult[]): string[] {
  return results
    .filter(({ problem }) => problem !== null)
    .map(({ call, fault, problem, end }) => `${formatCall(call)} × ${fault}: ${problem} (${end})`);
}

const CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The table call × fault → end, with a letter for each end, and what the letters stand for. */
export function renderFaultTable(title: string, results: readonly CaseResult[]): string {
  const counts = new Map<string, number>();
  for (const { end } of results) counts.set(end, (counts.get(end) ?? 0) + 1);
  const ends = [...counts.entries()].sort(([, a], [, b]) => b - a).map(([end]) => end);
  const codeOf = (end: string) => CODES[ends.indexOf(end)] ?? "?";
  const faults = [...new Set(results.map(({ fault }) => fault))];
  const calls = [...new Set(results.map(({ call }) => formatCall(call)))];
  const cellOf = (call: string, fault: string) => {
    const found = results.find((result) => formatCall(result.call) === call && result.fault === fault);
    if (found === undefined) return "";
    return `${codeOf(found.end)}${found.problem === null ? "" : "!"}`;
  };
  const rows = faults.map((fault) => [fault, ...calls.map((call) => cellOf(call, fault))]);
  const width = Math.max(...faults.map(({ length }) => length));
  const head = calls.map((call, index) => `  ${index + 1}  ${call}`);
  const numbers = `${"".padEnd(width)} ${calls.map((_, index) => String(index + 1).padStart(3)).join("")}`;
  const body = rows.map(
    ([fault = "", ...cells]) => `${fault.padEnd(width)} ${cells.map((cell) => cell.padStart(3)).join("")}`,
  );
  const legend = ends.map((end) => `  ${codeOf(end)}  ${String(counts.get(end)).padStart(3)} ×  ${end}`);
  return [`${title}: ${results.length} cases`, ...head, "", numbers, ...body, "", ...legend, ""].join("\n");
}
