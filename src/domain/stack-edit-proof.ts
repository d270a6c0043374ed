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

export type EditProof = { kind: "proven"; after: StackDocument } | { kind: "disproven"; objection: string };

/**
 * Proves an edit by parsing its result again: the same nodes in the same order and places, each with the same text,
 * style, tag and anchor, but for the edited scalars, which hold the new digits; and between them the same characters.
 */
export function proveEdit(
  before: StackDocument,
  afterText: string,
  splices: readonly DigitSplice[],
): EditProof {
  if (spliceDigits(afterText, reverseSplices(before.text, splices)) !== before.text) {
    return disproven("something beside the values changed.");
  }
  const after = parseStackDocument(afterText);
  if (after.kind === "refused") return disproven(after.refusal.message);
  const expected = expectNodes(before, splices);
  if (expected.edited !== splices.length) return disproven("it reached beyond the values.");
  if (expected.nodes.join("\n") !== listNodes(after).join("\n")) {
    return disproven("another value changed with it.");
  }
  if (splices.some(({ digits }) => !/^(0|[1-9][0-9]*)$/.test(digits))) {
    return disproven("what was written is no integer.");
  }
  return { kind: "proven", after };
}

function disproven(objection: string): EditProof {
  return { kind: "disproven", objection };
}

function reverseSplices(before: string, splices: readonly DigitSplice[]): DigitSplice[] {
  let shift = 0;
  return splices.map(({ start, end, digits }) => {
    const reverse = {
      start: start + shift,
      end: start + shift + digits.length,
      digits: before.slice(start, end),
    };
    shift += digits.length - (end - start);
    return reverse;
  });
}

function listNodes(document: StackDocument): string[] {
  return [...walkNodes(document.root)].map(({ node, depth }) =>
    describeNode(node, depth, node.range[0], sourceOf(document, node)),
  );
}

function expectNodes(
  before: StackDocument,
  splices: readonly DigitSplice[],
): { nodes: string[]; edited: number } {
  let shift = 0;
  let edited = 0;
  const nodes = [...walkNodes(before.root)].map(({ node, depth }) => {
    const [start, end] = node.range;
    const source = sourceOf(before, node);
    const splice = splices[edited];
    if (!splice || !isScalar(node) || splice.start < start || splice.end > end) {
      return describeNode(node, depth, start + shift, source);
    }
    edited += 1;
    const newSource =
      source.slice(0, splice.start - start) + splice.digits + source.slice(splice.end - start);
    const described = describeNode(node, depth, start + shift, newSource);
    shift += splice.digits.length - (splice.end - splice.start);
    return described;
  });
  return { nodes, edited };
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
