import { isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode, type YAMLMap } from "yaml";
import type { PropertySegment } from "./property-path.ts";
import {
  formatPoolLocation,
  type PoolLocation,
  parsePoolLocation,
  parseStackConfigKey,
  type StackConfigKey,
} from "./stack-config-key.ts";
import type { StackDocument } from "./stack-document.ts";
import { type Refused, refuse, type StackFileRefusalCode } from "./stack-file-refusal.ts";

/** A pool's value and where its digits stand, without their quotes: UTF-16 offsets into the text, end excluded. */
export type Located = { kind: "located"; value: number; start: number; end: number; line: number };

/** Finds the scalar that holds a pool's value, or says why it is not one that may be edited. */
export function locatePoolScalar(document: StackDocument, location: PoolLocation): Located | Refused {
  const target = parsePoolLocation(location);
  const name = formatPoolLocation(location);
  if (target.kind === "bad-path") {
    return refuse(
      "bad-path",
      `The contract's "${name}" names no config value: ${target.problem}. Correct it in the Pulumi program.`,
    );
  }
  const way: Way = { document, name, setCommand: formatSetCommand(location) };

  const top = findByText(document.root, "config");
  const onTop = checkNode(way, document.root) ?? checkNode(way, top);
  if (onTop) return onTop;
  const found = findConfigValue(way, top, target.key, location.project);
  if (found.kind === "refused") return found;

  let node = found.node;
  for (const segment of target.segments) {
    const child = childOf(node, segment);
    if (child === undefined) return missing(way);
    const problem = checkNode(way, child) ?? checkSecret(way, child);
    if (problem) return problem;
    node = child;
  }
  return readInteger(way, node);
}

type Way = { document: StackDocument; name: string; setCommand: string };

/** `web`, `project:web` and `project:config:web` are one key to Pulumi, and which of them wins is left to chance. */
function findConfigValue(
  way: Way,
  config: ParsedNode | null | undefined,
  key: StackConfigKey,
  project: string,
): { kind: "found"; node: ParsedNode | null } | Refused {
  const matches = isMap(config) ? config.items.filter((pair) => isConfigKey(pair, key, project)) : [];
  const [first, second] = matches;
  if (!first) return missing(way);
  if (second) {
    const line = lineOf(way, second.key);
    return refuse(
      "duplicate-key",
      `"${way.name}" is given twice in the stack file, under names that mean the same to Pulumi; the second is at ` +
        `line ${line}. Which one counts is left to chance. Remove one of the two.`,
      line,
    );
  }
  const problem = checkNode(way, first.value) ?? checkSecret(way, first.value);
  return problem ?? { kind: "found", node: first.value };
}

function isConfigKey(
  pair: Pair<ParsedNode, ParsedNode | null>,
  key: StackConfigKey,
  project: string,
): boolean {
  if (!isScalar(pair.key)) return false;
  const given = parseStackConfigKey(String(pair.key.value), project);
  return given?.namespace === key.namespace && given.name === key.name;
}

/** A step of the path, as Pulumi takes it: indices for lists only, keys for maps only. */
function childOf(node: ParsedNode | null, segment: PropertySegment): ParsedNode | null | undefined {
  if (isSeq(node) && typeof segment === "number") return node.items[segment];
  return typeof segment === "string" ? findByText(node, segment) : undefined;
}

function findByText(node: ParsedNode | null, text: string): ParsedNode | null | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => isScalar(pair.key) && pair.key.value === text)?.value;
}

/** What may not be on the way to a value: anything by which the value stands, or counts, in another place too. */
function checkNode(way: Way, node: ParsedNode | null | undefined): Refused | undefined {
  if (!node) return undefined;
  if (isAlias(node)) return refuseAlias(way, node, "is an alias (`*`)");
  if (node.anchor !== undefined && way.document.aliasNames.has(node.anchor)) {
    return refuseAlias(way, node, "has an anchor (`&`) that is used elsewhere");
  }
  if (node.tag !== undefined) {
    const line = lineOf(way, node);
    return refuse(
      "yaml-tag",
      `On the way to "${way.name}" there is a YAML tag (\`!\`) at line ${line}, which may change what the value means. ` +
        "Remove the tag.",
      line,
    );
  }
  const merge = isMap(node) ? findMerge(node) : undefined;
  return merge ? refuseAlias(way, merge, "holds a merge key (`<<`) or an alias for a key") : undefined;
}

function findMerge(map: YAMLMap<ParsedNode, ParsedNode | null>): ParsedNode | undefined {
  return map.items.find(({ key }) => isAlias(key) || (isScalar(key) && key.value === "<<"))?.key;
}

function refuseAlias(way: Way, node: ParsedNode, what: string): Refused {
  const line = lineOf(way, node);
  return refuse(
    "yaml-alias",
    `A part of the way to "${way.name}" ${what}, at line ${line}, so one edit could change several values or none. ` +
      "Write the value out in its own place.",
    line,
  );
}

/** Pulumi takes every map whose only key is `secure` for a secret. */
function checkSecret(way: Way, node: ParsedNode | null): Refused | undefined {
  if (!isMap(node) || node.items.length !== 1 || findByText(node, "secure") === undefined) return undefined;
  const line = lineOf(way, node);
  return refuse(
    "secret-value",
    `"${way.name}" is a secret (\`secure:\`, line ${line}), and a pool's value must be readable in git. ` +
      `Store it in the clear: ${way.setCommand} --plaintext.`,
    line,
  );
}

function readInteger(way: Way, node: ParsedNode | null): Located | Refused {
  if (!isScalar(node)) return notAnInteger(way, node, describeKind(node));
  const [start, end] = node.range;
  const raw = way.document.text.slice(start, end);
  const digits = /^(["']?)(0|[1-9][0-9]*)\1$/.exec(raw)?.[2];
  if (digits === undefined) return notAnInteger(way, node, describeScalar(node.type, raw));
  const value = Number(digits);
  if (!Number.isSafeInteger(value)) return notAnInteger(way, node, "is too large a number");
  const quote = (raw.length - digits.length) / 2;
  return { kind: "located", value, start: start + quote, end: end - quote, line: lineOf(way, node) };
}

function describeKind(node: ParsedNode | null): string {
  if (isMap(node)) return "is a map";
  return isSeq(node) ? "is a list" : "is empty";
}

/** Quotes the value only where it is a number of some kind: a text might be something to keep to oneself. */
function describeScalar(type: string | undefined, raw: string): string {
  if (raw === "") return "is empty";
  if (type === "BLOCK_LITERAL" || type === "BLOCK_FOLDED") return "is a block of text (`|` or `>`)";
  return /^["']?[-+]?[0-9][-+0-9._eExXoO]{0,19}["']?$/.test(raw) ? `is ${raw}` : "is a text";
}

function notAnInteger(way: Way, node: ParsedNode | null, what: string): Refused {
  const line = node ? lineOf(way, node) : undefined;
  const where = line === undefined ? "" : ` (line ${line})`;
  return refuse(
    "not-an-integer",
    `"${way.name}" ${what}${where}, and a pool's value is an integer of 0 or more in plain decimal digits. ` +
      "Write it that way, quoted or not.",
    line,
  );
}

function missing(way: Way): Refused {
  const environment = findByText(way.document.root, "environment");
  if (environment && !(isScalar(environment) && environment.source === "")) {
    const line = lineOf(way, environment);
    return absent(
      "environment-value",
      `"${way.name}" is not in the stack file, which imports an environment (line ${line}); a value that lives there ` +
        `cannot be scaled through git. Set it in the stack file, where it wins: ${way.setCommand}.`,
      line,
    );
  }
  return absent(
    "missing-key",
    `"${way.name}" is not in the stack file, and a value is never invented. Set it once: ${way.setCommand}.`,
  );
}

function absent(code: StackFileRefusalCode, message: string, line?: number): Refused {
  return refuse(code, message, line);
}

function formatSetCommand(location: PoolLocation): string {
  const option = "configPath" in location ? "--path " : "";
  return `pulumi config set ${option}'${formatPoolLocation(location).replaceAll("'", "'\\''")}' <n>`;
}

function lineOf(way: Way, node: ParsedNode): number {
  return way.document.lineOf(node.range[0]);
}
