import { isAlias, isCollection, isMap, isPair, isScalar, type ParsedNode, type YAMLMap } from "yaml";
import { type EncryptedSecret, findPair, SECRET_KEY, textOf } from "./find-secret.ts";
import { parseStackDocument, type StackDocument, walkNodes } from "./stack-document.ts";
import { type Refused, refuse } from "./stack-file-refusal.ts";

export type SecretAdded = { kind: "edited"; text: string } | Refused;

/**
 * Adds an encrypted webhook secret to the text of a stack file, right under `config:`, and changes nothing else: comments, order,
 * quotes, indentation, line ends and a BOM stay. Encryption settings that the file lacks come with it. Proven by parsing again.
 */
export function addSecret(text: string, secret: EncryptedSecret): SecretAdded {
  const document = parseStackDocument(text);
  if (document.kind === "refused") return document;
  const obstacle = findObstacle(document, secret);
  if (obstacle !== null) return obstacle;
  // Readers differ on whether a line end after a block scalar that had none is part of it: then the end is left alone.
  const places = /(?:^|\n)\uFEFF?$/.test(text) ? PLACES : PLACES.toReversed();
  for (const place of places) {
    const result = insertTexts(text, planInsertions(document, secret, place));
    if (holdsNothingElseNew(text, result, secret)) return { kind: "edited", text: result };
  }
  return cannot("edit-not-proven", "its YAML is of a form to which nothing can be added safely");
}

/** Where lines for the root go. */
const PLACES = ["at-the-end", "at-the-top"] as const;

type Insertion = { at: number; text: string };

function findObstacle({ root, aliasNames }: StackDocument, secret: EncryptedSecret): Refused | null {
  if (root !== null && !isMap(root)) return cannot("invalid-yaml", "it is no map");
  const config = findPair(root, "config")?.value;
  for (const node of [root, config]) {
    if (isAlias(node)) return cannot("yaml-alias", "its config is an alias");
    if (!isMap(node)) continue;
    const shared = node.anchor !== undefined && aliasNames.has(node.anchor);
    if (shared || findPair(node, "<<") !== undefined) {
      return cannot("yaml-alias", "its config has an anchor that is used, or a merge key");
    }
  }
  const isEmpty = isScalar(config) && config.source === "" && config.value === "" && config.type === "PLAIN";
  if (config !== undefined && config !== null && !isMap(config) && !isEmpty) {
    return cannot("invalid-yaml", "its config is no map");
  }
  if (findPair(config, SECRET_KEY) !== undefined)
    return cannot("duplicate-key", `it has ${SECRET_KEY} already`);
  for (const [name, value] of secret.settings) {
    const pair = findPair(root, name);
    if (pair !== undefined && textOf(pair.value) !== value) {
      return cannot("edit-not-proven", `Pulumi would change its ${name}`);
    }
  }
  return null;
}

function planInsertions(
  document: StackDocument,
  secret: EncryptedSecret,
  place: (typeof PLACES)[number],
): Insertion[] {
  const { root, text } = document;
  const map = isMap(root) ? root : null;
  const missing = [...secret.settings].filter(([name]) => findPair(map, name) === undefined);
  const config = findPair(map, "config");
  if (map?.flow) {
    const secure = `{"secure": ${JSON.stringify(secret.ciphertext)}}`;
    const entry = `${JSON.stringify(SECRET_KEY)}: ${secure}`;
    const settings = missing.map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
    const inRoot = config === undefined ? [...settings, `"config": {${entry}}`] : settings;
    const inConfig = isMap(config?.value) ? [intoFlow(text, config.value, [entry])] : [];
    return [intoFlow(text, map, inRoot), ...inConfig];
  }
  const eol = /\r?\n/.exec(text)?.[0] ?? "\n";
  const outer = map?.items[0] ? indentAt(text, startOf(map.items[0])) : "";
  const settings = missing.map(([name, value]) => `${outer}${name}: ${scalar(value)}`);
  const entry = (indent: string) => [
    `${indent}${SECRET_KEY}:`,
    `${indent}${indent.slice(outer.length)}secure: ${scalar(secret.ciphertext)}`,
  ];
  const block = config === undefined ? [`${outer}config:`, ...entry(`${outer}  `)] : [];
  const end = place === "at-the-end" ? text.length : lineStart(text, startOf(map?.items[0]) ?? text.length);
  const lines = asLines(text, end, [...settings, ...block], eol);
  if (config === undefined) return [lines];
  if (isMap(config.value) && config.value.flow) {
    const flow = `${JSON.stringify(SECRET_KEY)}: {"secure": ${JSON.stringify(secret.ciphertext)}}`;
    return [lines, intoFlow(text, config.value, [flow])];
  }
  const first = isMap(config.value) ? config.value.items[0] : undefined;
  const indent = first ? indentAt(text, startOf(first)) : `${outer}  `;
  const header = text.indexOf("\n", startOf(config) ?? 0);
  return [asLines(text, header === -1 ? text.length : header + 1, entry(indent), eol), lines];
}

/** Entries right after the opening brace of a flow map, each with the white space that the first one had before it. */
function intoFlow(text: string, map: YAMLMap, entries: readonly string[]): Insertion {
  const open = (map.range?.[0] ?? 0) + 1;
  const first = startOf(map.items[0]);
  const space = first === undefined ? "" : text.slice(open, first);
  const between = /^\s+$/.test(space) ? space : " ";
  const rest = first === undefined ? "" : `,${space === "" ? " " : ""}`;
  const joined = entries.join(`,${between}`);
  return {
    at: open,
    text: entries.length === 0 ? "" : `${space.trim() === "" ? space : ""}${joined}${rest}`,
  };
}

function asLines(text: string, at: number, lines: readonly string[], eol: string): Insertion {
  if (lines.length === 0) return { at, text: "" };
  const before = text.slice(0, at).replace(/^\uFEFF/, "");
  const isOnNewLine = before === "" || before.endsWith("\n");
  // Where the last line had no end, the file's new last line has none either.
  return { at, text: isOnNewLine ? `${lines.join(eol)}${eol}` : `${eol}${lines.join(eol)}` };
}

function insertTexts(text: string, insertions: readonly Insertion[]): string {
  return insertions
    .map((insertion, order) => ({ ...insertion, order }))
    .sort((one, other) => other.at - one.at || other.order - one.order)
    .reduce((rest, { at, text: added }) => rest.slice(0, at) + added + rest.slice(at), text);
}

/** The file parsed again has the secret, and without what was added it has the same nodes with the same texts as before. */
function holdsNothingElseNew(before: string, after: string, secret: EncryptedSecret): boolean {
  const [old, now] = [parseStackDocument(before), parseStackDocument(after)];
  if (old.kind === "refused" || now.kind === "refused" || !isMap(now.root)) return false;
  const config = findPair(now.root, "config")?.value;
  if (textOf(findPair(findPair(config, SECRET_KEY)?.value, "secure")?.value) !== secret.ciphertext)
    return false;
  for (const [name, value] of secret.settings) {
    if (textOf(findPair(now.root, name)?.value) !== value) return false;
    if (findPair(old.root, name) === undefined) removePair(now.root, name);
  }
  removePair(config, SECRET_KEY);
  for (const { root } of [old, now]) {
    const left = findPair(root, "config")?.value;
    if (!isMap(left) || left.items.length === 0) removePair(root, "config");
  }
  return listNodes(old).join("\n") === listNodes(now).join("\n");
}

/** Every node below the root, without its place in the text. */
function listNodes({ root, text }: StackDocument): string[] {
  const nodes = isMap(root) ? root.items.flatMap((pair) => [...walkNodes(pair)]) : [];
  return nodes.map(({ node, depth }) => {
    const shape = isCollection(node) ? [node.constructor.name, node.flow] : textOfSource(node, text);
    return JSON.stringify([shape, depth, node.tag, isAlias(node) ? null : node.anchor]);
  });
}

function textOfSource(node: ParsedNode, text: string): unknown[] {
  const value = isScalar(node) ? node.value : null;
  return [value, text.slice(node.range[0], node.range[1]).trimEnd()];
}

function removePair(node: unknown, name: string): void {
  if (isMap(node)) node.items = node.items.filter((pair) => pair !== findPair(node, name));
}

function startOf(pair: unknown): number | undefined {
  if (!isPair(pair) || !(isScalar(pair.key) || isCollection(pair.key))) return undefined;
  return pair.key.range?.[0];
}

function lineStart(text: string, offset: number): number {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return start === 0 && text.startsWith("\uFEFF") ? 1 : start;
}

function indentAt(text: string, offset = 0): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? "";
}

/** Plain where that cannot be anything but text. */
function scalar(value: string): string {
  return /^[A-Za-z][\w+/=.-]*(?:[:][\w+/=.-]+)*$/.test(value) && /[:+/=]|^[A-Z]{3,}/.test(value)
    ? value
    : JSON.stringify(value);
}

function cannot(code: Refused["refusal"]["code"], why: string): Refused {
  return refuse(
    code,
    `The webhook secret was not added to the stack file: ${why}. ` +
      `Set it yourself with \`openssl rand -hex 32 | pulumi config set --secret ${SECRET_KEY}\`, which rewrites the file.`,
  );
}
