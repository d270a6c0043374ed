import { cleanLine } from "../domain/clean-text.ts";
import type { HistoryView, PoolView, ScaleResult } from "./scaling.ts";

/** A decision as a sentence or two, for a comment. */
export function renderDecision(result: ScaleResult | undefined, mode: "commit" | "dry-run"): string {
  if (result === undefined) return "🤷 Nothing was decided.";
  const { stack, pool, kind, from, to, reasons, delivery, diff } = result;
  const why = reasons.map(({ message }) => cleanLine(message, 200)).join("; ");
  const name = `\`${stack}/${pool}\``;
  if (kind === "refuse") return `🚫 ${name}: ${why}.`;
  if (kind === "hold") return `✋ ${name} stays at ${from}: ${why}.`;
  const sentence = `${name} ${from} → **${to}**: ${why}.`;
  if (mode === "commit") return sentence;
  const how = delivery === "needs-approval" ? "would wait for approval" : "would be committed";
  return `🔎 ${sentence} It ${how}; nothing was written.${diff === undefined ? "" : `\n\n\`\`\`diff\n${withoutFence(diff)}\n\`\`\``}`;
}

/** The lines around the value are the team's own, and may hold anything. */
function withoutFence(diff: string): string {
  return diff.replaceAll("```", "'''").slice(0, 4_000).trimEnd();
}

/** The pools as a table. */
export function renderPools(views: readonly PoolView[]): string {
  const rows = views.map((view) => {
    const open = [
      ...(view.pending === null ? [] : [`${view.pending} is on its way`]),
      ...(view.awaitingApproval === null ? [] : [`${view.awaitingApproval} waits for approval`]),
      ...(view.pinned === null ? [] : [`📌 ${cell(view.pinned.message)}`]),
      ...(view.paused === null ? [] : [`⏸️ ${cell(view.paused)}`]),
      ...(view.cooldownUntil === null ? [] : [`cools down until ${view.cooldownUntil}`]),
      ...(view.problem === null ? [] : [cell(view.problem)]),
    ];
    const value = view.committed ?? "?";
    const applied = view.applied ?? "?";
    return `| \`${view.stack}/${view.pool}\` | ${value} | ${applied} | ${view.min}–${view.max} | ${open.join("; ")} |`;
  });
  if (rows.length === 0) return "There is no such pool.";
  return ["| pool | committed | applied | limits | now |", "|---|---|---|---|---|", ...rows].join("\n");
}

const MOST_CHANGES = 10;

/** A pool with its changes, newest first. */
export type PoolHistory = { alias: string; pool: string; changes: readonly HistoryView[] };

/** The newest changes of a pool as a table. */
export function renderHistory({ alias, pool, changes }: PoolHistory): string {
  if (changes.length === 0) return `\`${alias}/${pool}\` has not changed for as long as is looked back.`;
  const rows = changes.slice(0, MOST_CHANGES).map((change) => `| ${change.at} | ${cellsOf(change)} |`);
  const table = ["| at | value | by | why | where |", "|---|---|---|---|---|", ...rows];
  return [`\`${alias}/${pool}\``, "", ...table].join("\n");
}

/** The newest changes of several pools as one table. */
export function renderHistories(histories: readonly PoolHistory[]): string {
  const changes = histories
    .flatMap(({ alias, pool, changes }) =>
      changes.slice(0, MOST_CHANGES).map((change) => ({ name: `${alias}/${pool}`, change })),
    )
    .toSorted((one, other) => Date.parse(other.change.at) - Date.parse(one.change.at));
  if (changes.length === 0) return "No pool has changed for as long as is looked back.";
  const rows = changes
    .slice(0, MOST_CHANGES)
    .map(({ name, change }) => `| ${change.at} | \`${name}\` | ${cellsOf(change)} |`);
  return ["| at | pool | value | by | why | where |", "|---|---|---|---|---|---|", ...rows].join("\n");
}

function cellsOf({ from, to, by, reasons, commit, pullRequest }: HistoryView): string {
  const where = pullRequest === null ? commit.slice(0, 12) : `#${pullRequest}`;
  return [`${from ?? "?"} → ${to ?? "?"}`, cell(by), cell(reasons.join(", ")), where].join(" | ");
}

function cell(text: string): string {
  return cleanLine(text, 160);
}
