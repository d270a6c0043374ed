import { describe, expect, it } from "vitest";
import { startCommandWorld } from "./support/command-world.ts";

const TIMEOUT = 60_000;

describe("a command in a comment", { timeout: TIMEOUT }, () => {
  it("scales a pool, and its one answer follows the change to the base branch", async () => {
    const { say, answered, answers, stackFile, github } = await startCommandWorld();
    await say("We need more.\n\n/scale web 5\n");
    const answer = await answered(/Committed as/);
    expect(answer).toContain("`/scale web 5`");
    expect(answer).toContain("`shop.prod/web` 3 → **5**");
    expect(await stackFile()).toContain('shop:webCount: "5" # web');
    expect(await answers()).toHaveLength(1);
    expect(github.violations).toEqual([]);
  });
});
