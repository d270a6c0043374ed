/** What GitHub would make something of: HTML, mentions, references, links, escapes, formulas, placeholders. */
const MARKS = /[<>@#[\]\\!$~{}]|:\/\/|\bGH-\d|\bwww\./i;

/** The parts of a pull request's body that a text could break into, as a reader of markdown finds them. */
export type Markdown = { rows: string[]; charts: string[]; plain: string };

/**
 * Takes a body apart as GitHub's markdown does: fenced blocks first, then code spans, which begin at the leftmost backticks and end
 * at the next run of as many. `plain` is what is left. Throws where a block is not closed, or where the rest has a mark in it.
 */
export function readMarkdown(body: string): Markdown {
  const charts: string[] = [];
  const lines: string[] = [];
  let open: string[] | undefined;
  for (const line of body.split(/\r\n|\r|\n/)) {
    if (open === undefined && line === "```mermaid") open = [];
    else if (open === undefined) lines.push(line);
    else if (/^ {0,3}`{3,}\s*$/.test(line)) {
      charts.push(open.join("\n"));
      open = undefined;
    } else open.push(line);
  }
  if (open !== undefined) throw new Error(`A block is not closed:\n${body}`);
  const outside = lines.join("\n");
  if (/^ {0,3}(?:`{3}|~~~)/m.test(outside)) throw new Error(`A block is not ours:\n${body}`);
  const plain = outside.replace(/(?<!`)(`+)(?!`)([^\n]*?[^`\n])\1(?!`)/g, "·");
  const found = plain.includes("`") ? "`" : MARKS.exec(plain.replaceAll("->", ""))?.[0];
  if (found !== undefined) throw new Error(`There is a ${JSON.stringify(found)} in it:\n${plain}`);
  return { rows: lines.filter((line) => line.startsWith("|")), charts, plain };
}
