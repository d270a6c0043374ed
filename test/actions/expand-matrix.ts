import { type ExpressionScope, evaluateDeeply } from "./expression.ts";
import type { Json } from "./json.ts";

export type Combination = Readonly<Record<string, Json>>;

/** Every combination of a `strategy.matrix`, or one empty one without it. Throws for what GitHub would not accept. */
export function expandMatrix(matrix: Json | undefined, scope: ExpressionScope): Combination[] {
  if (matrix === undefined) return [{}];
  const evaluated = evaluateDeeply(matrix, scope);
  if (!isRecord(evaluated)) throw new Error("Unexpected value for 'matrix': a mapping was expected.");
  const { include, exclude, ...vectors } = evaluated;
  let combinations: Combination[] = Object.keys(vectors).length === 0 ? [] : [{}];
  for (const [name, values] of Object.entries(vectors)) {
    if (!isList(values)) throw new Error(`Matrix vector '${name}' is not a list.`);
    if (values.length === 0) throw new Error(`Matrix vector '${name}' does not contain any values.`);
    combinations = combinations.flatMap((left) => values.map((value) => ({ ...left, [name]: value })));
  }
  const excluded = listOfRecords(exclude);
  const kept = combinations.filter(
    (combination) => !excluded.some((pattern) => agrees(combination, pattern)),
  );
  const added = addIncludes(kept, Object.keys(vectors), listOfRecords(include));
  if (added.length === 0) throw new Error("Matrix must define at least one combination.");
  return added;
}

/** An included record joins the combinations whose own values it leaves as they are; else it stands by itself. */
function addIncludes(
  combinations: Combination[],
  vectors: readonly string[],
  includes: readonly Combination[],
): Combination[] {
  const alone: Combination[] = [];
  let joined = combinations;
  for (const extra of includes) {
    const own = Object.fromEntries(Object.entries(extra).filter(([name]) => vectors.includes(name)));
    if (!combinations.some((combination) => agrees(combination, own))) {
      alone.push(extra);
      continue;
    }
    joined = joined.map((combination) =>
      agrees(combination, own) ? { ...combination, ...extra } : combination,
    );
  }
  return [...joined, ...alone];
}

function agrees(combination: Combination, pattern: Combination): boolean {
  return Object.entries(pattern).every(
    ([name, value]) => JSON.stringify(combination[name]) === JSON.stringify(value),
  );
}

function listOfRecords(value: Json | undefined): Combination[] {
  return value !== undefined && isList(value) ? value.filter(isRecord) : [];
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isRecord(value: Json): value is Combination {
  return typeof value === "object" && value !== null && !isList(value);
}
