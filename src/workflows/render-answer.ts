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

/** The newest changes of a pool as a table. */
export function renderHistory(alias: string, pool: string, changes: readonly HistoryView[]): string {
  if (changes.length === 0) return `\`${alias}/${pool}\` has not changed for as long as is looked back.`;
  const rows = changes.slice(0, MOST_CHANGES).map(({ at, from, to, by, reasons, commit, pullRequest }) => {
    const where = pullRequest === null ? commit.slice(0, 12) : `#${pullRequest}`;
    return `| ${at} | ${from ?? "?"} → ${to ?? "?"} | ${cell(by)} | ${cell(reasons.join(", "))} | ${where} |`;
  });
  return [
    `\`${alias}/${pool}\``,
    "",
    "| at | value | by | why | where |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function cell(text: string): string {
  return cleanLine(text, 160);
}
