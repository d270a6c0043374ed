import { describe, expect, it } from "vitest";
import { ForgeError } from "../../src/forge/forge.ts";
import { GitHubBudget } from "../../src/forge/github-budget.ts";
import { PlannedWrites, type WriteUrgency } from "../../src/forge/planned-writes.ts";

/** A budget on a clock that only the test moves. */
function openBudget() {
  let nowMs = 0;
  const budget = new GitHubBudget(() => nowMs);
  const start = (urgency: WriteUrgency, count: number, merges: string | null = null) => {
    const plan = new PlannedWrites(urgency, count, merges);
    budget.admit(plan);
    return plan;
  };
  return {
    budget,
    start,
    pass: (seconds: number) => {
      nowMs += seconds * 1000;
    },
    /** Makes whole commits of one write until there is no more room; answers how many, and the seconds to wait. */
    fill: (urgency: WriteUrgency) => {
      for (let count = 0; ; count++) {
        const wait = secondsToWait(() => budget.spend("write", start(urgency, 1)));
        if (wait !== null) return { count, wait };
      }
    },
    /** Opens a pull request of `count` writes, as the forge does. */
    open: (urgency: WriteUrgency, count: number, pull: string) => {
      const plan = start(urgency, count + 1);
      for (let write = 0; write < count; write++) budget.spend("write", plan);
      plan.promiseTo(pull);
      plan.end();
    },
    merge: (pull: string) => budget.spend("write", start("merge", 1, pull)),
  };
}

/** The seconds after which the sender is to come again; null where it was let through. */
function secondsToWait(act: () => void): number | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof ForgeError && error.code === "rate-limited") return error.retryAfterSeconds;
    throw error;
  }
}

describe("the budget of content writes", () => {
  it("lets other work take half a minute's writes, scale-outs more, and merges all of them", () => {
    const { fill } = openBudget();
    expect(fill("other")).toEqual({ count: 40, wait: 60 });
    expect(fill("scale-out")).toEqual({ count: 30, wait: 60 });
    expect(fill("merge")).toEqual({ count: 10, wait: 60 });
  });

  it("keeps the same order within the hour", () => {
    const { fill, pass } = openBudget();
    const minute = (urgency: WriteUrgency) => {
      pass(60);
      return fill(urgency);
    };
    const counts = Array.from({ length: 9 }, () => minute("other").count);
    expect(counts).toEqual([40, 40, 40, 40, 40, 40, 40, 40, 30]);
    // 350 of 500; the first of them leave the hour 51 minutes from now.
    expect(minute("other")).toEqual({ count: 0, wait: 51 * 60 });
    expect([minute("scale-out").count, minute("scale-out").count]).toEqual([70, 40]);
    expect([minute("scale-out").count, minute("merge").count]).toEqual([0, 40]);
    pass(60);
    expect(fill("merge").count).toBe(0);
    pass(60 * 60);
    expect(fill("merge").count).toBe(80);
  });

  it("says when enough is free again", () => {
    const { fill, start, pass } = openBudget();
    expect(fill("other").count).toBe(40);
    pass(20);
    expect(fill("scale-out").count).toBe(30);
    expect(secondsToWait(() => start("scale-out", 3))).toBe(40);
    expect(secondsToWait(() => start("other", 3))).toBe(40);
    pass(40);
    expect(secondsToWait(() => start("scale-out", 3))).toBeNull();
  });

  it("starts nothing that it could not bring to its end", () => {
    const { budget, start } = openBudget();
    const opening = Array.from({ length: 23 }, () => start("scale-out", 3));
    // Nothing is written yet, and yet there is no room for one more.
    expect(secondsToWait(() => start("scale-out", 3))).toBe(5);
    for (const plan of opening) for (let write = 0; write < 3; write++) budget.spend("write", plan);
    expect(secondsToWait(() => start("scale-out", 3))).toBe(60);
  });

  it("keeps the merge's write beyond the opening, for that merge alone", () => {
    const { open, merge, fill } = openBudget();
    open("scale-out", 2, "acme/infra#1");
    expect([fill("other").count, fill("scale-out").count, fill("merge").count]).toEqual([37, 30, 10]);
    expect(secondsToWait(() => merge("acme/infra#2"))).toBe(60);
    expect(secondsToWait(() => merge("acme/infra#1"))).toBeNull();
    expect(secondsToWait(() => merge("acme/infra#1"))).toBe(60);
  });

  it("gives back what a lost race did not use, and a merge's write after a minute", () => {
    const { open, start, fill, pass } = openBudget();
    start("scale-out", 70).end();
    open("scale-out", 2, "acme/infra#1");
    pass(60);
    expect(fill("scale-out").count).toBe(70);
  });

  it("lets work that needs more than it planned go on as a merge does", () => {
    const { budget, start, fill } = openBudget();
    const plan = start("other", 1);
    budget.spend("write", plan);
    fill("scale-out");
    expect(secondsToWait(() => budget.spend("write", plan))).toBeNull();
    expect(secondsToWait(() => budget.spend("write"))).toBe(60);
  });

  it("admits nothing before the time that GitHub named", () => {
    const { budget, start, pass } = openBudget();
    budget.close(30);
    expect(secondsToWait(() => start("merge", 1))).toBe(30);
    expect(secondsToWait(() => budget.spend("read"))).toBe(30);
    pass(30);
    expect(secondsToWait(() => start("merge", 1))).toBeNull();
  });
});
