import type { PoolChange } from "../domain/pool-history.ts";
import { formatMessage, formatScaleTrailers, formatSubject } from "../domain/scale-commit.ts";
import type { PreparedScale, ScaleDecision } from "./prepare-scale.ts";
import { renderAsked } from "./render-asked.ts";
import { renderChart } from "./render-chart.ts";
import { renderCost } from "./render-cost.ts";
import { type NextFacts, renderNext } from "./render-next.ts";
import { renderScaleTable } from "./render-scale-table.ts";
import { decisionWords, formatScaleLine, type ScaleWords } from "./scale-words.ts";

/** What a person reads in a commit: one line a pool, with the reasons' own sentences. */
export function renderCommit(
  prepared: PreparedScale,
  decisions: readonly ScaleDecision[],
  prefix: string,
): { headline: string; body: string } {
  const words = wordsOf(prepared, decisions);
  const lines = prepared.commit.scales.map((scale) => formatScaleLine(scale, words.get(scale.pool)));
  return formatMessage(prepared.commit, lines.join("\n"), prefix);
}

export type PullFacts = NextFacts & {
  prefix: string;
  /** A pool's changes on the base branch, newest first. */
  historyOf: (pool: string) => readonly PoolChange[];
};

/** Each is a frame in the page. */
const MOST_CHARTS = 4;
/** Far from what GitHub takes: only what has room to spare has charts, so that none is ever cut in two. */
const LONGEST_WITH_CHARTS = 30_000;

/**
 * The title and body of a scale pull request; the body ends with the commit's own trailers. Text from outside is in it as clean
 * lines, inside of cells and list items, and as code that it cannot end.
 */
export function renderPull(
  prepared: PreparedScale,
  decisions: readonly ScaleDecision[],
  { prefix, historyOf, ...facts }: PullFacts,
): { title: string; body: string } {
  const { commit, pools } = prepared;
  const words = wordsOf(prepared, decisions);
  const parts = [
    renderScaleTable(commit.scales, pools, words),
    renderAsked(commit, words),
    renderCost(commit.scales, pools),
    renderNext(commit, facts),
  ];
  const trailers = formatScaleTrailers(commit);
  const length = parts.reduce((sum, part) => sum + part.length, trailers.length);
  const charted = length > LONGEST_WITH_CHARTS ? [] : commit.scales.slice(0, MOST_CHARTS);
  const charts = charted.map(({ pool }) => renderChart(pool, historyOf(pool)));
  const body = [...parts, ...charts, trailers].filter((part) => part !== "").join("\n\n");
  return { title: renderTitle(prepared, prefix), body };
}

/** A list has no use for more. */
const LONGEST_TITLE = 120;

/** The commit's subject; for several pools it names as many of them as a line has room for. */
function renderTitle({ commit }: PreparedScale, prefix: string): string {
  const [first, ...others] = commit.scales;
  let title = formatSubject({ ...commit, scales: [first] }, prefix);
  for (const [index, { pool, from, to }] of others.entries()) {
    const longer = `${title}, ${pool} ${from} → ${to}`;
    const left = others.length - index;
    if (longer.length > LONGEST_TITLE) return `${title} and ${left} more ${left === 1 ? "pool" : "pools"}`;
    title = longer;
  }
  return title;
}

/** Decided just now, or asked for before. */
function wordsOf(
  prepared: PreparedScale,
  decisions: readonly ScaleDecision[],
): ReadonlyMap<string, ScaleWords> {
  return new Map([
    ...prepared.words,
    ...decisions.map((decision): [string, ScaleWords] => [decision.intent.pool, decisionWords(decision)]),
  ]);
}
