import { describe, expect, it } from "vitest";
import { Background } from "../../src/workflows/background.ts";

describe("Background", () => {
  it("runs work of one name one after the other, and of what came meanwhile the newest", async () => {
    const done: string[] = [];
    const background = new Background(() => {});
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    background.start("settle", async () => {
      await gate;
      done.push("first");
    });
    background.start("settle", async () => done.push("second"));
    background.start("settle", async () => done.push("third"));
    background.start("list", async () => done.push("other"));
    open();
    await background.idle();
    expect(done).toEqual(["other", "first", "third"]);
    background.start("settle", async () => done.push("later"));
    await background.idle();
    expect(done.at(-1)).toBe("later");
  });

  it("tells what failed, and goes on", async () => {
    const told: unknown[] = [];
    const background = new Background((name, error) => told.push([name, error]));
    const failure = new Error("down");
    const done: string[] = [];
    background.start("list", async () => {
      throw failure;
    });
    background.start("list", async () => done.push("again"));
    await background.idle();
    expect(told).toEqual([["list", failure]]);
    expect(done).toEqual(["again"]);
  });
});
