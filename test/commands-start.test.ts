import { describe, expect, it } from "vitest";
import { controlsPath, formatControls, type Pin } from "../src/domain/controls.ts";
import { asPerson } from "./support/as-person.ts";
import { type CommandWorld, movableClock, REPO, startCommandWorld } from "./support/command-world.ts";
import { ledgerEntry } from "./support/open-app-world.ts";
import { STACK_FILE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const DAYS = 24 * 60;

/** So much happens to the stack file that a look at it does not reach further back. */
async function editOften({ github }: CommandWorld): Promise<void> {
  for (let count = 1; count <= 25; count++) {
    const text = `${await github.readFile(REPO, "Pulumi.prod.yaml")}# ${count}\n`;
    await github.commit(REPO, {
      files: { "Pulumi.prod.yaml": text },
      message: `note ${count}`,
      login: "alice",
    });
  }
}

/** Puts a pin into the ledger, as whoever may write there can. */
function pin({ github }: CommandWorld, alias: string, at: string): Promise<string> {
  const pin: Pin = { kind: "pin", pool: "web", value: 6, until: null, by: "alice", at, why: "" };
  const files = { [controlsPath({ kind: "stack", alias })]: formatControls([pin]) };
  return github.commit(REPO, { branch: "pulumiscale", message: "pin", login: "alice", files });
}

describe("an app that starts days after a pin was said", { timeout: TIMEOUT }, () => {
  it("leaves an older answer as it is whose change was merged meanwhile, further back than git is read", async () => {
    const { options, ahead } = movableClock();
    const world = await startCommandWorld(options);
    const { ask, answered, answers, github, post, replica, settled, startReplica, stackFile } = world;
    await post("/scale/web", { value: 4 });
    await settled();
    await ask("/scale pin web 6 for 1w");
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    const open = await ask("/scale api 4");
    expect(open).toMatch(/⏳ #\d+ merges by itself/);
    await replica.stop();
    github.protect(REPO, "main", null);
    await asPerson(github, "bob")("PUT", `/pulls/${/#(\d+) merges/.exec(open)?.[1]}/merge`, {});
    expect(await stackFile()).toContain("apiCount: 4");
    ahead(1);
    await editOften(world);
    ahead(3 * DAYS);
    const second = await startReplica();
    await answered(/4 → \*\*6\*\*/);
    await second.idle();
    expect((await answers()).filter((answer) => answer.includes("api"))).toEqual([open]);
  });

  it("takes nothing of what was committed back, further back than git is read", async () => {
    const { options, ahead } = movableClock();
    const world = await startCommandWorld(options);
    const { ask, answered, post, replica, settled, startReplica } = world;
    await post("/scale/web", { value: 4 });
    await settled();
    const held = await ask("/scale api 4\n/scale pin web 6 for 1w");
    expect(held).toContain("⏳ Committed as");
    expect(held).toContain("⏳ 6 is asked for again by itself");
    await replica.stop();
    ahead(1);
    await editOften(world);
    ahead(3 * DAYS);
    const second = await startReplica();
    const told = await answered(/4 → \*\*6\*\*/);
    await second.idle();
    expect(told).toContain("2 → **4**");
    expect(told).not.toContain("🚫");
  });

  it("reads one stack after the other, and none that nobody has pinned", async () => {
    const files = { "Pulumi.dev.yaml": STACK_FILE, "Pulumi.test.yaml": STACK_FILE };
    const world = await startCommandWorld({ files });
    const { github, putEntry, replica, sign, startReplica } = world;
    for (const stack of ["dev", "test"]) await putEntry(await sign(ledgerEntry({ stack })), `shop.${stack}`);
    for (const alias of ["shop.prod", "shop.dev"]) await pin(world, alias, new Date().toISOString());
    await replica.stop();
    let running = 0;
    const seen: number[] = [];
    const stop = github.onRequest(({ phase, request: { kind, operations } }) => {
      // Of all that is asked at a start, what is read of a stack alone tells who asks.
      if (kind !== "graphql" || !operations.includes("viewer")) return;
      running += phase === "received" ? 1 : -1;
      if (phase === "received") seen.push(running);
    });
    const second = await startReplica();
    await second.idle();
    stop();
    expect(seen).toEqual([1, 1]);
  });

  it("answers what was written meanwhile, whatever time the ledger says of a pin", async () => {
    const { options, ahead } = movableClock();
    const world = await startCommandWorld(options);
    const { answered, github, replica, say, startReplica } = world;
    await pin(world, "shop.prod", "0000-01-01T00:00:00Z");
    await replica.stop();
    await say("/scale api 4");
    ahead(1);
    await startReplica();
    await answered(/2 → \*\*4\*\*/);
    const asked = github.requests.filter(({ operations }) =>
      operations.includes("issues/list-comments-for-repo"),
    );
    const since = new URLSearchParams(asked.at(-1)?.path.split("?")[1]).get("since") ?? "";
    expect(Math.round((Date.now() - Date.parse(since)) / 86_400_000)).toBe(90);
    expect(github.violations).toEqual([]);
  });
});
