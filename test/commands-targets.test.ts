import { describe, expect, it } from "vitest";
import { eventually } from "./support/app-world.ts";
import { type CommandWorld, REPO, startCommandWorld } from "./support/command-world.ts";
import { ledgerEntry } from "./support/open-app-world.ts";

const TIMEOUT = 60_000;

/** `shop.prod` with web and api, and `shop.staging` with web. */
async function twoStacks(): Promise<CommandWorld> {
  const files = { "Pulumi.staging.yaml": "config:\n  shop:webCount: 1\n" };
  const world = await startCommandWorld({ files });
  const { web } = ledgerEntry().pools as Record<string, unknown>;
  const entry = ledgerEntry({ stack: "staging", applied: { web: 1 }, publishedAt: "2026-01-07T13:00:00Z" });
  await world.putEntry(await world.sign({ ...entry, pools: { web } }), "shop.staging");
  await eventually(
    () => world.ask("/scale status"),
    (status) => status.includes("shop.staging/web"),
  );
  return world;
}

describe("what a command is about", { timeout: TIMEOUT }, () => {
  it("has to be clear: the candidates are named, and nothing moves", async () => {
    const { ask, stackFile } = await twoStacks();
    const before = await stackFile();
    expect(await ask("/scale 4")).toContain(
      "❓ It has to say which pool: `shop.prod/api`, `shop.prod/web`, `shop.staging/web`.",
    );
    expect(await ask("/scale web 4")).toContain(
      "❓ Several stacks have a pool `web`: `shop.prod/web`, `shop.staging/web`.",
    );
    expect(await stackFile()).toBe(before);
  });

  it("may leave out the stack where one has such a pool, and shorten a stack to its ending", async () => {
    const { ask, github, stackFile } = await twoStacks();
    expect(await ask("/scale api 4")).toContain("`shop.prod/api` 2 → **4**");
    expect(await ask("/scale staging/web 2")).toContain("`shop.staging/web` 1 → **2**");
    expect(await github.readFile(REPO, "Pulumi.staging.yaml")).toContain("shop:webCount: 2");
    expect(await stackFile()).toContain('shop:webCount: "3"');
  });

  it("is proposed where it is mistyped", async () => {
    const { ask } = await twoStacks();
    expect(await ask("/scale apu 4")).toContain("did you mean `shop.prod/api`?");
    expect(await ask("/scale shop.stagin/web 4")).toContain("did you mean `shop.staging/web`");
    expect(await ask("/scale statsu")).toContain("did you mean `/scale status`?");
    expect(await ask("/scale 4 web")).toContain("did you mean `/scale web 4`?");
    expect(await ask("/scale web 4 please")).toContain("is more than the command takes");
    expect(await ask("/scale web lots")).toContain("❓");
  });

  it("holds one stack and not the other", async () => {
    const { ask } = await twoStacks();
    await ask("/scale pause shop.prod for 1h");
    expect(await ask("/scale prod/web 4")).toContain("✋");
    expect(await ask("/scale staging/web 2")).toContain("1 → **2**");
    expect(await ask("/scale resume")).toContain("🤷");
    expect(await ask("/scale resume prod")).toContain("▶️");
  });
});
