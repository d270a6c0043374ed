import { describe, expect, it } from "vitest";
import { asPerson } from "./support/as-person.ts";
import { type CommandWorld, movableClock, REPO, startCommandWorld } from "./support/command-world.ts";

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
});
