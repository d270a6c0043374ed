import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import type { Json } from "./json.ts";

/** What an expression can see. */
export interface ExpressionScope {
  /** `github`, `env`, `steps`, … */
  readonly contexts: Readonly<Record<string, Json>>;
  /** What `success()`, `failure()` and `cancelled()` answer by; null where they may not be used. */
  readonly status: Conclusion | null;
}

/** How a step, a job or what stands before it has ended. */
export type Conclusion = "success" | "failure" | "cancelled" | "skipped";

/** Evaluates what stands between `${{` and `}}`. Throws for what GitHub would not accept. */
export function evaluateExpression(source: string, scope: ExpressionScope): Json {
  return JSON.parse(JSON.stringify(evaluate(source, scope), data.replacer));
}

const embedded = /\$\{\{((?:'(?:[^']|'')*'|[^'}]|\}(?!\}))*)\}\}/g;

/** Evaluates the expressions in a text. A text that is one expression keeps that expression's type. */
export function evaluateTemplate(text: string, scope: ExpressionScope): Json {
  const trimmed = text.trim();
  const parts = [...trimmed.matchAll(embedded)];
  if (parts.length === 1 && parts[0]?.[0] === trimmed) return evaluateExpression(parts[0][1] ?? "", scope);
  return evaluateText(text, scope);
}

/** Evaluates the expressions in a text; the answer is text. */
export function evaluateText(text: string, scope: ExpressionScope): string {
  return text.replaceAll(embedded, (_, source: string) => evaluate(source, scope).coerceString());
}

/** Evaluates templates wherever they stand in a value. */
export function evaluateDeeply(value: Json, scope: ExpressionScope): Json {
  if (typeof value === "string") return evaluateTemplate(value, scope);
  if (value === null || typeof value !== "object") return value;
  if (isList(value)) return value.map((item) => evaluateDeeply(item, scope));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, evaluateDeeply(item, scope)]));
}

/** Evaluates an `if`; it implies `success()` unless it says otherwise. */
export function evaluateCondition(condition: string | undefined, scope: ExpressionScope): boolean {
  const source = unwrap(condition?.trim() ?? "") || "success()";
  const full = namesStatus(source) ? source : `success() && (${source})`;
  const value = evaluateExpression(full, scope);
  return value !== null && value !== false && value !== 0 && value !== "";
}

/** Evaluates a setting that is either a literal or an expression. */
export function evaluateSetting(
  value: string | number | boolean | undefined,
  scope: ExpressionScope,
): Json | undefined {
  return typeof value === "string" ? evaluateTemplate(value, scope) : value;
}

function unwrap(condition: string): string {
  const [whole] = condition.matchAll(embedded);
  if (whole === undefined) return condition;
  if (whole[0] === condition) return (whole[1] ?? "").trim();
  // "${{ a }} == b" is a text with an expression in it, not a comparison: GitHub finds it true, for it is not empty.
  return "true";
}

const statusFunctions = new Set(["success", "failure", "always", "cancelled"]);

function namesStatus(source: string): boolean {
  const { tokens } = new Lexer(source).lex();
  return tokens.some(
    (token, index) =>
      statusFunctions.has(token.lexeme.toLowerCase()) &&
      tokens[index + 1]?.lexeme === "(" &&
      tokens[index - 1]?.lexeme !== ".",
  );
}

function evaluate(source: string, scope: ExpressionScope): data.ExpressionData {
  const { status } = scope;
  const answers = {
    always: true,
    success: status === "success",
    failure: status === "failure",
    cancelled: status === "cancelled",
  };
  const functions = Object.entries(status === null ? {} : answers).map(([name, answer]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(answer),
  }));
  const tree = new Parser(new Lexer(source).lex().tokens, Object.keys(scope.contexts), functions).parse();
  const contexts: data.ExpressionData = JSON.parse(JSON.stringify(scope.contexts), data.reviver);
  if (!(contexts instanceof data.Dictionary)) throw new Error("contexts are a record");
  return new Evaluator(tree, contexts, new Map(functions.map((f) => [f.name, f]))).evaluate();
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
