import { expect, it } from "vitest";
import { formerPathsAfter } from "../../src/apply/former-paths.ts";

const PLACE = { dir: "apps/shop", stackFilePath: "apps/shop/Pulumi.prod.yaml" };
const after = (dir: string, formerPaths?: string[], place = PLACE) =>
  formerPathsAfter({ dir, stack: "prod", ...(formerPaths === undefined ? {} : { formerPaths }) }, place);

it("a stack file that has never moved stood nowhere before", () => {
  expect(formerPathsAfter(null, PLACE)).toEqual({});
  expect(after("apps/shop")).toEqual({});
});

it("a file that has moved stood where the entry was published from, and before that where the entry says", () => {
  expect(after(".")).toEqual({ formerPaths: ["Pulumi.prod.yaml"] });
  expect(after("shop", ["Pulumi.prod.yaml"])).toEqual({
    formerPaths: ["shop/Pulumi.prod.yaml", "Pulumi.prod.yaml"],
  });
  expect(after("apps/shop", ["Pulumi.prod.yaml"])).toEqual({ formerPaths: ["Pulumi.prod.yaml"] });
});

it("a file that is back stands there, and is told of once", () => {
  const formerPaths = ["apps/shop/Pulumi.prod.yaml", "shop/Pulumi.prod.yaml"];
  expect(after("shop", formerPaths)).toEqual({ formerPaths: ["shop/Pulumi.prod.yaml"] });
});

it("a file that stays where it is has not moved with its program", () => {
  expect(after("shop", undefined, { ...PLACE, stackFilePath: "config/Pulumi.prod.yaml" })).toEqual({});
});

it("the last five places are told of, and none that an entry could not hold", () => {
  expect(after("f", ["e", "d", "c", "b", "a"])).toEqual({
    formerPaths: ["f/Pulumi.prod.yaml", "e", "d", "c", "b"],
  });
  expect(after("f".repeat(495), ["e"])).toEqual({ formerPaths: ["e"] });
});
