import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { type Refused, refuse } from "./stack-file-refusal.ts";

/** A stack file that parses, has one document and no key twice; `lineOf` turns an offset into a line from 1. */
export type StackDocument = {
  kind: "document";
  text: string;
  root: ParsedNode | null;
  aliasNames: ReadonlySet<string>;
  lineOf: (offset: number) => number;
};

const SIZE_LIMIT_BYTES = 1_000_000;
const DEPTH_LIMIT = 100;

/**
 * Parses a stack file without resolving anything in it: every scalar stays text and no alias is followed, so an
 * alias bomb costs nothing. Refuses what Pulumi refuses or reads differently; offsets are UTF-16.
 */
export function parseStackDocument(text: string): StackDocument | Refused {
  if (Buffer.byteLength(text) > SIZE_LIMIT_BYTES) {
    return refuse(
      "file-too-large",
      "The stack file is over 1 MB. Files of that size are not read. Move what is not configuration out of it.",
    );
  }
  const badCharacter = findBadCharacter(text);
  if (badCharacter) return badCharacter;

  const lines = new LineCounter();
  // failsafe and no known tags: what a scalar means is decided here, on its source, not by a YAML version.
  // Keys are compared here too, since the library's own check takes quadratic time.
  const document = parseWithinStack(text, {
    schema: "failsafe",
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  if (document === null) {
    return refuse(
      "too-deep",
      `The stack file is nested over ${DEPTH_LIMIT} levels deep. Such files are not read. Flatten it.`,
    );
  }
  const lineOf = (offset: number) => Math.max(1, lines.linePos(offset).line);
  const error = findSyntaxError(document, lineOf);
  if (error) return error;

  const aliasNames = new Set<string>();
  for (const { node, depth } of walkNodes(document.contents)) {
    if (depth > DEPTH_LIMIT) {
      const line = lineOf(node.range[0]);
      return refuse(
        "too-deep",
        `The stack file is nested over ${DEPTH_LIMIT} levels deep at line ${line}. Such files are not read. Flatten it.`,
        line,
      );
    }
    if (isAlias(node)) aliasNames.add(node.source);
    const twice = isMap(node) ? findDuplicateKey(node) : undefined;
    if (twice) {
      const line = lineOf(twice.range?.[0] ?? 0);
      return refuse(
        "duplicate-key",
        `A key of the stack file is given twice, the second time at line ${line}. Pulumi cannot read such a file. ` +
          "Remove one of the two.",
        line,
      );
    }
  }
  return { kind: "document", text, root: document.contents, aliasNames, lineOf };
}

/** Parses YAML; null where it is nested so deep that the parser, which recurses, runs out of stack. */
export function parseWithinStack(text: string, options: Parameters<typeof parseDocument>[1]) {
  try {
    return parseDocument(text, options);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Visits every node below and including `root`, in the order of the file, without recursion. */
export function* walkNodes(root: unknown): Generator<{ node: ParsedNode; depth: number }> {
  const open: { item: unknown; depth: number }[] = [{ item: root, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { item, depth } = next;
    if (isPair(item)) {
      open.push({ item: item.value, depth }, { item: item.key, depth });
    } else if (isParsedNode(item)) {
      yield { node: item, depth };
      if (isCollection(item)) {
        for (const child of item.items.toReversed()) open.push({ item: child, depth: depth + 1 });
      }
    }
  }
}

function isParsedNode(item: unknown): item is ParsedNode {
  return (isScalar(item) || isAlias(item) || isCollection(item)) && Array.isArray(item.range);
}

/** Compares keys by their text alone, as Pulumi's reader does: `1` and `"1"` are the same key to it. */
export function findDuplicateKey(map: YAMLMap): Scalar | undefined {
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) return key;
    seen.add(key.value);
  }
  return undefined;
}

function findSyntaxError(document: Document, lineOf: (offset: number) => number): Refused | undefined {
  const error = document.errors[0];
  if (!error) return undefined;
  const line = lineOf(error.pos[0]);
  if (error.code === "MULTIPLE_DOCS") {
    return refuse(
      "multiple-documents",
      `A second YAML document starts at line ${line}. Pulumi reads the first and ignores the rest, so an edit could ` +
        "mislead. Keep one document in a stack file.",
      line,
    );
  }
  // The library's own messages may quote the file, and the file may hold what nobody should see.
  const problem = error.code.toLowerCase().replaceAll("_", " ");
  return refuse(
    "invalid-yaml",
    `The stack file is not valid YAML at line ${line} (${problem}), so no value in it can be found. Correct that line.`,
    line,
  );
}

/**
 * Characters on which YAML readers disagree. Pulumi's takes a lone CR, NEL, LS and PS for the end of a line, so what
 * is a comment here could be a value there; it refuses control characters; U+FFFD is what a lossy decoder leaves.
 */
const BAD_CHARACTER = /\r(?!\n)|[[\p{Cc}\u2028\u2029\uFEFF\uFFFD-\uFFFF\p{Cs}]--[\t\n\r]]/v;

function findBadCharacter(text: string): Refused | undefined {
  const start = text.startsWith("\uFEFF") ? 1 : 0;
  const found = BAD_CHARACTER.exec(text.slice(start));
  if (!found) return undefined;
  const line = text.slice(0, start + found.index).split("\n").length;
  const codePoint = found[0].codePointAt(0) ?? 0;
  const name = `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
  if (codePoint === 0xfffd || (codePoint >= 0xd800 && codePoint <= 0xdfff)) {
    return refuse(
      "not-utf8",
      `The stack file is not UTF-8 at line ${line} (${name}), so it cannot be written back unchanged. Save it as UTF-8.`,
      line,
    );
  }
  return refuse(
    "invalid-yaml",
    `The stack file has the character ${name} at line ${line}, which YAML readers take in different ways. Remove it.`,
    line,
  );
}
