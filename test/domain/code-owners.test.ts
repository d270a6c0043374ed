import { expect, it } from "vitest";
import { ownersOf } from "../../src/domain/code-owners.ts";

it.each([
  ["*", "infra/Pulumi.prod.yaml", true],
  ["*.yaml", "infra/Pulumi.prod.yaml", true],
  ["/*.yaml", "infra/Pulumi.prod.yaml", false],
  ["infra/", "infra/Pulumi.prod.yaml", true],
  ["infra", "infra/Pulumi.prod.yaml", true],
  ["/infra/*", "infra/Pulumi.prod.yaml", true],
  ["/infra/*", "infra/deep/Pulumi.prod.yaml", false],
  ["infra/**", "infra/deep/Pulumi.prod.yaml", true],
  ["**/deep", "infra/deep/Pulumi.prod.yaml", true],
  ["Pulumi.????.yaml", "Pulumi.prod.yaml", true],
  ["docs/", "infra/Pulumi.prod.yaml", false],
  ["Pulumi.prod.yaml/", "Pulumi.prod.yaml", false],
])("CODEOWNERS: %s fits %s: %s", (pattern, path, fits) => {
  expect(ownersOf(`${pattern} @a # why`, path)).toEqual(fits ? ["@a"] : []);
});

it("lets the last line of CODEOWNERS win, also one without owners, and takes no time over a bomb", () => {
  expect(ownersOf("* @a\n*.yaml @b @c\n# *.yaml @d\n", "Pulumi.prod.yaml")).toEqual(["@b", "@c"]);
  expect(ownersOf("* @a\n/Pulumi.prod.yaml\n", "Pulumi.prod.yaml")).toEqual([]);
  expect(
    ownersOf(`${"**/".repeat(200)}${"*a".repeat(200)}b @a`, `${"a/".repeat(100)}${"a".repeat(200)}`),
  ).toEqual([]);
});
