/**
 * A path, a branch or a name as markdown that shows it letter by letter: nothing in it ends the code, makes a link, mentions
 * anybody or asks GitHub to skip a workflow. Not for a table's cell, which a `|` would end. Empty for an empty text.
 */
export function renderCode(text: string): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ")
    .replaceAll("[", "(")
    .replaceAll("]", ")")
    .trim()
    .slice(0, LONGEST);
  if (line === "") return "";
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const gap = longest === 0 ? "" : " ";
  return `${fence}${gap}${line}${gap}${fence}`;
}

const LONGEST = 400;
