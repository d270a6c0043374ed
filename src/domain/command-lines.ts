import { fenceOf, readBlocks, type ShownLine } from "./command-blocks.ts";

/** A line that starts with `/scale`. In a `quote` is one that GitHub takes for the rest of the quoted paragraph above it. */
export type WrittenLine = { line: number; text: string; place: "open" | "quote" };

/**
 * The lines of a comment that start with exactly `/scale` and a blank or the line's end, and that people see as text. Not those in
 * quotes, in fenced or indented code, in code spans over several lines, in comments or blocks of HTML, or in `<details>`. Where
 * markdown and the eye disagree, as on a fence that a list item ends, the line does not count. `line` counts from 0; linear.
 */
export function findCommandLines(body: string): WrittenLine[] {
  const lines = body.split(/\r\n|\n|\r/);
  if (!lines.some(isCommand)) return [];
  const shown = readBlocks(lines);
  const hidden = new Set([
    ...linesInComments(lines, shown),
    ...linesInElements(lines, shown),
    ...linesBetweenFences(lines),
    ...linesInCodeSpans(lines, shown),
  ]);
  return lines.flatMap((text, line): WrittenLine[] => {
    const place = shown[line]?.kind;
    if (!isCommand(text) || hidden.has(line) || (place !== "text" && place !== "quote")) return [];
    return [{ line, text, place: place === "text" ? "open" : "quote" }];
  });
}

function isCommand(line: string): boolean {
  return /^\/scale(?:[ \t]|$)/.test(line);
}

/** From `<!--` to `-->`, also where an empty line between them makes markdown show what stands there. */
function linesInComments(lines: readonly string[], shown: readonly ShownLine[]): number[] {
  const hidden: number[] = [];
  let isOpen = false;
  const lastEnd = lines.findLastIndex((line) => line.includes("-->"));
  for (const [index, line] of lines.entries()) {
    if (isOpen) hidden.push(index);
    else if (shown[index]?.kind === "code") continue;
    const begin = line.lastIndexOf("<!--");
    const end = line.lastIndexOf("-->");
    if (end > begin) isOpen = false;
    else if (begin >= 0) isOpen = index < lastEnd;
  }
  return hidden;
}

const HIDING = /^ {0,3}<(details|blockquote|pre|code|table)(?=[\s>]|$)/i;
/** Wherever it begins in a line, a browser hides what follows it, paragraphs of their own too. */
const FOLDED = /<(details)(?=[\s>]|$)/i;

/** From an element that begins a line, or one that folds wherever it begins, to its end; without an end, all that follows. */
function linesInElements(lines: readonly string[], shown: readonly ShownLine[]): number[] {
  const hidden: number[] = [];
  let open: { name: string; depth: number } | null = null;
  for (const [index, line] of lines.entries()) {
    if (open !== null) hidden.push(index);
    if (shown[index]?.kind === "code") continue;
    const begun: string | undefined =
      open === null ? (HIDING.exec(line) ?? FOLDED.exec(withoutCode(line)))?.[1]?.toLowerCase() : undefined;
    if (begun !== undefined) open = { name: begun, depth: 0 };
    if (open === null) continue;
    for (const [, slash, name = ""] of line.matchAll(
      /<(\/?)(details|blockquote|pre|code|table)(?=[\s>]|$)/gi,
    ))
      if (name.toLowerCase() === open.name) open.depth += slash === "/" ? -1 : 1;
    if (open.depth <= 0) open = null;
  }
  return hidden;
}

/** A line without the code spans and the escaped signs in it, which hide nothing; nothing of a quoted one: its elements end with the quote. */
function withoutCode(line: string): string {
  return /^ {0,3}>/.test(line) ? "" : line.replace(/`[^`]*`|\\</g, " ");
}

/** Marks of quotes and list items, in any depth. */
const MARKS = /^[\s>]*(?:(?:[-+*]|\d{1,9}[.)])\s[\s>]*)*/;

type Fence = { line: number; sign: string; length: number; isBare: boolean };

/** Between two fences of whatever depth in lists and quotes, as somebody sees it who thinks of no markdown rules. */
function linesBetweenFences(lines: readonly string[]): number[] {
  const fences = lines.flatMap((text, line): Fence[] => {
    const fence = fenceOf(text.slice(MARKS.exec(text)?.[0].length));
    return fence === null ? [] : [{ line, ...fence, isBare: fence.info.trim() === "" }];
  });
  const hidden: number[] = [];
  // The shortest fence of a sign for which no end was found: a longer one later has none either.
  const endless = new Map<string, number>();
  let from = 0;
  for (const [index, fence] of fences.entries()) {
    if (index < from || fence.length >= (endless.get(fence.sign) ?? Number.POSITIVE_INFINITY)) continue;
    const end = endOf(fence, fences, index + 1);
    if (end === null) endless.set(fence.sign, fence.length);
    else {
      for (let line = fence.line + 1; line < end.fence.line; line++) hidden.push(line);
      from = end.index + 1;
    }
  }
  return hidden;
}

function endOf({ sign, length }: Fence, fences: readonly Fence[], from: number) {
  for (let index = from; index < fences.length; index++) {
    const fence = fences[index];
    if (fence?.sign === sign && fence.length >= length && fence.isBare) return { index, fence };
  }
  return null;
}

/** Within a code span that began on an earlier line of the same paragraph. */
function linesInCodeSpans(lines: readonly string[], shown: readonly ShownLine[]): number[] {
  const hidden: number[] = [];
  const runs = lines.flatMap((line, index) => {
    const block = shown[index];
    if (block === undefined || (block.kind !== "text" && block.kind !== "quote")) return [];
    return [...line.matchAll(/`+/g)].map(({ 0: { length }, index: at }) => {
      // A backslash makes the first of them a plain one, unless a span is open.
      return {
        line: index,
        length,
        paragraph: block.paragraph,
        isEscaped: line[at - 1] === "\\" && line[at - 2] !== "\\",
      };
    });
  });
  const nextOf = new Map<string, number>();
  const next = runs.map(() => -1);
  for (let at = runs.length - 1; at >= 0; at--) {
    const run = runs[at];
    if (run === undefined) continue;
    const asOpener = `${run.paragraph} ${run.isEscaped ? run.length - 1 : run.length}`;
    next[at] = nextOf.get(asOpener) ?? -1;
    nextOf.set(`${run.paragraph} ${run.length}`, at);
  }
  for (let at = 0; at < runs.length; at++) {
    const end = next[at] ?? -1;
    const [begun, ended] = [runs[at], runs[end]];
    if (begun === undefined || ended === undefined) continue;
    for (let line = begun.line + 1; line <= ended.line; line++) hidden.push(line);
    at = end;
  }
  return hidden;
}
