import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { analyse } from "scslre";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { matchesUrn } from "../../src/apply/urn-pattern.ts";
import { APP_ROUTES } from "../../src/http/routes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

type Found = { where: string; source: string; flags: string };

/** Every regular expression literal of a source, and where a regular expression is made of a text. */
function readExpressions(file: string, text: string): { literals: Found[]; made: string[] } {
  const parsed = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const literals: Found[] = [];
  const made: string[] = [];
  const visit = (node: ts.Node): void => {
    const where = `${file}:${parsed.getLineAndCharacterOfPosition(node.getStart(parsed)).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/");
      literals.push({ where, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    const isMade =
      (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText(parsed) === "RegExp";
    if (isMade) made.push(file);
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return { literals, made };
}

/** What an attacker would repeat, and how it would cost; empty for a literal that is linear. */
function reportsOf({ where, source, flags }: Found): string[] {
  return analyse({ source, flags }).reports.map(
    ({ type, character }) => `${where} /${source}/${flags}: ${type} on ${JSON.stringify(character.pick)}`,
  );
}

describe("slow regular expressions", () => {
  const files = ["src/**/*.ts", "action/*.ts"].flatMap((pattern) => globSync(pattern, { cwd: root }));
  const all = files.map((file) => readExpressions(file, readFileSync(path.join(root, file), "utf8")));

  test("every regular expression of the product takes linear time on any text", () => {
    const literals = all.flatMap((it) => it.literals);
    expect(literals.length).toBeGreaterThan(60);
    expect(literals.flatMap(reportsOf)).toEqual([]);
  });

  test("one that is made of a text is made of the route table alone, and is linear too", () => {
    expect(all.flatMap(({ made }) => made)).toEqual(["src/http/routes.ts"]);
    const made = APP_ROUTES.map(({ path: route }) => ({
      where: route,
      source: `^${route.replaceAll(".", "\\.").replaceAll(/\{[a-z]+\}/g, "[^/]+")}$`,
      flags: "",
    }));
    expect(made.flatMap(reportsOf)).toEqual([]);
  });

  test.each(["(a+)+$", "a*a*b", "^\\s*x|\\s+$", "(?:a|ab*)*c"])(
    "what looks for them finds /%s/",
    (source) => {
      const { literals } = readExpressions("a.ts", `const it = /${source}/;`);
      expect(literals.flatMap(reportsOf)).not.toEqual([]);
    },
  );

  test("a target URN of many wildcards is matched in steps, not in powers", () => {
    const urn = `urn:${"a".repeat(400)}`;
    // With a backtracking matcher this one alone takes longer than the age of the universe.
    expect(matchesUrn([`urn:${"**a".repeat(60)}b`], urn)).toBe(false);
    expect(matchesUrn([`urn:${"**a".repeat(60)}`], urn)).toBe(true);
  });
});
