import { cleanLine } from "../domain/clean-text.ts";
import {
  formatMessage,
  formatScaleTrailers,
  formatSubject,
  type ScaleCommit,
} from "../domain/scale-commit.ts";
import type { ScaleDecision } from "./scale-plan.ts";

/** What a person reads in a commit: one line a pool, with the reasons' own sentences. */
export function renderCommit(
  commit: ScaleCommit,
  decisions: readonly ScaleDecision[],
  prefix: string,
): { headline: string; body: string } {
  return formatMessage(
    commit,
    commit.scales.map((scale) => proseLine(scale.pool, commit, decisions)).join("\n"),
    prefix,
  );
}

/** The title and body of a scale pull request; the body ends with the commit's own trailers. */
export function renderPull(
  commit: ScaleCommit,
  decisions: readonly ScaleDecision[],
  options: { prefix: string; path: string; branch: string; gated: boolean },
): { title: string; body: string } {
  const rows = commit.scales.map((scale) => {
    const decision = decisions.find(({ intent }) => intent.pool === scale.pool);
    const why =
      decision?.reasons.map(({ message }) => cleanLine(message, 200)).join("; ") ?? scale.reasons.join(", ");
    const asked =
      decision === undefined || decision.intent.summary === "" ? scale.source : decision.intent.summary;
    return `| ${scale.pool} | ${scale.from} | **${scale.to}** | ${scale.requested} | ${cell(asked)} | ${cell(why)} |`;
  });
  const next = options.gated
    ? "This change is above the approval threshold: nothing of ours merges it. A person with write access reviews it."
    : "This change is in range: it merges by itself as soon as the repository lets it.";
  const body = [
    "| pool | from | to | asked | by | why |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
    `It changes these values in \`${options.path}\` and nothing else. ${next} On merge to \`${options.branch}\` the deploy workflow applies it.`,
    "",
    formatScaleTrailers(commit),
  ].join("\n");
  return { title: formatSubject(commit, options.prefix), body };
}

function proseLine(pool: string, commit: ScaleCommit, decisions: readonly ScaleDecision[]): string {
  const decision = decisions.find(({ intent }) => intent.pool === pool);
  const scale = commit.scales.find((line) => line.pool === pool);
  const change = `${pool}: ${scale?.from} → ${scale?.to}`;
  if (decision === undefined) return `${change} (as asked before)`;
  const why = decision.reasons.map(({ message }) => cleanLine(message, 200)).join("; ");
  const asked = decision.intent.summary === "" ? "" : ` [${cleanLine(decision.intent.summary, 160)}]`;
  return `${change}: ${why}${asked}`;
}

/** One table cell: text from outside may not end it. */
function cell(text: string): string {
  return cleanLine(text, 240).replaceAll("|", "/");
}
