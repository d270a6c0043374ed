import { describe, expect, it } from "vitest";
import { findTarget, MAX_CANDIDATES, type TargetStack } from "../../src/domain/command-target.ts";

function aStack(alias: string, pools: Record<string, string[]>, formerAliases: string[] = []): TargetStack {
  return { alias, formerAliases, pools: Object.entries(pools).map(([name, aliases]) => ({ name, aliases })) };
}

const EDX = aStack("ol-application-edxapp.prod", { web: [], worker: ["celery"] });
const EDX_QA = aStack("ol-application-edxapp.qa", { web: [] });
const SHOP = aStack("shop.prod", { web: ["front"], api: [], status: [] }, ["store.prod"]);
const BLOG = aStack("blog.prod", { page: ["web"] });
const ALL = [EDX, EDX_QA, SHOP, BLOG];

const pool = (alias: string, name: string) => ({ kind: "pool", alias, pool: name });
const stack = (alias: string) => ({ kind: "stack", alias });

describe("a pool that a command means", () => {
  it.each<[string, string | null, TargetStack[], object]>([
    ["the only one, with nothing written", null, [BLOG], pool("blog.prod", "page")],
    ["by its name, in the only stack", "api", [SHOP], pool("shop.prod", "api")],
    ["by its name, which only one stack has", "api", ALL, pool("shop.prod", "api")],
    ["by its former name", "celery", ALL, pool("ol-application-edxapp.prod", "worker")],
    ["by stack and name", "shop.prod/web", ALL, pool("shop.prod", "web")],
    ["by stack and former name", "shop.prod/front", ALL, pool("shop.prod", "web")],
    ["by a former name of the stack", "store.prod/api", ALL, pool("shop.prod", "api")],
    ["by the ending of the stack", "edxapp.prod/web", ALL, pool("ol-application-edxapp.prod", "web")],
    ["by an ending that several have, of which one has the pool", "prod/api", ALL, pool("shop.prod", "api")],
    ["by the ending after a dot", "qa/web", ALL, pool("ol-application-edxapp.qa", "web")],
    ["by its stack alone, which has one pool", "blog.prod", ALL, pool("blog.prod", "page")],
    ["by the ending of such a stack", "qa", ALL, pool("ol-application-edxapp.qa", "web")],
    ["in another case", "Shop.PROD/Web", ALL, pool("shop.prod", "web")],
    ["called as a command is", "shop.prod/status", ALL, pool("shop.prod", "status")],
    ["called all", "all", [aStack("a.b", { all: [], web: [] })], pool("a.b", "all")],
    [
      "in the stack of the whole name, where others end so",
      "prod/web",
      [aStack("prod", { web: [] }), SHOP],
      pool("prod", "web"),
    ],
    [
      "with the name now, where another had it before",
      "web",
      [BLOG, aStack("a.b", { web: [] })],
      pool("a.b", "web"),
    ],
    [
      "as it is written, where another differs by case",
      "Web",
      [aStack("a.b", { web: [], Web: [] })],
      pool("a.b", "Web"),
    ],
    [
      "by its name, where a stack is called so too",
      "web",
      [aStack("web", { a: [], b: [] }), aStack("a.b", { web: [] })],
      pool("a.b", "web"),
    ],
  ])("%s", (_, text, stacks, found) => {
    expect(findTarget(text, stacks, "pool")).toEqual(found);
  });
});

describe("a stack or a pool that a command means", () => {
  it.each<[string, string | null, TargetStack[], object]>([
    ["everything", "ALL", ALL, { kind: "all" }],
    ["the only stack, with nothing written", null, [SHOP], stack("shop.prod")],
    ["a stack", "shop.prod", ALL, stack("shop.prod")],
    ["a stack by its former name", "store.prod", ALL, stack("shop.prod")],
    ["a stack by its ending", "edxapp.qa", ALL, stack("ol-application-edxapp.qa")],
    ["a pool", "api", ALL, pool("shop.prod", "api")],
    ["a pool of a stack", "edxapp.prod/celery", ALL, pool("ol-application-edxapp.prod", "worker")],
    [
      "a stack, where a pool has its whole name",
      "web",
      [aStack("web", { a: [] }), aStack("a.b", { web: [] })],
      stack("web"),
    ],
    ["a pool, where a stack ends so", "prod", [SHOP, aStack("a.b", { prod: [] })], pool("a.b", "prod")],
  ])("%s", (_, text, stacks, found) => {
    expect(findTarget(text, stacks, "stack-or-pool")).toEqual(found);
  });
});

describe("what is left to chance, or is not there", () => {
  const EDX_WEB = ["ol-application-edxapp.prod/web", "ol-application-edxapp.qa/web"];
  const SHOP_POOLS = ["shop.prod/api", "shop.prod/status", "shop.prod/web"];

  it.each<["pool" | "stack-or-pool", string | null, TargetStack[], string, string[]]>([
    [
      "pool",
      null,
      [SHOP],
      "ambiguous: it has to say which pool: `shop.prod/api`, `shop.prod/status`",
      SHOP_POOLS,
    ],
    ["pool", null, [], "unknown: there is no pool here yet", []],
    ["pool", null, [aStack("a.b", {})], "unknown: there is no pool here yet", []],
    ["pool", "web", [EDX, EDX_QA], "ambiguous: several stacks have a pool `web`: `ol-application", EDX_WEB],
    ["pool", "shop.prod", ALL, "ambiguous: `shop.prod` is a stack with several pools", SHOP_POOLS],
    [
      "pool",
      "prod/web",
      [EDX, SHOP],
      "ambiguous: `prod/web` may be one of several",
      [EDX_WEB[0] ?? "", "shop.prod/web"],
    ],
    ["pool", "edxapp.staging/web", ALL, "unknown: no stack is called `edxapp.staging`, or ends so", []],
    [
      "pool",
      "shop.prod/wbe",
      ALL,
      "unknown: the stack `shop.prod` has no pool `wbe`; did you mean `shop.prod/web`?",
      ["shop.prod/web"],
    ],
    ["pool", "shop.prd/api", ALL, "did you mean `shop.prod/api`?", ["shop.prod/api"]],
    [
      "pool",
      "apii",
      ALL,
      "unknown: no pool is called `apii`; did you mean `shop.prod/api`?",
      ["shop.prod/api"],
    ],
    ["pool", "zzzzzz", [SHOP], "unknown: no pool is called `zzzzzz`; there is `shop.prod/api`, ", SHOP_POOLS],
    // No boundary stands before it.
    ["pool", "app.prod/web", [EDX], "unknown: no stack is called `app.prod`", []],
    ["pool", "hop.prod/api", [SHOP], "unknown: no stack is called `hop.prod`", ["shop.prod/api"]],
    // A whole name is not left for an ending.
    [
      "pool",
      "prod/web",
      [aStack("prod", { api: [] }), SHOP],
      "unknown: the stack `prod` has no pool `web`",
      [],
    ],
    ["pool", "/web", ALL, "unknown: no stack is called", []],
    ["pool", "shop.prod/", [SHOP], "unknown: the stack `shop.prod` has no pool", []],
    [
      "stack-or-pool",
      null,
      ALL,
      "ambiguous: it has to say which stack or pool, or `all`: `blog.prod`",
      ALL.map(({ alias }) => alias).sort(),
    ],
    [
      "stack-or-pool",
      "prod",
      [SHOP, BLOG],
      "ambiguous: `prod` may be one of several stacks: `blog.prod`, `shop.prod`",
      ["blog.prod", "shop.prod"],
    ],
    [
      "stack-or-pool",
      "shpo.prod",
      [SHOP, BLOG],
      "unknown: no stack and no pool is called `shpo.prod`; did you mean `shop.prod`?",
      ["shop.prod"],
    ],
    ["stack-or-pool", "constructor", [SHOP], "unknown: no stack and no pool is called `constructor`", []],
  ])("%s %j", (wants, text, stacks, message, candidates) => {
    const found = findTarget(text, stacks, wants);
    expect("message" in found ? `${found.kind}: ${found.message}` : found).toContain(message);
    if (candidates.length > 0) expect(found).toHaveProperty("candidates", candidates);
  });

  it(`lists ${MAX_CANDIDATES} candidates at most, and says how many there are beside`, () => {
    const stacks = Array.from({ length: 50 }, (_, index) => aStack(`s${index}.prod`, { web: [] }));
    const found = findTarget("web", stacks, "pool");
    expect(found).toMatchObject({ kind: "ambiguous", message: expect.stringContaining(" and 40 more") });
    expect("candidates" in found ? found.candidates.length : 0).toBe(MAX_CANDIDATES);
  });

  it("repeats nothing of what was written that markdown would act on", () => {
    const found = findTarget("@all`[x]<b>", [SHOP], "pool");
    expect(found).toHaveProperty("message", expect.stringMatching(/^no pool is called `all x b`/));
  });
});
