import { cleanLine } from "./clean-text.ts";
import { findCommandLines } from "./command-lines.ts";
import { type Mistake, mistake, quoted } from "./command-mistake.ts";
import { type CommandName, exampleOf, SUBCOMMANDS, subcommandOf, usageOf } from "./command-table.ts";
import type { Until } from "./command-time.ts";
import {
  type AskedAmount,
  isAmountLike,
  mistakeOfStrange,
  opensClause,
  parseAmount,
  parseTarget,
  takeHoldClauses,
  takeOptions,
} from "./command-words.ts";
import { suggest } from "./suggest.ts";

/** How many commands of one comment are read; those after them are answered with a mistake. */
export const MAX_COMMANDS = 10;
/** GitHub's own limit of a comment; of a longer text no command is read. */
export const MAX_COMMENT_LENGTH = 65_536;
/** The longest line that is read as a command. */
export const MAX_LINE_LENGTH = 500;
const MAX_REASON_LENGTH = 200;

/**
 * One command as it was written. `target` is the name as written, or null where it was left out; `findTarget` says what it means.
 * `why` is cleaned, and empty where no reason was given.
 */
export type Command =
  | { kind: "scale"; target: string | null; ask: AskedAmount; dryRun: "dry-run" | "commit" }
  | { kind: "status" | "history" | "undo" | "retry" | "resume"; target: string | null }
  | { kind: "pause"; target: string; until: Until; direction: "in" | "out" | "both"; why: string }
  | { kind: "pin"; target: string | null; value: number; until: Until; why: string }
  | { kind: "approve" }
  | { kind: "reject"; why: string }
  | { kind: "help" };

type Parsed = { kind: "command"; command: Command } | Mistake;

/** A line of a comment that is meant for us. `line` counts from 0 within the comment; `text` is the line, cleaned for a reply. */
export type CommandLine = { line: number; text: string } & Parsed;

/**
 * The commands of a comment, in its order: lines that start with exactly `/scale` and a blank or the line's end, and that GitHub
 * shows as text (see `findCommandLines`). Pure and linear, and never throws.
 *
 * Words of the grammar are taken in any case, names as they are. A message of a mistake is fit for a reply: text from outside in it
 * is cleaned. `nowMs` is what `until` is measured by; hand in when the comment was made, so that it always reads the same.
 */
export function parseCommands(body: string, nowMs: number): CommandLine[] {
  if (body.length > MAX_COMMENT_LENGTH) {
    if (!/^\/scale(?:[ \t]|$)/m.test(body)) return [];
    const message = `the comment is over ${MAX_COMMENT_LENGTH} characters long, so no command of it was read`;
    return [{ line: 0, text: "", ...mistake(message) }];
  }
  const found = findCommandLines(body);
  const read = found.slice(0, MAX_COMMANDS).map(({ line, text, place }): CommandLine => {
    const parsed = place === "quote" ? mistake(QUOTED) : parseLine(text, nowMs);
    return { line, text: cleanLine(text, MAX_REASON_LENGTH), ...parsed };
  });
  const next = found[MAX_COMMANDS];
  if (next === undefined) return read;
  const left = found.length - MAX_COMMANDS;
  const message = `only the first ${MAX_COMMANDS} commands of a comment are read; ${left} more, from this one on, were not`;
  return [...read, { line: next.line, text: cleanLine(next.text, MAX_REASON_LENGTH), ...mistake(message) }];
}

const QUOTED =
  "the line belongs to the quote above it, so it was not read as a command; an empty line before it makes it one";

function parseLine(text: string, nowMs: number): Parsed {
  if (text.length > MAX_LINE_LENGTH)
    return mistake(`the line is over ${MAX_LINE_LENGTH} characters long, so it was not read as a command`);
  const words = text.split(/[ \t]+/).filter((word) => word !== "");
  return parseWords(words.slice(1), nowMs);
}

function parseWords(words: readonly string[], nowMs: number): Parsed {
  const [first, ...rest] = words;
  if (first === undefined) return command({ kind: "help" });
  const name = subcommandOf(first);
  switch (name) {
    case null:
      return parseScale(words, nowMs);
    case "status":
    case "history":
    case "undo":
    case "retry":
    case "resume":
      return parseOnTarget(name, rest);
    case "pause":
      return parsePause(rest, nowMs);
    case "pin":
      return parsePin(rest, nowMs);
    case "approve":
      return rest.length === 0 ? command({ kind: "approve" }) : tooMuch("approve", rest[0]);
    case "reject":
      return command({ kind: "reject", why: reasonOf(rest) });
    case "help":
      return command({ kind: "help" });
  }
}

function parseScale(words: readonly string[], nowMs: number): Parsed {
  const options = takeOptions(words);
  if (options.kind === "mistake") return options;
  const [first, second, third] = options.rest;
  if (first === undefined) return mistake(`the amount is missing, as in \`${exampleOf("scale")}\``);
  if (second === undefined && !isAmountLike(first)) return withoutAmount(first, words, nowMs);
  if (second !== undefined && isAmountLike(first) && !isAmountLike(second))
    return mistake(
      `the pool comes before the amount${didYouMean([second, first, ...words.slice(2)], nowMs)}`,
    );
  const [pool, amount] = second === undefined ? [null, first] : [first, second];
  const target = pool === null ? null : parseTarget(pool);
  if (target?.kind === "mistake") return target;
  const ask = parseAmount(amount);
  if (ask.kind === "mistake") {
    const meant = isAmountLike(amount) ? "" : nearCommand(first, words, nowMs);
    return meant === "" ? ask : mistake(`${quoted(first)} is no command${meant}`);
  }
  if (third !== undefined) return mistakeOfStrange(third) ?? tooMuch("scale", third);
  return command({ kind: "scale", target: target?.target ?? null, ask, dryRun: options.dryRun });
}

/** `/scale <word>`: a mistyped command, an amount in strange digits, or a pool and no amount. */
function withoutAmount(first: string, words: readonly string[], nowMs: number): Mistake {
  const meant = nearCommand(first, words, nowMs);
  if (meant !== "") return mistake(`${quoted(first)} is no command${meant}`);
  const target = parseTarget(first);
  if (target.kind === "mistake") return target;
  return mistake(
    `the amount is missing, as in ${quoted(`/scale ${first} +1`)}; \`/scale help\` lists the commands`,
  );
}

/** A command that takes one target, which may be left out. */
function parseOnTarget(
  kind: "status" | "history" | "undo" | "retry" | "resume",
  [word, extra]: readonly string[],
): Parsed {
  if (word === undefined) return command({ kind, target: null });
  if (/^[+-]?\d+$/.test(word))
    return mistake(
      `\`${kind}\` is a command and takes no number; a pool of that name is reached by its stack, as in \`shop.prod/${kind} 3\``,
    );
  if (extra !== undefined) return tooMuch(kind, extra);
  const target = parseTarget(word);
  return target.kind === "mistake" ? target : command({ kind, target: target.target });
}

function parsePause(words: readonly string[], nowMs: number): Parsed {
  const [first = "for", ...rest] = words;
  if (opensClause(first)) {
    const meant = didYouMean(["pause", "all", ...words], nowMs);
    return mistake(`it has to say what to pause: \`all\`, a stack, or a pool as \`shop.prod/web\`${meant}`);
  }
  const target = parseTarget(first);
  if (target.kind === "mistake") return target;
  const hold = takeHoldClauses(rest, "time-and-direction", nowMs);
  if (hold.kind === "mistake") return hold;
  const { until, direction } = hold;
  return command({ kind: "pause", target: target.target, until, direction, why: reasonOf(hold.rest) });
}

function parsePin(words: readonly string[], nowMs: number): Parsed {
  const [first = "", second = ""] = words;
  const isLeftOut = isAmountLike(first);
  const target = isLeftOut ? null : parseTarget(first);
  const amount = isLeftOut ? first : second;
  if (first === "" || amount === "" || opensClause(amount))
    return mistake(`the value to pin is missing, as in \`${exampleOf("pin")}\``);
  if (target?.kind === "mistake") return target;
  const ask = parseAmount(amount);
  if (ask.kind === "mistake") return ask;
  if (ask.kind === "delta")
    return mistake(`a pin takes a value, not a difference, as in \`${exampleOf("pin")}\``);
  const hold = takeHoldClauses(words.slice(isLeftOut ? 1 : 2), "time", nowMs);
  if (hold.kind === "mistake") return hold;
  const { until, rest } = hold;
  return command({
    kind: "pin",
    target: target?.target ?? null,
    value: ask.value,
    until,
    why: reasonOf(rest),
  });
}

/** The end of a sentence that proposes the command whose name was mistyped; empty where none is near. */
function nearCommand(first: string, words: readonly string[], nowMs: number): string {
  const [near] = suggest(first, SUBCOMMANDS);
  if (near === undefined) return "";
  const meant = didYouMean([near, ...words.slice(1)], nowMs) || didYouMean([near], nowMs);
  return meant || `; did you mean \`/scale ${near}\`, as in \`${exampleOf(near)}\`?`;
}

/** Proposes a line, where it is one that would be understood as it is shown. */
function didYouMean(words: readonly string[], nowMs: number): string {
  const line = cleanLine(["/scale", ...words].join(" "), MAX_LINE_LENGTH);
  return parseLine(line, nowMs).kind === "command" ? `; did you mean \`${line}\`?` : "";
}

function tooMuch(name: CommandName, word = ""): Mistake {
  return mistake(`${quoted(word)} is more than the command takes, which is \`${usageOf(name)}\``);
}

function reasonOf(words: readonly string[]): string {
  return cleanLine(words.join(" "), MAX_REASON_LENGTH);
}

function command(it: Command): Parsed {
  return { kind: "command", command: it };
}
