import path from "node:path";
import ts from "typescript";

/** What one source file takes from elsewhere. Paths are relative to the repository, with forward slashes. */
export interface Module {
  file: string;
  imports: readonly Import[];
  /** What it takes without an import: `process.env`, `Date.now()`, `new Date()`. */
  globals: readonly { name: GlobalPower; line: number }[];
}
export interface Import {
  /** As written: "zod", "node:fs", "../domain/intent.ts". */
  specifier: string;
  /** The file that a relative specifier means; undefined for a package. */
  target: string | undefined;
  line: number;
}
export type GlobalPower = "environment" | "clock";

/** Parses a TypeScript source; nothing is resolved on disk. */
export function readModule(file: string, source: string): Module {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  const globals: Module["globals"][number][] = [];

  const visit = (node: ts.Node): void => {
    const specifier = importedSpecifier(node);
    const line = parsed.getLineAndCharacterOfPosition(node.getStart(parsed)).line + 1;
    if (specifier !== undefined) imports.push({ specifier, target: resolveRelative(file, specifier), line });
    const power = globalPower(node);
    if (power !== undefined) globals.push({ name: power, line });
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return { file, imports, globals };
}

/** Static, dynamic and type imports, re-exports and require, where the specifier is a literal. */
function importedSpecifier(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (!ts.isCallExpression(node)) return undefined;
  const isImport =
    node.expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(node.expression) && node.expression.text === "require");
  return isImport ? literal(node.arguments[0]) : undefined;
}

function literal(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

function resolveRelative(file: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? path.posix.join(path.posix.dirname(file), specifier) : undefined;
}

function globalPower(node: ts.Node): GlobalPower | undefined {
  if (ts.isNewExpression(node) && isNamed(node.expression, "Date")) {
    // With an argument it only converts a time.
    return (node.arguments ?? []).length === 0 ? "clock" : undefined;
  }
  if (ts.isCallExpression(node) && isNamed(node.expression, "Date")) return "clock";
  const member = memberAccess(node);
  if (member?.of === "process" && member.name === "env") return "environment";
  if ((member?.of === "Date" || member?.of === "performance") && member.name === "now") return "clock";
  if (member?.of === "process" && member.name === "hrtime") return "clock";
  return undefined;
}

/** `a.b`, `a["b"]`, `globalThis.a.b`, and `const { b } = a`. */
function memberAccess(node: ts.Node): { of: string; name: string } | undefined {
  if (ts.isPropertyAccessExpression(node)) return named(node.expression, node.name.text);
  if (ts.isElementAccessExpression(node)) return named(node.expression, literal(node.argumentExpression));
  if (ts.isBindingElement(node)) {
    const declaration = node.parent.parent;
    const name = node.propertyName ?? node.name;
    if (!ts.isVariableDeclaration(declaration) || declaration.initializer === undefined) return undefined;
    return named(declaration.initializer, ts.isIdentifier(name) ? name.text : undefined);
  }
  return undefined;
}

function named(of: ts.Expression, name: string | undefined): { of: string; name: string } | undefined {
  if (name === undefined) return undefined;
  if (ts.isIdentifier(of)) return { of: of.text, name };
  return ts.isPropertyAccessExpression(of) && isNamed(of.expression, "globalThis")
    ? { of: of.name.text, name }
    : undefined;
}

function isNamed(node: ts.Expression, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}
