// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of workflows look like templates
import { expect, test } from "vitest";
import { expandMatrix } from "./expand-matrix.ts";

const scope = { contexts: { needs: { list: { outputs: { stacks: '["dev","prod"]' } } } }, status: null };

test.each([
  ["nothing", undefined, [{}]],
  ["one vector", { a: [1, 2] }, [{ a: 1 }, { a: 2 }]],
  [
    "two vectors",
    { a: [1, 2], b: ["x"] },
    [
      { a: 1, b: "x" },
      { a: 2, b: "x" },
    ],
  ],
  [
    "an output",
    { stack: "${{ fromJSON(needs.list.outputs.stacks) }}" },
    [{ stack: "dev" }, { stack: "prod" }],
  ],
  ["all of it an output", "${{ fromJSON('{\"a\":[1]}') }}", [{ a: 1 }]],
  ["exclude", { a: [1, 2], b: [1, 2], exclude: [{ a: 1, b: 2 }, { a: 2 }] }, [{ a: 1, b: 1 }]],
  ["include that joins", { a: [1, 2], include: [{ a: 2, extra: "x" }] }, [{ a: 1 }, { a: 2, extra: "x" }]],
  [
    "include for all",
    { a: [1, 2], include: [{ extra: "x" }] },
    [
      { a: 1, extra: "x" },
      { a: 2, extra: "x" },
    ],
  ],
  ["include by itself", { a: [1], include: [{ a: 3, extra: "x" }] }, [{ a: 1 }, { a: 3, extra: "x" }]],
  ["only include", { include: [{ a: 1 }, { a: 2 }] }, [{ a: 1 }, { a: 2 }]],
])("%s", (_, matrix, expected) => {
  expect(expandMatrix(matrix, scope)).toEqual(expected);
});

test.each([
  ["an empty vector", { a: "${{ fromJSON('[]') }}" }, "Matrix vector 'a' does not contain any values."],
  ["no list", { a: "${{ 'x' }}" }, "Matrix vector 'a' is not a list."],
  ["no combination", { include: [] }, "Matrix must define at least one combination."],
])("%s is refused", (_, matrix, message) => {
  expect(() => expandMatrix(matrix, scope)).toThrow(message);
});
