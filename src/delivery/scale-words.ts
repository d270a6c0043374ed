import { cleanLine } from "../domain/clean-text.ts";
import type { Contract } from "../domain/contract.ts";
import type { Decision } from "../domain/decision.ts";
import { isCalled, type StackNames } from "../domain/names.ts";
import { findPool } from "../domain/pool-history.ts";
import { parseScaleCommit, type Scale } from "../domain/scale-commit.ts";
import type { FileCommit, ScaleBranch } from "../domain/snapshot.ts";

/** What people are told of a move: why it is made, and the alert that asked; empty where there was none. A clean line each. */
export type ScaleWords = { why: string; asked: string };

const LONGEST_WHY = 1000;
const LONGEST_ASKED = 160;
const LONGEST_LINE = 8000;

/** The words of a decision. */
export function decisionWords({ reasons, intent }: Pick<Decision, "reasons" | "intent">): ScaleWords {
  const why = reasons.map(({ message }) => cleanLine(message, 200)).join("; ");
  return { why: cleanLine(why, LONGEST_WHY), asked: cleanLine(intent.summary, LONGEST_ASKED) };
}

/** A move as one line of a commit's message: `web: 3 → 4: +1 from 3 was asked by prometheus [Busy: the queue grows]`. */
export function formatScaleLine(scale: Scale, words: ScaleWords | undefined): string {
  if (words === undefined) return `${formatChange(scale)} (as asked before)`;
  return `${formatChange(scale)}: ${words.why}${words.asked === "" ? "" : ` [${words.asked}]`}`;
}

/** Reads the words of a move back out of a commit's message; undefined where it has none. They are cleaned again: anyone can write one. */
export function parseScaleLine(
  message: string,
  scale: Pick<Scale, "pool" | "from" | "to">,
): ScaleWords | undefined {
  const start = `${formatChange(scale)}: `;
  const line = message.split(/\r\n|\n|\r/).find((candidate) => candidate.startsWith(start));
  if (line === undefined) return undefined;
  const text = line.slice(start.length, LONGEST_LINE).trimEnd();
  // Cleaned words hold no brackets of their own.
  const opened = text.endsWith("]") ? text.lastIndexOf(" [") : -1;
  const why = cleanLine(opened === -1 ? text : text.slice(0, opened), LONGEST_WHY);
  const asked = opened === -1 ? "" : cleanLine(text.slice(opened + 2, -1), LONGEST_ASKED);
  return why === "" ? undefined : { why, asked };
}

/** What a snapshot has of what was said before. */
export type SaidBefore = {
  inRange: Pick<ScaleBranch, "headMessage"> | null;
  gated: ReadonlyMap<string, Pick<ScaleBranch, "headMessage">>;
  history: readonly Pick<FileCommit, "message">[];
};

/**
 * The words that a move had when it was first asked for: in the commit of an open pull request of the pool, or in one on the base
 * branch that answered the same event.
 */
export function findWords(
  { inRange, gated, history }: SaidBefore,
  stack: StackNames & { contract: Contract },
  scale: Scale,
): ScaleWords | undefined {
  const pool = findPool(stack.contract, scale.pool);
  const names = pool === undefined ? [scale.pool] : [pool.name, ...pool.aliases];
  const messages = [
    ...names.map((name) => gated.get(name)?.headMessage ?? ""),
    inRange?.headMessage ?? "",
    ...history.map(({ message }) => message),
  ];
  for (const message of messages) {
    if (!message.includes(scale.event)) continue;
    const commit = parseScaleCommit(message);
    if (commit === undefined || !isCalled(stack, commit.alias)) continue;
    const own = commit.scales.find((line) => line.event === scale.event && names.includes(line.pool));
    const words = own === undefined ? undefined : parseScaleLine(message, own);
    if (words !== undefined) return words;
  }
  return undefined;
}

function formatChange({ pool, from, to }: Pick<Scale, "pool" | "from" | "to">): string {
  return `${pool}: ${from} → ${to}`;
}
