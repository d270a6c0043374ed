import { describe, expect, it } from "vitest";
import { accountFor, type Move } from "./account-for.ts";
import { eventOf, makeAlert, type Told } from "./alerts.ts";

const STACK = { repo: "acme/infra0", alias: "shop.s0", path: "Pulumi.s0.yaml" };
const alert = makeAlert(STACK, 0, {});
const move = (over: Partial<Move> = {}): Move => ({
  repo: STACK.repo,
  alias: STACK.alias,
  commit: "c1",
  pool: "pool0",
  from: 5,
  to: 6,
  events: [eventOf(alert)],
  ...over,
});
const told = (kind: Told["kind"], to: number | null = null) => ({ alert, told: { kind, to } });

describe("the account of a storm", () => {
  it.each([
    ["in a commit's event list", [told("scale", 6)], [move()], { committed: 1 }],
    ["in it, and held as a duplicate", [told("scale", 6), told("hold")], [move()], { committed: 1 }],
    ["in it though the last answer was lost", [told("again")], [move()], { committed: 1 }],
    ["held", [told("hold", 5)], [], { held: 1 }],
    ["replaced by a larger one", [told("scale", 6)], [move({ to: 8, events: ["other"] })], { replaced: 1 }],
  ])("finds an alert that is %s", (_what, answers, moves, expected) => {
    const nothing = { committed: 0, held: 0, replaced: 0, lost: [], doubled: [] };
    expect(accountFor(answers, moves)).toEqual({ ...nothing, ...expected });
  });

  it.each([
    ["told of a scale that never came", [told("scale", 6)], []],
    ["told of a scale that a smaller one replaced", [told("scale", 6)], [move({ to: 6, events: [] })]],
    ["committed to another stack", [told("scale", 6)], [move({ alias: "shop.s1" })]],
    ["committed to another pool", [told("scale", 6)], [move({ pool: "pool1" })]],
    ["left alone with a 503", [told("hold"), told("again")], []],
  ])("calls an alert lost that was %s", (_what, answers, moves) => {
    expect(accountFor(answers, moves).lost).toHaveLength(1);
  });

  it("calls an alert doubled that moved its pool twice", () => {
    const moves = [move(), move({ commit: "c2", from: 6, to: 7 })];
    expect(accountFor([told("scale", 6)], moves).doubled).toHaveLength(1);
  });
});
