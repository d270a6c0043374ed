import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ScaleResult } from "../../src/workflows/scaling.ts";
import { StackLane } from "../../src/workflows/stack-lane.ts";
import { anIntent } from "../domain/situations.ts";

function resultFor(pool: string): ScaleResult {
  const nothing = {
    from: null,
    to: null,
    requested: null,
    reasons: [],
    delivery: null,
    commit: null,
    pullRequest: null,
  };
  return { stack: "s", pool, kind: "hold", ...nothing };
}

const atOnce = async () => {};

describe("StackLane", () => {
  it("puts what arrives together into one batch and gives everyone his own results", async () => {
    const batches: string[][] = [];
    const lane = new StackLane(
      async (intents) => {
        batches.push(intents.map(({ pool }) => pool));
        return intents.map(({ pool }) => resultFor(pool));
      },
      atOnce,
      5,
    );
    const answers = await Promise.all([
      lane.enqueue([anIntent({ pool: "a" }), anIntent({ pool: "b" })]),
      lane.enqueue([anIntent({ pool: "c" })]),
    ]);
    expect(batches).toEqual([["a", "b", "c"]]);
    expect(answers.map((results) => results.map(({ pool }) => pool))).toEqual([["a", "b"], ["c"]]);
  });

  it("runs one batch after the other, and takes what came meanwhile together", async () => {
    let running = 0;
    const batches: number[] = [];
    const lane = new StackLane(
      async (intents) => {
        running += 1;
        expect(running).toBe(1);
        batches.push(intents.length);
        await sleep(20);
        running -= 1;
        return intents.map(({ pool }) => resultFor(pool));
      },
      atOnce,
      1,
    );
    const first = lane.enqueue([anIntent()]);
    await sleep(10);
    const later = [lane.enqueue([anIntent()]), lane.enqueue([anIntent()])];
    await Promise.all([first, ...later]);
    expect(batches).toEqual([1, 2]);
  });

  it("rejects the whole batch and serves the next one", async () => {
    let calls = 0;
    const lane = new StackLane(
      async (intents) => {
        calls += 1;
        if (calls === 1) throw new Error("down");
        return intents.map(({ pool }) => resultFor(pool));
      },
      atOnce,
      1,
    );
    await expect(lane.enqueue([anIntent()])).rejects.toThrow("down");
    await expect(lane.enqueue([anIntent()])).resolves.toHaveLength(1);
  });

  it("answers before what a batch has started is over, and begins the next one after it", async () => {
    const merge = Promise.withResolvers<void>();
    const batches: number[] = [];
    const lane = new StackLane(
      async (intents) => {
        batches.push(intents.length);
        return intents.map(({ pool }) => resultFor(pool));
      },
      () => merge.promise,
      1,
    );
    await lane.enqueue([anIntent()]);
    const later = [lane.enqueue([anIntent()]), lane.enqueue([anIntent()])];
    await sleep(20);
    expect(batches).toEqual([1]);
    merge.resolve();
    await Promise.all(later);
    expect(batches).toEqual([1, 2]);
  });

  it("does not wait for ever for what a batch has started", async () => {
    const lane = new StackLane(
      async (intents) => intents.map(({ pool }) => resultFor(pool)),
      () => new Promise(() => {}),
      1,
    );
    await lane.enqueue([anIntent()]);
    await expect(lane.enqueue([anIntent()])).resolves.toHaveLength(1);
  });
});
