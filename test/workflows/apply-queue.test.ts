import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/domain/receipt.ts";
import { type ApplyEnd, ApplyQueue } from "../../src/workflows/apply-queue.ts";

const APPLIED: ApplyEnd = { kind: "done", receipt: null, problems: [] };

/** A queue whose runs end when the test says so. */
function openQueue(retryAfterMs = 60_000) {
  const runs: PromiseWithResolvers<ApplyEnd>[] = [];
  const ends: ApplyEnd[] = [];
  const errors: unknown[] = [];
  const queue = new ApplyQueue({
    run: () => {
      const run = Promise.withResolvers<ApplyEnd>();
      runs.push(run);
      return run.promise;
    },
    onEnd: async (end) => {
      ends.push(end);
    },
    onError: (error) => errors.push(error),
    retryAfterMs: () => retryAfterMs,
  });
  const finish = (index: number, end: ApplyEnd = APPLIED) => runs[index]?.resolve(end);
  return { queue, runs, ends, errors, finish };
}

const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("the apply queue", () => {
  it("runs one after the other, and gathers what waits into the next run", async () => {
    const { queue, runs, finish } = openQueue();
    const first = queue.request();
    const others = [queue.request(), queue.request(), queue.request()];
    await tick();
    expect(runs).toHaveLength(1);
    finish(0);
    await first;
    await tick();
    expect(runs).toHaveLength(2);
    finish(1);
    expect(await Promise.all(others)).toEqual([APPLIED, APPLIED, APPLIED]);
    await tick();
    expect(runs).toHaveLength(2);
  });

  it("answers a request only with a run that began after it", async () => {
    const { queue, finish } = openQueue();
    const first = queue.request();
    const second = queue.request();
    let isSecondDone = false;
    void second.then(() => {
      isSecondDone = true;
    });
    finish(0);
    await first;
    await tick();
    expect(isSecondDone).toBe(false);
    finish(1);
    await second;
  });

  it("never runs twice at once, however requests meet the end of a run", async () => {
    let running = 0;
    let most = 0;
    const queue = new ApplyQueue({
      run: async () => {
        running += 1;
        most = Math.max(most, running);
        await tick();
        running -= 1;
        return APPLIED;
      },
      onEnd: async () => {},
      onError: () => {},
    });
    const ask = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn += 1) await queue.request();
    };
    await Promise.all([ask(), ask(), ask()]);
    expect(most).toBe(1);
  });

  it("tries again what failed, until it succeeds", async () => {
    const { queue, runs, finish } = openQueue(1);
    void queue.request();
    finish(0, { kind: "failed", message: "the backend is away" });
    await expect.poll(() => runs.length).toBe(2);
    const receipt = { outcome: "partial" } as Receipt;
    finish(1, { kind: "done", receipt, problems: [] });
    await expect.poll(() => runs.length).toBe(3);
    finish(2);
    await tick();
    await tick();
    expect(runs).toHaveLength(3);
  });

  it("turns an error into an end, so that whoever waits hears of it", async () => {
    const { queue, runs, errors } = openQueue();
    const end = queue.request();
    runs[0]?.reject(new Error("nobody expected this"));
    expect(await end).toEqual({ kind: "failed", message: "nobody expected this" });
    expect(errors).toHaveLength(1);
    await queue.stop();
  });

  it("goes on where what is told of an end fails", async () => {
    const errors: unknown[] = [];
    const queue = new ApplyQueue({
      run: async () => APPLIED,
      onEnd: () => Promise.reject(new Error("the log is full")),
      onError: (error) => errors.push(error),
    });
    expect(await queue.request()).toEqual(APPLIED);
    expect(await queue.request()).toEqual(APPLIED);
    expect(errors).toHaveLength(2);
  });

  it("starts nothing after the stop, and waits for what runs", async () => {
    const { queue, runs, finish } = openQueue();
    void queue.request();
    const waiting = queue.request();
    const stopped = queue.stop();
    finish(0);
    await stopped;
    expect((await waiting).kind).toBe("failed");
    expect((await queue.request()).kind).toBe("failed");
    expect(runs).toHaveLength(1);
  });
});
