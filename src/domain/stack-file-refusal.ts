/** Every reason for which a stack file, or a pool's value in it, is left alone. */
export const STACK_FILE_REFUSALS = {
  "bad-path": "the contract's configKey or configPath does not parse",
  "bad-value": "what was to be written is not an integer of 0 or more",
  "same-value": "two pools of one edit have their values in the same place",
  "not-utf8": "the file is not valid UTF-8",
  "file-too-large": "the file is over 1 MB",
  "invalid-yaml": "the file does not parse, or not in the same way everywhere",
  "too-deep": "the file is nested deeper than any configuration needs to be",
  "multiple-documents": "the file holds more than one YAML document",
  "duplicate-key": "a key is given twice",
  "missing-key": "the value is not in the file",
  "environment-value": "the value is not in the file, and the file imports an environment",
  "secret-value": "the value is a secret",
  "yaml-alias": "an anchor, an alias or a merge key is on the way to the value",
  "yaml-tag": "a tag is on the way to the value",
  "not-an-integer": "the value is not a plain decimal integer of 0 or more",
  "edit-not-proven": "the edited file, parsed again, differed in more than the value",
} as const satisfies Record<string, string>;

export type StackFileRefusalCode = keyof typeof STACK_FILE_REFUSALS;

/** Why a value is not read or not written: a code for machines, a sentence for people, the line where it shows. */
export type StackFileRefusal = { code: StackFileRefusalCode; message: string; line?: number };

export type Refused = { kind: "refused"; refusal: StackFileRefusal };

/** Builds a refusal. The message says what is wrong, why it matters and what to do, and never quotes a text value. */
export function refuse(code: StackFileRefusalCode, message: string, line?: number): Refused {
  return { kind: "refused", refusal: line === undefined ? { code, message } : { code, message, line } };
}
