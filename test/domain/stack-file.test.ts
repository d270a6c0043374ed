import { describe, expect, it } from "vitest";
import {
  decodeStackFile,
  differsOnlyInPoolValues,
  editPoolValue,
  editPoolValues,
  type PoolLocation,
  readPoolValue,
} from "../../src/domain/stack-file.ts";
import { type EditCase, type LeaveCase, readEditCases, readLeaveCases } from "./stack-file-cases.ts";

const web: PoolLocation = { project: "shop", configKey: "web" };

function text(bytes: Uint8Array): string {
  const decoded = decodeStackFile(bytes);
  if (decoded.kind === "refused") throw new Error(decoded.refusal.message);
  return decoded.text;
}

describe("an edit changes the pools' digits and no other byte", () => {
  function check({ before, after, edits }: EditCase) {
    const edited = editPoolValues(text(before), edits);
    if (edited.kind === "refused") throw new Error(edited.refusal.message);
    expect(Buffer.from(edited.text)).toEqual(after);
    expect(edited.changes.map(({ to }) => to)).toEqual(edits.map(({ value }) => value));

    const backwards = edited.changes.map(({ location, from }) => ({ location, value: from })).toReversed();
    const restored = editPoolValues(edited.text, backwards);
    expect(restored.kind === "edited" && Buffer.from(restored.text)).toEqual(before);

    const locations = edits.map(({ location }) => location);
    expect(differsOnlyInPoolValues(text(before), text(after), locations)).toBe(true);
    expect(differsOnlyInPoolValues(text(before), `${text(after)}# `, locations)).toBe(false);
    for (const { location, value } of edits) {
      expect(readPoolValue(text(after), location)).toMatchObject({ kind: "value", value });
    }
  }
  it.each(readEditCases())("$name", check);
});

describe("a file that cannot be edited safely is left alone, with the reason", () => {
  function check({ before, edits, code, line }: LeaveCase) {
    const decoded = decodeStackFile(before);
    const result = decoded.kind === "refused" ? decoded : editPoolValues(decoded.text, edits);
    if (result.kind !== "refused") throw new Error(`was edited to ${JSON.stringify(result.text)}`);
    expect(result.refusal.code).toBe(code);
    if (line !== undefined) {
      expect(result.refusal.line).toBe(line);
      expect(result.refusal.message).toContain(`line ${line}`);
    }
    expect(result.refusal.message).toMatch(/^[A-Z0-9"-].*[^ ]\. [A-Z].*\.$/);
    expect(result.refusal.message).not.toMatch(/v1:|Zm9v|three|servers/);
  }
  it.each(readLeaveCases())("$name", check);
});

describe("readPoolValue and editPoolValue", () => {
  it("say the value, the line, and what changed", () => {
    const file = "config:\n  # two\n  shop:web: '2'\n";
    expect(readPoolValue(file, web)).toEqual({ kind: "value", value: 2, line: 3 });
    expect(editPoolValue(file, web, 11)).toEqual({
      kind: "edited",
      text: "config:\n  # two\n  shop:web: '11'\n",
      from: 2,
      to: 11,
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e21, -0.5])("%d is never written", (value) => {
    expect(editPoolValue("config:\n  shop:web: 2\n", web, value)).toMatchObject({
      refusal: { code: "bad-value" },
    });
  });

  it("keep to bytes that are UTF-8", () => {
    expect(decodeStackFile(Buffer.from("# é", "latin1"))).toMatchObject({ refusal: { code: "not-utf8" } });
    expect(decodeStackFile(Buffer.from("\uFEFF# é"))).toEqual({ kind: "text", text: "\uFEFF# é" });
  });

  it("refuse a file that a lossy decoder has had in its hands", () => {
    expect(readPoolValue("config: # \ud800\n  shop:web: 2\n", web)).toMatchObject({
      refusal: { code: "not-utf8", line: 1 },
    });
  });

  it("tell a person what to do", () => {
    const read = (file: string, location: PoolLocation) => {
      const result = readPoolValue(file, location);
      return result.kind === "refused" ? result.refusal.message : result;
    };
    expect(
      read("config:\n  shop:b: 1\n", { project: "shop", configPath: "web.groups[0]['a']" }),
    ).toMatchInlineSnapshot(
      `"The contract's "web.groups[0]['a']" names no config value: brackets hold the index of a list, or a key in double quotes: [0] or ["key"]. Correct it in the Pulumi program."`,
    );
    expect(read("config:\n  shop:b: 1\n", { project: "shop", configPath: "web.it's" })).toMatchInlineSnapshot(
      `""web.it's" is not in the stack file, and a value is never invented. Set it once: pulumi config set --path 'web.it'\\''s' <n>."`,
    );
    expect(read("environment: [prod]\n", web)).toMatchInlineSnapshot(
      `""web" is not in the stack file, which imports an environment (line 1); a value that lives there cannot be scaled through git. Set it in the stack file, where it wins: pulumi config set 'web' <n>."`,
    );
    expect(read("config:\n  shop:web: 1.5\n", web)).toMatchInlineSnapshot(
      `""web" is 1.5 (line 2), and a pool's value is an integer of 0 or more in plain decimal digits. Write it that way, quoted or not."`,
    );
    expect(read("config:\n  shop:web:\n    secure: AAAA\n", web)).toMatchInlineSnapshot(
      `""web" is a secret (\`secure:\`, line 3), and a pool's value must be readable in git. Store it in the clear: pulumi config set 'web' <n> --plaintext."`,
    );
    expect(read("config:\n  shop:b: &n 3\n  shop:web: *n\n", web)).toMatchInlineSnapshot(
      `"A part of the way to "web" is an alias (\`*\`), at line 3, so one edit could change several values or none. Write the value out in its own place."`,
    );
    expect(read("config:\n  web: 3\n  shop:web: 4\n", web)).toMatchInlineSnapshot(
      `""web" is given twice in the stack file, under names that mean the same to Pulumi; the second is at line 3. Which one counts is left to chance. Remove one of the two."`,
    );
    expect(read("config:\n  shop:web:\n", web)).toMatchInlineSnapshot(
      `""web" is empty (line 2), and a pool's value is an integer of 0 or more in plain decimal digits. Write it that way, quoted or not."`,
    );
    expect(read("config: [\n", web)).toMatchInlineSnapshot(
      `"The stack file is not valid YAML at line 2 (bad indent), so no value in it can be found. Correct that line."`,
    );
  });
});

describe("editPoolValues", () => {
  const file = "config:\n  shop:web: 2\n  shop:queue: 9\n";
  const queue: PoolLocation = { project: "shop", configKey: "queue" };

  it("keeps the order of the edits in its changes, whatever the order of the file", () => {
    const edits = [
      { location: queue, value: 10 },
      { location: web, value: 30 },
    ];
    expect(editPoolValues(file, edits)).toEqual({
      kind: "edited",
      text: "config:\n  shop:web: 30\n  shop:queue: 10\n",
      changes: [
        { location: queue, from: 9, to: 10 },
        { location: web, from: 2, to: 30 },
      ],
    });
  });

  it("writes nothing if one pool is refused", () => {
    const absent: PoolLocation = { project: "shop", configKey: "absent" };
    const edits = [
      { location: web, value: 3 },
      { location: absent, value: 3 },
    ];
    expect(editPoolValues(file, edits)).toMatchObject({ kind: "refused", refusal: { code: "missing-key" } });
  });

  it("refuses two pools with one value, under whatever names", () => {
    const edits = [
      { location: web, value: 3 },
      { location: { project: "shop", configPath: 'shop:["web"]' }, value: 3 },
    ];
    expect(editPoolValues(file, edits)).toMatchObject({ refusal: { code: "same-value", line: 2 } });
  });
});

describe("differsOnlyInPoolValues", () => {
  const file = "config:\n  shop:web: 2\n  shop:queue: '9'\n  shop:b: x\n";
  const queue: PoolLocation = { project: "shop", configKey: "queue" };
  const absent: PoolLocation = { project: "shop", configKey: "absent" };
  const text: PoolLocation = { project: "shop", configKey: "b" };

  const cases: { name: string; from?: string; to: string; pools: PoolLocation[]; expected: boolean }[] = [
    { name: "the same file", to: file, pools: [], expected: true },
    { name: "the same broken file", from: "[", to: "[", pools: [web], expected: true },
    { name: "one broken file", to: "[", pools: [web], expected: false },
    { name: "one value", to: file.replace("2", "30"), pools: [web], expected: true },
    {
      name: "two values",
      to: file.replace("2", "30").replace("9", "1"),
      pools: [web, queue],
      expected: true,
    },
    { name: "an absent pool beside", to: file.replace("2", "30"), pools: [absent, web], expected: true },
    { name: "one pool named twice", to: file.replace("2", "30"), pools: [web, web], expected: true },
    { name: "the value of no pool", to: file.replace("2", "30"), pools: [queue], expected: false },
    {
      name: "a value and a neighbour",
      to: file.replace("2", "30").replace("x", "y"),
      pools: [web],
      expected: false,
    },
    { name: "the quotes of a value", to: file.replace("'9'", "9"), pools: [queue], expected: false },
    { name: "a value that is no integer now", to: file.replace("2", "two"), pools: [web], expected: false },
    { name: "a text value", to: file.replace("x", "y"), pools: [text], expected: false },
    { name: "the value removed", to: file.replace("  shop:web: 2\n", ""), pools: [web], expected: false },
    { name: "a comment", to: `${file}# more\n`, pools: [web], expected: false },
    { name: "the last newline", to: file.trimEnd(), pools: [web], expected: false },
    { name: "CRLF", to: file.replaceAll("\n", "\r\n"), pools: [web], expected: false },
    { name: "a BOM", to: `\uFEFF${file}`, pools: [web], expected: false },
  ];
  it.each(cases)("$name: $expected", ({ from = file, to, pools, expected }) => {
    expect(differsOnlyInPoolValues(from, to, pools)).toBe(expected);
    expect(differsOnlyInPoolValues(to, from, pools)).toBe(expected);
  });
});
