import { expect, it } from "vitest";
import { matchesUrn } from "../../src/apply/urn-pattern.ts";

const urn = "urn:pulumi:prod::shop::aws:eks/nodeGroup:NodeGroup::web-1";

it.each([
  [urn, true],
  ["urn:pulumi:prod::shop::aws:eks/nodeGroup:NodeGroup::web-*", true],
  ["urn:pulumi:prod::shop::*::web-1", false],
  ["urn:pulumi:prod::shop::*:*:*::web-1", true],
  ["urn:pulumi:prod::shop::**::web-1", true],
  ["**", true],
  ["*", false],
  ["urn:pulumi:prod::shop::**::web", false],
  ["urn.pulumi:prod::shop::**::web-1", false],
  ["urn:pulumi:prod::shop::**(NodeGroup)::web-1", false],
])("%s means the resource: %s", (target, means) => {
  expect(matchesUrn([target], urn)).toBe(means);
});
