import { describe, expect, it } from "vitest";
import { findHeir, isLeftOver, type NamedEntry, namesInForce } from "../../src/domain/former-aliases.ts";
import { findCalled, findStack, stackName } from "../../src/domain/stack-name.ts";

function anEntry(alias: string, formerAliases: string[] = [], over: Partial<NamedEntry> = {}): NamedEntry {
  return {
    names: { alias, formerAliases },
    project: "shop",
    stack: "prod",
    dir: ".",
    publishedAt: "2026-01-02T00:00:00Z",
    trust: "accepted",
    ...over,
  };
}

describe("whose former name an alias is", () => {
  it.each<[string, string, NamedEntry[], string | null]>([
    ["the stack that names it", "old", [anEntry("old"), anEntry("new", ["old"])], "new"],
    ["in any case", "OLD", [anEntry("new", ["old"])], "new"],
    ["none that names it", "old", [anEntry("old"), anEntry("new")], null],
    ["never itself", "old", [anEntry("old", ["old"])], null],
    ["nobody's of two", "old", [anEntry("new", ["old"]), anEntry("newer", ["old"])], null],
    ["none whose entry is refused", "old", [anEntry("new", ["old"], { trust: "refused" })], null],
  ])("%s", (_, alias, entries, heir) => {
    expect(findHeir(alias, entries)?.names.alias ?? null).toBe(heir);
  });
});

describe("what a renamed stack has left in the ledger", () => {
  const heir = anEntry("new", ["old"]);
  const later = "2026-01-03T00:00:00Z";
  it.each<[string, NamedEntry, "there" | "gone", boolean]>([
    ["an older entry of the same Pulumi stack", anEntry("old"), "there", true],
    ["a newer one is no left-over", anEntry("old", [], { publishedAt: later }), "there", false],
    [
      "a newer one that is refused",
      anEntry("old", [], { publishedAt: later, trust: "refused" }),
      "there",
      true,
    ],
    ["another stack lives", anEntry("old", [], { stack: "test" }), "there", false],
    [
      "another stack lives, refused or not",
      anEntry("old", [], { stack: "test", trust: "refused" }),
      "there",
      false,
    ],
    ["another folder is another stack", anEntry("old", [], { dir: "b" }), "there", false],
    ["its stack file is gone", anEntry("old", [], { stack: "test" }), "gone", true],
  ])("%s", (_, entry, stackFile, isLeft) => {
    expect(isLeftOver(entry, heir, stackFile)).toBe(isLeft);
  });
});

describe("former names that lead to a stack", () => {
  const stack = { alias: "new", formerAliases: ["old", "older"] };
  it("all, where nobody else has them", () => {
    expect(namesInForce(stack, [stack, { alias: "b" }], ["new", "b"])).toEqual(["old", "older"]);
  });
  it("none that an entry has, in whatever case and however unreadable", () => {
    expect(namesInForce(stack, [stack], ["new", "OLD"])).toEqual(["older"]);
  });
  it("none that two stacks name", () => {
    expect(namesInForce(stack, [stack, { alias: "b", formerAliases: ["Older"] }], [])).toEqual(["old"]);
  });
});

describe("a stack by its name", () => {
  const renamed = stackName("acme", "infra", "new", ["Old"]);
  const old = stackName("acme", "infra", "old");
  it("a former name leads to it, in any case", () => {
    expect(findCalled([renamed], "OLD")).toBe(renamed);
    expect(findCalled([renamed], "other")).toBeUndefined();
  });
  it("a name of now wins", () => expect(findCalled([renamed, old], "old")).toBe(old));
  it("only in its own repository", () => {
    expect(findStack([renamed], stackName("ACME", "infra", "old"))).toBe(renamed);
    expect(findStack([renamed], stackName("acme", "web", "old"))).toBeUndefined();
  });
});
