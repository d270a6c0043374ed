import { isAlias, isScalar, type ParsedNode } from "yaml";
import { parseStackDocument, type StackDocument, walkNodes } from "./stack-document.ts";

/** Digits put in the place of `start`..`end` of the text before; changes are in the order of the file. */
export type DigitSplice = { start: number; end: number; digits: string };

/** Puts the digits in their places and leaves every other character as it is. */
export function spliceDigits(text: string, splices: readonly DigitSplice[]): string {
  let result = "";
  let at = 0;
  for (const { start, end, digits } of splices) {
    result += text.slice(at, start) + digits;
    at = end;
  }
  return result + text.slice(at);
}

/**
 * Proves an edit by parsing its result again: the same nodes in the same order and places, each with the same text,
 * style, tag and anchor, but for the edited scalars, which hold the new digits. Returns what speaks against it.
 */
export function disproveEdit(
  before: StackDocument,
  afterText: string,
  splices: readonly DigitSplice[],
): string | undefined {
  const after = parseStackDocument(afterText);
  if (after.kind === "refused") return after.refusal.message;
  const expected = expectedNodes(before, splices);
  const actual = listNodes(after);
  if (expected.length !== actual.length) return "the number of values in it changed.";
  const differs = expected.findIndex((node, position) => node !== actual[position]);
  return differs === -1 ? undefined : "another value changed with it.";
}

function listNodes(document: StackDocument): string[] {
  return [...walkNodes(document.root)].map(({ node, depth }) =>
    describeNode(node, depth, node.range[0], sourceOf(document, node)),
  );
}

function expectedNodes(before: StackDocument, splices: readonly DigitSplice[]): string[] {
  let shift = 0;
  let position = 0;
  return [...walkNodes(before.root)].map(({ node, depth }) => {
    const [start, end] = node.range;
    const splice = splices[position];
    if (!splice || !isScalar(node) || splice.start < start || splice.end > end) {
      return describeNode(node, depth, start + shift, sourceOf(before, node));
    }
    position += 1;
    const source = sourceOf(before, node);
    const edited = source.slice(0, splice.start - start) + splice.digits + source.slice(splice.end - start);
    const described = describeNode(node, depth, start + shift, edited);
    shift += splice.digits.length - (splice.end - splice.start);
    return described;
  });
}

function sourceOf(document: StackDocument, node: ParsedNode): string {
  return isScalar(node) || isAlias(node) ? document.text.slice(node.range[0], node.range[1]) : "";
}

function describeNode(node: ParsedNode, depth: number, start: number, source: string): string {
  const shape = isAlias(node)
    ? "alias"
    : isScalar(node)
      ? node.type
      : `${node.constructor.name} ${node.flow ?? ""}`;
  const anchor = isAlias(node) ? undefined : node.anchor;
  return JSON.stringify([shape, depth, start, source, node.tag, anchor]);
}
