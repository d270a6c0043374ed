import { type Mistake, mistake, quoted } from "./command-mistake.ts";
import { parseDuration, parsePointOfTime, type Until } from "./command-time.ts";
import { suggest } from "./suggest.ts";

/** What a pool can have at most, as in a contract. */
const MAX_VALUE = 1_000_000;

const TARGET = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(?:\/[A-Za-z][A-Za-z0-9_-]{0,62})?$/;
const WHOLE_NUMBER = /^([+-]?)0*(\d{1,7})$/;

/** How much is asked for: a value, or a difference that is not zero. */
export type AskedAmount = { kind: "value"; value: number } | { kind: "delta"; delta: number };

/** Whether a word stands where the amount belongs: names of pools begin with a letter, and those of stacks hold one. */
export function isAmountLike(word: string): boolean {
  return /^(?:[+-]|\d[\d.,_]*%?$)/.test(word);
}

/** Reads `10`, `+2` or `-1`. */
export function parseAmount(word: string): AskedAmount | Mistake {
  const strange = mistakeOfStrange(word);
  if (strange !== null) return strange;
  if (word === "+" || word === "-") return mistake("the sign and the number are one word, as in `+2`");
  if (!/^[+-]?\d+$/.test(word))
    return mistake(`${quoted(word)} is no whole number such as \`10\`, \`+2\` or \`-1\``);
  const [, sign = "", digits = ""] = WHOLE_NUMBER.exec(word) ?? [];
  const amount = Number(digits);
  if (digits === "" || amount > MAX_VALUE)
    return mistake(`${quoted(word)} is more than any pool can have, which is ${MAX_VALUE}`);
  if (sign === "") return { kind: "value", value: amount };
  if (amount === 0) return mistake(`${quoted(word)} changes nothing; a value is written without a sign`);
  return { kind: "delta", delta: sign === "-" ? -amount : amount };
}

/** Reads `web`, `shop.prod` or `shop.prod/web`. Whether there is such a thing is not looked at here. */
export function parseTarget(word: string): { kind: "target"; target: string } | Mistake {
  const strange = mistakeOfStrange(word);
  if (strange !== null) return strange;
  if (TARGET.test(word)) return { kind: "target", target: word };
  return mistake(
    `${quoted(word)} can be no name of a pool or a stack, as it is written; write \`web\` or \`shop.prod/web\`, without quotes`,
  );
}

/** Takes options, which may stand anywhere, out of the words; `--dry-run` is the only one. */
export function takeOptions(
  words: readonly string[],
): { kind: "taken"; dryRun: "dry-run" | "commit"; rest: string[] } | Mistake {
  const options = words.filter((word) => word.startsWith("--"));
  const wrong = options.find((word) => word.toLowerCase() !== "--dry-run");
  if (wrong !== undefined) {
    const strange = mistakeOfStrange(wrong);
    if (strange !== null) return strange;
    const meant =
      suggest(wrong, ["--dry-run"]).length > 0
        ? "; did you mean `--dry-run`?"
        : "; there is `--dry-run` alone";
    return mistake(`${quoted(wrong)} is no option${meant}`);
  }
  const rest = words.filter((word) => !word.startsWith("--"));
  return { kind: "taken", dryRun: options.length > 0 ? "dry-run" : "commit", rest };
}

export type HoldClauses = { kind: "clauses"; until: Until; direction: "in" | "out" | "both"; rest: string[] };

/** Reads `for 2h` or `until <time>` and, where `takes` says so, `in` or `out`, in any order; what follows is the reason. */
export function takeHoldClauses(
  words: readonly string[],
  takes: "time" | "time-and-direction",
  nowMs: number,
): HoldClauses | Mistake {
  const clauses: HoldClauses = { kind: "clauses", until: null, direction: "both", rest: [...words] };
  for (;;) {
    const [word = "", value = "", next = ""] = clauses.rest;
    const clause = word.toLowerCase();
    if (isTimeClause(clause) && clauses.until === null) {
      const parsed = parseTimeClause(clause, value, next, nowMs);
      if (parsed.kind === "mistake") return parsed;
      clauses.until = parsed.until;
      clauses.rest.splice(0, 2);
    } else if (takes === "time-and-direction" && isDirection(clause)) {
      if (clauses.direction !== "both")
        return mistake("it is either `in` or `out`; without either, both directions are held");
      clauses.direction = clause;
      clauses.rest.shift();
    } else return mistakenForReason(clauses, nowMs) ?? clauses;
  }
}

function parseTimeClause(clause: "for" | "until", value: string, next: string, nowMs: number) {
  if (value === "")
    return mistake(`after \`${clause}\` a time is missing, as in \`for 2h\` or \`until 2030-01-31T18:00Z\``);
  const strange = mistakeOfStrange(value);
  if (strange !== null) return strange;
  return clause === "for" ? parseDuration(value, next) : parsePointOfTime(value, nowMs, next);
}

/** A time that would pass for the reason, so that what somebody meant to hold for an hour is held for good. */
function mistakenForReason({ until, rest }: HoldClauses, nowMs: number): Mistake | null {
  const [word = "", value = ""] = rest;
  const isMistyped = suggest(word, ["for", "until"]).length > 0;
  for (const time of isMistyped ? [word, value] : [word]) {
    const clause = timeClauseOf(time, nowMs);
    if (clause === null) continue;
    if (until !== null) return mistake(`two times are given; ${quoted(time)} is one too many`);
    return mistake(
      `before ${quoted(time)} the word \`${clause}\` is missing; did you mean ${quoted(`${clause} ${time}`)}?`,
    );
  }
  return until === null ? mistakenWithinReason(rest, nowMs) : null;
}

/** People like to give the reason first, and what they mean to hold for an hour would hold for good. */
function mistakenWithinReason(words: readonly string[], nowMs: number): Mistake | null {
  const at = words.findIndex((word, index) => {
    const clause = word.toLowerCase();
    return isTimeClause(clause) && timeClauseOf(words[index + 1] ?? "", nowMs) === clause;
  });
  const [clause = "", time = ""] = words.slice(at);
  return at < 0
    ? null
    : mistake(`the time comes before the reason: put ${quoted(`${clause} ${time}`)} first`);
}

function timeClauseOf(word: string, nowMs: number): "for" | "until" | null {
  if (parseDuration(word).kind === "until") return "for";
  return parsePointOfTime(word, nowMs).kind === "until" ? "until" : null;
}

/** Whether a word opens a clause, so that what should stand before it is missing. */
export function opensClause(word: string): boolean {
  return /^(?:for|until|in|out)$/i.test(word);
}

function isTimeClause(word: string): word is "for" | "until" {
  return word === "for" || word === "until";
}

function isDirection(word: string): word is "in" | "out" {
  return word === "in" || word === "out";
}

/** Letters, signs and digits that only look like those of a keyboard would be taken for something else than what people see. */
export function mistakeOfStrange(word: string): Mistake | null {
  const strange = /[^\x21-\x7e]/u.exec(word)?.[0];
  if (strange === undefined) return null;
  const code = (strange.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const plain = plainOf(word);
  const meant = /^[\w.+/ -]{1,80}$/.test(plain) ? `; did you mean \`${plain}\`?` : "";
  return mistake(`${quoted(word)} holds the character U+${code}, which is none that a command takes${meant}`);
}

function plainOf(word: string): string {
  return (
    word
      .slice(0, 100)
      .normalize("NFKC")
      .replace(/\p{Cf}/gu, "")
      // Telephones make one long dash of two short ones.
      .replace(/^[\u2013\u2014](?=[a-z])/i, "--")
      .replace(/[\p{Pd}\u2212]/gu, "-")
  );
}
