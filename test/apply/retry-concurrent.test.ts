import { ConcurrentUpdateError } from "@pulumi/pulumi/automation/index.js";
import { describe, expect, it } from "vitest";
import { StackBusyError, saysStackIsBusy } from "../../src/apply/pulumi-errors.ts";
import { retryConcurrent } from "../../src/apply/retry-concurrent.ts";

const LOCKED =
  "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end";

function attempts(failures: number, error: Error = new ConcurrentUpdateError(LOCKED)) {
  const waits: number[] = [];
  let count = 0;
  const work = async () => {
    count += 1;
    if (count <= failures) throw error;
    return "done";
  };
  const pace = { wait: async (milliseconds: number) => void waits.push(milliseconds), random: () => 0.5 };
  return { result: retryConcurrent("prod", work, pace), waits, count: () => count };
}

describe("a busy stack", () => {
  it("is tried again at growing intervals", async () => {
    const { result, waits } = attempts(5);
    expect(await result).toBe("done");
    expect(waits).toEqual([1500, 3000, 6000, 12_000, 22_500]);
  });

  it("is given up after five more attempts, with what to do", async () => {
    const { result, count } = attempts(99);
    await expect(result).rejects.toThrow(StackBusyError);
    await expect(result).rejects.toThrow(/6 attempts.*locked by.*next run applies/s);
    expect(count()).toBe(6);
  });

  it("is the only thing that is tried again", async () => {
    const { result, count } = attempts(1, new Error("401 Unauthorized"));
    await expect(result).rejects.toThrow("401");
    expect(count()).toBe(1);
  });

  it("is known by the texts of both kinds of backend", () => {
    expect(saysStackIsBusy(LOCKED)).toBe(true);
    expect(saysStackIsBusy("error: [409] Conflict: Another update is currently in progress.")).toBe(true);
    expect(saysStackIsBusy("error: [409] Conflict: stack already exists")).toBe(false);
  });
});
