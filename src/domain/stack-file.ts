import { formatPoolLocation, type PoolLocation } from "./stack-config-key.ts";
import { parseStackDocument, type StackDocument } from "./stack-document.ts";
import { type DigitSplice, proveEdit, spliceDigits } from "./stack-edit-proof.ts";
import { type Refused, refuse } from "./stack-file-refusal.ts";
import { type Located, locatePoolScalar } from "./stack-scalar.ts";

export type { PoolLocation } from "./stack-config-key.ts";

export type PoolValueRead = { kind: "value"; value: number; line: number } | Refused;
export type PoolValueEdit = { location: PoolLocation; value: number };
export type PoolValueEdited = { kind: "edited"; text: string; from: number; to: number } | Refused;
export type PoolValuesEdited = { kind: "edited"; text: string; changes: PoolValueChange[] } | Refused;
export type PoolValueChange = { location: PoolLocation; from: number; to: number };

/** Turns the bytes of a stack file into text without loss: a BOM and every line end stay. */
export function decodeStackFile(bytes: Uint8Array): { kind: "text"; text: string } | Refused {
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return refuse(
      "not-utf8",
      "The stack file is not valid UTF-8, so it cannot be written back unchanged. Save it as UTF-8.",
    );
  }
}

/** Reads a pool's value from the text of a stack file. */
export function readPoolValue(text: string, location: PoolLocation): PoolValueRead {
  return readValue(parseStackDocument(text), location);
}

/** Reads values as `readPoolValue` does. */
export type StackFileReader = (text: string, location: PoolLocation) => PoolValueRead;

/**
 * A reader that parses each text once: a history holds the same file before and after many commits, and a stack may have a
 * hundred pools in it. Made for one snapshot and forgotten with it.
 */
export function createStackFileReader(): StackFileReader {
  const documents = new Map<string, ReturnType<typeof parseStackDocument>>();
  return (text, location) => {
    const document = documents.get(text) ?? parseStackDocument(text);
    documents.set(text, document);
    return readValue(document, location);
  };
}

/** Writes one pool's value, a safe integer of 0 or more, and changes nothing else. */
export function editPoolValue(text: string, location: PoolLocation, value: number): PoolValueEdited {
  const edited = editPoolValues(text, [{ location, value }]);
  if (edited.kind === "refused") return edited;
  const from = edited.changes[0]?.from ?? value;
  return { kind: "edited", text: edited.text, from, to: value };
}

/**
 * Writes the values of several pools, or of none if one is refused. Located by parsing, spliced into the text as
 * it stands, proven by parsing again; `changes` are in the order of `edits`.
 */
export function editPoolValues(text: string, edits: readonly PoolValueEdit[]): PoolValuesEdited {
  const document = parseStackDocument(text);
  if (document.kind === "refused") return document;
  const changes: PoolValueChange[] = [];
  const splices = new Map<number, DigitSplice>();
  for (const { location, value } of edits) {
    const located = locateForWriting(document, location, value);
    if (located.kind === "refused") return located;
    if (splices.has(located.start)) return sameValueTwice(location, located.line);
    splices.set(located.start, { start: located.start, end: located.end, digits: String(value) });
    changes.push({ location, from: located.value, to: value });
  }
  const inOrder = [...splices.values()].sort((one, other) => one.start - other.start);
  const result = spliceDigits(text, inOrder);
  const proof = proveEdit(document, result, inOrder);
  if (proof.kind === "disproven") return notProven(proof.objection);
  const wrong = edits.find(({ location, value }) => !holds(proof.after, location, value));
  if (wrong) return notProven(`"${formatPoolLocation(wrong.location)}" did not read ${wrong.value}.`);
  return { kind: "edited", text: result, changes };
}

/**
 * Whether two versions of a stack file are the same but for the digits of these pools' values. A pool without a
 * usable value in either version allows no difference; a file that does not parse equals only itself.
 */
export function differsOnlyInPoolValues(a: string, b: string, locations: readonly PoolLocation[]): boolean {
  if (a === b) return true;
  const from = parseStackDocument(a);
  const to = parseStackDocument(b);
  if (from.kind === "refused" || to.kind === "refused") return false;
  const splices = new Map<number, DigitSplice>();
  for (const location of locations) {
    const old = locatePoolScalar(from, location);
    const now = locatePoolScalar(to, location);
    if (old.kind === "located" && now.kind === "located") {
      splices.set(old.start, { start: old.start, end: old.end, digits: String(now.value) });
    }
  }
  return (
    spliceDigits(
      a,
      [...splices.values()].sort((one, other) => one.start - other.start),
    ) === b
  );
}

function readValue(document: ReturnType<typeof parseStackDocument>, location: PoolLocation): PoolValueRead {
  if (document.kind === "refused") return document;
  const located = locatePoolScalar(document, location);
  return located.kind === "refused" ? located : { kind: "value", value: located.value, line: located.line };
}

function locateForWriting(document: StackDocument, location: PoolLocation, value: number): Located | Refused {
  if (Number.isSafeInteger(value) && value >= 0) return locatePoolScalar(document, location);
  return refuse(
    "bad-value",
    `${value} was to be written as "${formatPoolLocation(location)}", and only integers of 0 or more are written. ` +
      "Ask for such a value.",
  );
}

function holds(document: StackDocument, location: PoolLocation, value: number): boolean {
  const located = locatePoolScalar(document, location);
  return located.kind === "located" && located.value === value;
}

function sameValueTwice(location: PoolLocation, line: number): Refused {
  return refuse(
    "same-value",
    `"${formatPoolLocation(location)}" (line ${line}) is the value of two pools, and one edit cannot serve both. ` +
      "Give each pool its own config value in the contract.",
    line,
  );
}

function notProven(objection: string): Refused {
  return refuse(
    "edit-not-proven",
    `The stack file was not edited, because the result did not stand the check: ${objection} ` +
      "Simplify the YAML around the value.",
  );
}
