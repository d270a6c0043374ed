import { describe, expect, it } from "vitest";
import type { Review } from "../../src/domain/approval.ts";
import { parseContract } from "../../src/domain/contract.ts";
import { type GuardedChange, type GuardedStack, judgeGuard } from "../../src/domain/guard.ts";
import { parseRepositoryFile, policyOf } from "../../src/domain/repository-file.ts";
import type { StackFile } from "../../src/domain/snapshot.ts";

const HEAD = "a".repeat(40);
const pool = (more: object = {}) => ({
  targetUrn: "urn:web",
  configKey: "web",
  strategy: "incremental",
  min: 2,
  max: 10,
  cooldown: 0,
  ...more,
});
const text = (web: number | string): StackFile => ({ kind: "text", text: `config:\n  shop:web: ${web}\n` });
const MISSING: StackFile = { kind: "missing" };
const EMPTY: StackFile = { kind: "text", text: "config: {}\n" };

type Given = {
  before: StackFile;
  base?: StackFile;
  after: StackFile;
  settings?: string;
  contract?: object;
};

function stack({ before, base = before, after, settings = "", contract = {} }: Given): GuardedStack {
  const file = parseRepositoryFile(settings);
  if (file.kind !== "good") throw new Error(file.message);
  return {
    kind: "known",
    alias: "shop.prod",
    project: "shop",
    contract: parseContract({ web: pool(contract) }, "shop").contract,
    policy: policyOf(file.file, "shop.prod"),
    before,
    base,
    after,
  };
}

const review = (over: Partial<Review> = {}): Review => ({
  author: "carol",
  isPerson: true,
  canPush: true,
  state: "approved",
  commitOid: HEAD,
  submittedAtMs: 1,
  ...over,
});

const judge = (stacks: GuardedStack[], over: Partial<GuardedChange> = {}) =>
  judgeGuard({ headOid: HEAD, stacks, reviews: [], requesters: ["alice"], doubt: null, ...over });
const judgeOne = (given: Given, over: Partial<GuardedChange> = {}) => judge([stack(given)], over);

const ABOVE_5 = "defaults:\n  approval: { above: 5 }\n";
const OVER_3 = "defaults:\n  approval: { changeOver: 3 }\n";

describe("judgeGuard", () => {
  const cases: [name: string, given: Given, kind: string, title: string][] = [
    [
      "no change of the value",
      { before: text(3), after: text("3 # why") },
      "success",
      "No pool's value is touched",
    ],
    ["the largest value", { before: text(3), after: text(10) }, "success", "web 3 → 10 is within its limits"],
    ["the smallest value", { before: text(3), after: text(2) }, "success", "web 3 → 2 is within its limits"],
    ["above max", { before: text(3), after: text(11) }, "failure", "web 3 → 11 is outside 2 to 10"],
    ["below min", { before: text(3), after: text(1) }, "failure", "web 3 → 1 is outside 2 to 10"],
    [
      "down, but not down enough",
      { before: text(20), after: text(15) },
      "failure",
      "web 20 → 15 is outside 2 to 10",
    ],
    ["no integer", { before: text(3), after: text("3.5") }, "failure", "web would hold no usable integer"],
    [
      "a value from elsewhere",
      { before: text(3), after: { kind: "text", text: "environment: [e]\nconfig: {}\n" } },
      "failure",
      "web would hold no usable integer",
    ],
    [
      "a file that is no text",
      { before: text(3), after: { kind: "unreadable", message: "binary" } },
      "failure",
      "web would hold no usable integer",
    ],
    [
      "a value where there was none",
      { before: EMPTY, after: text(9) },
      "success",
      "web none → 9 is within its limits",
    ],
    [
      "such a one above a threshold",
      { before: EMPTY, after: text(9), settings: ABOVE_5 },
      "waiting",
      "web none → 9 waits for an approval",
    ],
    ["a key that is removed", { before: text(3), after: EMPTY }, "success", "web is removed"],
    ["a file that is removed", { before: text(3), after: MISSING }, "success", "web is removed"],
    [
      "a removal where a threshold is",
      { before: text(3), after: EMPTY, settings: ABOVE_5 },
      "waiting",
      "web without a value waits for an approval",
    ],
    [
      "nothing usable before and after",
      { before: text("x"), after: text("y") },
      "success",
      "No pool's value is touched",
    ],
    [
      "at the threshold",
      { before: text(3), after: text(5), settings: ABOVE_5 },
      "success",
      "web 3 → 5 is within its limits",
    ],
    [
      "above the threshold",
      { before: text(3), after: text(6), settings: ABOVE_5 },
      "waiting",
      "web 3 → 6 waits for an approval",
    ],
    [
      "above the contract's own threshold",
      { before: text(3), after: text(6), contract: { approval: { above: 5 } } },
      "waiting",
      "web 3 → 6 waits for an approval",
    ],
    [
      "a change that the base has made smaller",
      { before: text(3), base: text(6), after: text(8), settings: OVER_3 },
      "success",
      "web 6 → 8 is within its limits",
    ],
    [
      "a change that the base has made larger",
      { before: text(6), base: text(3), after: text(8), settings: OVER_3 },
      "waiting",
      "web 3 → 8 waits for an approval",
    ],
  ];
  it.each(cases)("%s", (_, given, kind, title) => {
    expect(judgeOne(given)).toMatchObject({ kind, title });
  });

  const gated = { before: text(3), after: text(9), settings: ABOVE_5 };

  it("takes the approval of that head by another person who may write, and names who gave it", () => {
    const verdict = judgeOne(gated, { reviews: [review()] });
    expect(verdict).toMatchObject({ kind: "success", title: "web 3 → 9, approved by carol" });
  });

  it.each([
    ["a requester's", { author: "ALICE" }, "ALICE asked for it and cannot approve it too"],
    ["one of another head", { commitOid: "b".repeat(40) }, "carol approved an earlier commit"],
    ["one without write access", { canPush: false }, "carol approved it, but has no write access"],
    ["a bot's", { isPerson: false }, "a person with write access has to approve it"],
    [
      "one that was dismissed",
      { state: "dismissed" as const },
      "a person with write access has to approve it",
    ],
  ])("takes no approval: %s", (_, over, why) => {
    const verdict = judgeOne(gated, { reviews: [review(over)] });
    expect(verdict.kind).toBe("waiting");
    expect(verdict.summary).toContain(why);
  });

  it("takes no approval at all where it is not known who asked", () => {
    const verdict = judgeOne(gated, { reviews: [review()], doubt: "who pushed it is not known" });
    expect(verdict.kind).toBe("waiting");
    expect(verdict.summary).toContain("who pushed it is not known");
  });

  it("lets no approval heal what is outside the limits", () => {
    const over = { before: text(3), after: text(11), settings: ABOVE_5 };
    expect(judgeOne(over, { reviews: [review()] }).kind).toBe("failure");
  });

  it("says the worst first, and the rest in the table", () => {
    const verdict = judge([
      stack({ before: text(3), after: text(4) }),
      stack(gated),
      stack({ before: text(3), after: text(11) }),
    ]);
    expect(verdict).toMatchObject({ kind: "failure", title: "web 3 → 11 is outside 2 to 10" });
    expect(verdict.summary.match(/^\| `shop\.prod`/gm)).toHaveLength(3);
  });

  it("waits on a stack whose rules cannot be read, unless something fails already", () => {
    const unknown: GuardedStack = { kind: "unknown", alias: "shop.dev", message: "publish it again" };
    expect(judge([unknown])).toMatchObject({
      kind: "waiting",
      title: "The rules of shop.dev cannot be read",
    });
    expect(judge([unknown, stack({ before: text(3), after: text(11) })]).kind).toBe("failure");
  });

  it("keeps a title to 80 characters, and text from outside to one cell", () => {
    const long = "w".repeat(63);
    const { contract } = parseContract({ [long]: pool({ max: 900_000 }) }, "shop");
    const after = text("9007199254740991");
    const known = { ...stack({ before: text(3), after }), contract } as GuardedStack;
    const verdict = judge([known, { kind: "unknown", alias: "x", message: "a | b\n- [c](http://d) <e> @f" }]);
    expect([...verdict.title].length).toBeLessThanOrEqual(80);
    expect(verdict.summary).toContain("⏳ a b - c ((link) e f |");
  });
});
