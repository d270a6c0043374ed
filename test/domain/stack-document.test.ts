import { describe, expect, it } from "vitest";
import { parseStackDocument } from "../../src/domain/stack-document.ts";
import { editPoolValue, type PoolLocation } from "../../src/domain/stack-file.ts";

const web: PoolLocation = { project: "shop", configKey: "web" };
const file = "config:\n  shop:web: 3\n";

function codeOf(text: string): string {
  const parsed = parseStackDocument(text);
  return parsed.kind === "refused" ? parsed.refusal.code : "document";
}

/** A comment that brings the file to this many bytes of UTF-8. */
function fill(bytes: number, character: string): string {
  const start = `${file}#`;
  return start + character.repeat((bytes - start.length) / Buffer.byteLength(character));
}

describe("size", () => {
  it("is read up to 1 MB and refused above, counted in bytes", () => {
    expect(codeOf(fill(1_000_000, "x"))).toBe("document");
    expect(codeOf(fill(1_000_001, "x"))).toBe("file-too-large");
    expect(codeOf(fill(1_000_004, "🚀"))).toBe("file-too-large");
  });

  it("of a single line is no matter: the value in its middle is edited", () => {
    const long = `config: {a: "${"x".repeat(400_000)}", shop:web: 3, b: '${"é".repeat(200_000)}'}`;
    expect(editPoolValue(long, web, 40)).toMatchObject({ text: long.replace("web: 3", "web: 40") });
  });

  it("of a map is no matter: ninety thousand keys are compared", () => {
    const many = Array.from({ length: 40_000 }, (_, at) => `  shop:k${at}: ${at}\n`).join("");
    expect(editPoolValue(`${file}${many}`, web, 4)).toMatchObject({
      text: `${file.replace("3", "4")}${many}`,
    });
    expect(codeOf(`${file}${many}  shop:k7: 1\n`)).toBe("duplicate-key");
  });
});

describe("depth", () => {
  it("is read to a hundred levels", () => {
    expect(codeOf(`a: ${"[".repeat(99)}${"]".repeat(99)}`)).toBe("document");
    expect(codeOf(`a: ${"[".repeat(101)}${"]".repeat(101)}`)).toBe("too-deep");
  });

  const bombs: [string, string][] = [
    ["open lists", "[".repeat(300_000)],
    ["open maps", "{a: ".repeat(100_000)],
    ["closed lists", "[".repeat(100_000) + "]".repeat(100_000)],
    ["nested dashes", `a:\n${"- ".repeat(100_000)}x`],
    ["nested questions", "? ".repeat(100_000)],
    ["nested blocks", Array.from({ length: 1_200 }, (_, at) => `${" ".repeat(at)}a:\n`).join("")],
    ["tags and anchors", "&a !b ".repeat(50_000)],
    ["documents", "---\n".repeat(50_000)],
  ];
  it.each(bombs)("%s are refused, not followed", (_, bomb) => {
    expect(codeOf(bomb)).toMatch(/^(too-deep|invalid-yaml|multiple-documents)$/);
  });
});

describe("aliases", () => {
  it("are never followed: a bomb elsewhere costs nothing and does not stand in the way", () => {
    const levels = Array.from(
      { length: 30 },
      (_, at) => `  l${at + 1}: &l${at + 1} [${`*l${at}, `.repeat(9)}*l${at}]\n`,
    );
    const bomb = `${file}other:\n  l0: &l0 x\n${levels.join("")}`;
    expect(editPoolValue(bomb, web, 4)).toMatchObject({ text: bomb.replace("web: 3", "web: 4") });
  });

  it("may be circular", () => {
    const circle = `${file}other: &o [*o]\n`;
    expect(editPoolValue(circle, web, 4)).toMatchObject({ text: circle.replace("web: 3", "web: 4") });
  });
});
