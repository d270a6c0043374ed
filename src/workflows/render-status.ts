import { cleanLine } from "../domain/clean-text.ts";
import type { StatusDraft } from "../forge/status-issue-forge.ts";
import type { PoolRow, RepositoryStatus, StatusRow } from "./read-status.ts";

const MOST_ROWS = 100;
/** GitHub takes 65,536 characters. */
const LONGEST_TABLE = 50_000;

const HEAD = [
  "| pool | committed | applied | limits | waiting | paused, pinned | failed | last change |",
  "|---|---|---|---|---|---|---|---|",
];

const WAYS = [
  "**Give commands in a comment below**, one a line: `/scale status`, `/scale web +2`, `/scale pause web for 2h`. `/scale help` lists them all.",
  "",
  "Close this issue and it is left alone; open it again and it is kept up to date again.",
];

/** The last words of an issue that is not wanted any more. */
export const STATUS_FAREWELL =
  "This is not kept up to date any more: `statusIssue` in `.github/pulumiscale.yml` is off.";

/** The words of the status issue: the same for the same status, whenever it is. What does not fit is counted. */
export function renderStatus({ rows, moreStacks }: RepositoryStatus): StatusDraft {
  const shown: string[] = [];
  let length = 0;
  for (const row of rows.slice(0, MOST_ROWS)) {
    const line = renderRow(row);
    length += line.length + 1;
    if (length > LONGEST_TABLE) break;
    shown.push(line);
  }
  const moreRows = rows.length - shown.length;
  const more = [
    ...(moreRows === 0 ? [] : [count(moreRows, "more pool")]),
    ...(moreStacks === 0 ? [] : [count(moreStacks, "more stack")]),
  ];
  const body = [
    "How the pools of this repository stand. PulumiScale edits this as things move, and writes over what others change here.",
    "",
    ...(shown.length === 0 ? ["No stack is published yet."] : [...HEAD, ...shown]),
    ...(more.length === 0 ? [] : ["", `… and ${more.join(" and ")}: \`/scale status <pool>\` shows them.`]),
    "",
    ...WAYS,
  ];
  return { title: "PulumiScale: pools", body: `${body.join("\n")}\n` };
}

function renderRow(row: StatusRow): string {
  if (row.kind === "stack") return `| \`${row.stack}\` | ? | ? | | | | ❗ ${cell(row.problem)} | |`;
  const { stack, pool, committed, applied, min, max, failure } = row;
  const cells = [
    `\`${stack}/${pool}\``,
    committed ?? "?",
    applied ?? "?",
    `${min}–${max}`,
    row.waiting.map(renderWaiting).join("; "),
    row.held.map(cell).join("; "),
    failure === null ? "" : `❗ ${cell(failure)}`,
    renderLast(row.last),
  ];
  return `| ${cells.join(" | ")} |`;
}

function renderWaiting({ to, pullRequest, waitsFor }: PoolRow["waiting"][number]): string {
  const where = pullRequest === null ? "" : ` (#${pullRequest})`;
  return `${to}${where} waits for ${waitsFor === "approval" ? "approval" : "its merge"}`;
}

function renderLast(last: PoolRow["last"]): string {
  if (last === null) return "";
  const where = last.pullRequest === null ? last.commit.slice(0, 12) : `#${last.pullRequest}`;
  return `${last.from} → ${last.to} by ${cleanLine(last.by, 60)} (${where})`;
}

function cell(text: string): string {
  return cleanLine(text, 160);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
