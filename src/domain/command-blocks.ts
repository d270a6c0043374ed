/**
 * What GitHub makes of a line: `text` is a paragraph, `quote` a paragraph in a quote, `code` fenced or indented, `html` a block of HTML,
 * `other` an empty line, a heading or a rule. Lines with the same number are of one paragraph.
 */
export type ShownLine = { kind: "text" | "quote" | "code" | "html" | "other"; paragraph: number };

type Container = { kind: "quote" } | { kind: "item"; offset: number; isEmpty: boolean };
type Leaf =
  | { kind: "none" | "paragraph" }
  | { kind: "fence"; sign: string; length: number }
  | { kind: "html"; end: RegExp };

interface State {
  containers: Container[];
  leaf: Leaf;
  paragraph: number;
}

/** Deeper containers are read as text: nobody nests so deep, and each line is matched against all that are open. */
const MAX_DEPTH = 50;

/**
 * Reads the block structure of GitHub's markdown, as https://spec.commonmark.org says in its appendix on parsing: first the
 * containers that a line goes on with, then those that it opens, then the leaf.
 */
export function readBlocks(lines: readonly string[]): ShownLine[] {
  const state: State = { containers: [], leaf: { kind: "none" }, paragraph: 0 };
  return lines.map((line) => readLine(state, expandTabs(line)));
}

function readLine(state: State, line: string): ShownLine {
  const { matched, rest } = matchContainers(state.containers, line);
  const goesOn = matched === state.containers.length;
  if (goesOn && (state.leaf.kind === "fence" || state.leaf.kind === "html")) return continueLeaf(state, rest);
  const isInParagraph = state.leaf.kind === "paragraph";
  const opened = openContainers(rest, MAX_DEPTH - matched, goesOn && isInParagraph);
  const isNew = opened.containers.length > 0;
  const start = startOf(opened.rest, isInParagraph && !isNew ? (goesOn ? "paragraph" : "lazy") : "nothing");
  // The rest of a paragraph needs no mark of its containers.
  const isLazy = !goesOn && !isNew && isInParagraph && start.kind === "text";
  if (!isLazy) state.containers = [...state.containers.slice(0, matched), ...opened.containers];
  if (start.kind === "text") {
    if (!isLazy && (isNew || !goesOn || !isInParagraph)) state.paragraph++;
    state.leaf = { kind: "paragraph" };
    const isQuoted = state.containers.some(({ kind }) => kind === "quote");
    return shown(state, isQuoted ? "quote" : "text");
  }
  state.leaf = start.leaf;
  return shown(state, start.kind);
}

function shown({ paragraph }: State, kind: ShownLine["kind"]): ShownLine {
  return { kind, paragraph };
}

function matchContainers(containers: readonly Container[], line: string): { matched: number; rest: string } {
  let rest = line;
  for (const [matched, container] of containers.entries()) {
    const isBlank = rest.trim() === "";
    if (container.kind === "quote") {
      const mark = /^ {0,3}> ?/.exec(rest)?.[0];
      if (mark === undefined) return { matched, rest };
      rest = rest.slice(mark.length);
      // An empty line ends an item that has nothing in it yet.
    } else if (isBlank ? !container.isEmpty : indentOf(rest) >= container.offset) {
      container.isEmpty = false;
      rest = rest.slice(container.offset);
    } else return { matched, rest };
  }
  return { matched: containers.length, rest };
}

function continueLeaf(state: State, rest: string): ShownLine {
  const { leaf } = state;
  if (leaf.kind === "fence") {
    const [, fence = ""] = /^ {0,3}(`+|~+) *$/.exec(rest) ?? [];
    if (fence.startsWith(leaf.sign) && fence.length >= leaf.length) state.leaf = { kind: "none" };
    return shown(state, "code");
  }
  if (leaf.kind === "html" && leaf.end.test(rest)) state.leaf = { kind: "none" };
  return shown(state, "html");
}

function openContainers(
  line: string,
  most: number,
  interrupts: boolean,
): { containers: Container[]; rest: string } {
  const containers: Container[] = [];
  let rest = line;
  while (containers.length < most) {
    const quote = /^ {0,3}> ?/.exec(rest)?.[0];
    const item = quote === undefined ? itemOf(rest) : null;
    if (quote !== undefined) {
      containers.push({ kind: "quote" });
      rest = rest.slice(quote.length);
    } else if (item !== null && (containers.length > 0 || !interrupts || item.mayInterrupt)) {
      containers.push({ kind: "item", offset: item.offset, isEmpty: item.isEmpty });
      rest = rest.slice(item.offset);
    } else break;
  }
  return { containers, rest };
}

const RULE = /^ {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$/;

/** A list item, and how far in its content stands. Only one that is not empty, and no later number, may cut into a paragraph. */
function itemOf(line: string): { offset: number; isEmpty: boolean; mayInterrupt: boolean } | null {
  if (RULE.test(line)) return null;
  const [all, indent = "", mark = ""] = /^( {0,3})([-+*]|\d{1,9}[.)])(?= |$)/.exec(line) ?? [];
  if (all === undefined) return null;
  const content = line.slice(all.length);
  const isEmpty = content.trim() === "";
  const blanks = indentOf(content);
  const offset = indent.length + mark.length + (isEmpty || blanks > 4 ? 1 : blanks);
  return { offset, isEmpty, mayInterrupt: !isEmpty && (/^[-+*]$/.test(mark) || /^0*1[.)]$/.test(mark)) };
}

type Start = { kind: "text" } | { kind: "code" | "html" | "other"; leaf: Leaf };

/** What a line starts; `within` says whether it may be the rest of a paragraph, in the same containers or lazily outside of them. */
function startOf(line: string, within: "paragraph" | "lazy" | "nothing"): Start {
  if (line.trim() === "") return { kind: "other", leaf: { kind: "none" } };
  if (indentOf(line) >= 4)
    return within === "nothing" ? { kind: "code", leaf: { kind: "none" } } : { kind: "text" };
  const fence = fenceOf(line.trimStart());
  if (fence !== null)
    return { kind: "code", leaf: { kind: "fence", sign: fence.sign, length: fence.length } };
  const end = htmlEnd(line.trimStart(), within);
  if (end !== null) return { kind: "html", leaf: end.test(line) ? { kind: "none" } : { kind: "html", end } };
  const isHeading =
    /^ {0,3}#{1,6}(?: |$)/.test(line) || (within === "paragraph" && /^ {0,3}(?:=+|-+) *$/.test(line));
  if (isHeading || RULE.test(line)) return { kind: "other", leaf: { kind: "none" } };
  return { kind: "text" };
}

/** The fence that a text begins with, and what follows it in its line; null where it begins with none. */
export function fenceOf(text: string): { sign: string; length: number; info: string } | null {
  const fence = /^(?:`{3,}|~{3,})/.exec(text)?.[0];
  if (fence === undefined) return null;
  const [sign, info] = [fence.slice(0, 1), text.slice(fence.length)];
  // What follows backticks in their line holds none, or they are a code span.
  return sign === "`" && info.includes(sign) ? null : { sign, length: fence.length, info };
}

const BLOCK_ELEMENT =
  /^<\/?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|source|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)(?:[\s>]|\/>|$)/i;

/** What ends the block of HTML that a line begins; null where it begins none. The order is that of the specification. */
function htmlEnd(line: string, within: "paragraph" | "lazy" | "nothing"): RegExp | null {
  if (!line.startsWith("<")) return null;
  if (/^<(?:script|pre|style|textarea)(?:[\s>]|$)/i.test(line)) return /<\/(?:script|pre|style|textarea)>/i;
  if (line.startsWith("<!--")) return /-->/;
  if (line.startsWith("<?")) return /\?>/;
  if (line.startsWith("<![CDATA[")) return /\]\]>/;
  if (/^<![a-z]/i.test(line)) return />/;
  if (BLOCK_ELEMENT.test(line)) return /^\s*$/;
  // A single tag that fills the line; quoted values may hold anything.
  const bare = line.replace(/"[^"]*"|'[^']*'/g, "q");
  const isOneTag = /^<(?:[a-z][a-z0-9-]*(?:\s[^<>"'`]*)?\/?|\/[a-z][a-z0-9-]*\s*)>\s*$/i.test(bare);
  return isOneTag && within === "nothing" ? /^\s*$/ : null;
}

function indentOf(line: string): number {
  return line.length - line.replace(/^ +/, "").length;
}

/** Markdown counts a tab as blanks up to the next column that four divides. */
function expandTabs(line: string): string {
  if (!line.includes("\t")) return line;
  let column = 0;
  return line.replace(/\t|[^\t]+/g, (part) => {
    const text = part === "\t" ? " ".repeat(4 - (column % 4)) : part;
    column += text.length;
    return text;
  });
}
