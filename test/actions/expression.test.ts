// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of workflows look like templates
import { expect, test } from "vitest";
import {
  type Conclusion,
  evaluateCondition,
  evaluateDeeply,
  evaluateTemplate,
  evaluateText,
} from "./expression.ts";

const contexts = {
  github: { ref: "refs/heads/main", event: { commits: [{ id: "a" }, { id: "b" }] } },
  steps: { scale: { outputs: { "full-needed": "true" } } },
  env: { EMPTY: "" },
};
const scope = (status: Conclusion | null = "success") => ({ contexts, status });

test.each([
  ["steps.scale.outputs.full-needed == 'true'", true],
  ["steps.scale.outputs.full-needed", true],
  ["${{ steps.scale.outputs.full-needed == 'true' }}", true],
  ["STEPS.Scale.outputs['FULL-NEEDED'] == 'TRUE'", true],
  ["steps.unknown.outputs.x == ''", true],
  ["steps.unknown.outputs.x", false],
  ["env.EMPTY", false],
  ["!contains(github.event.commits.*.id, 'b')", false],
  ["startsWith(github.ref, 'refs/heads/') && github.ref != 'refs/heads/dev'", true],
  // A text with an expression in it is a text, and not empty: a well-known trap.
  ["${{ github.ref }} == 'refs/heads/dev'", true],
  [undefined, true],
  ["", true],
])("if: %s is %s", (condition, expected) => {
  expect(evaluateCondition(condition, scope())).toBe(expected);
});

test.each([
  [undefined, "failure", false],
  ["github.ref != ''", "failure", false],
  ["github.ref != ''", "skipped", false],
  ["always()", "failure", true],
  ["always()", "cancelled", true],
  ["failure()", "failure", true],
  ["failure()", "success", false],
  ["failure()", "skipped", false],
  ["failure()", "cancelled", false],
  ["cancelled()", "cancelled", true],
  ["!cancelled()", "failure", true],
  ["success() || failure()", "failure", true],
  // The word alone, in a text or as a name, is no status function.
  ["'always()' != ''", "failure", false],
] as const)("if: %s after %s is %s", (condition, status, expected) => {
  expect(evaluateCondition(condition, scope(status))).toBe(expected);
});

test("a template of one expression keeps its type; any other is text", () => {
  expect(evaluateTemplate("${{ fromJSON('[1,\"a\"]') }}", scope())).toEqual([1, "a"]);
  expect(evaluateTemplate("${{ 1 == 1 }}", scope())).toBe(true);
  expect(evaluateTemplate("n=${{ 1 }} ${{ 1 == 1 }} ${{ null }}", scope())).toBe("n=1 true ");
  expect(evaluateText("${{ format('{0}}}', 'it''s }}') }}", scope())).toBe("it's }}}");
  expect(evaluateText("${HOME} {{ x }}", scope())).toBe("${HOME} {{ x }}");
});

test("templates are evaluated wherever they stand in a value", () => {
  expect(evaluateDeeply({ a: ["${{ 1 }}", { b: "x${{ 2 }}" }], c: null }, scope())).toEqual({
    a: [1, { b: "x2" }],
    c: null,
  });
});

test.each(["unknown.x", "steps.", "success(1)", "nope()"])("%s is refused", (source) => {
  expect(() => evaluateCondition(source, scope())).toThrow();
});
