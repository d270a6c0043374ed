import { describe, expect, it } from "vitest";
import { asPerson } from "./support/as-person.ts";
import { movableClock, REPO, startCommandWorld } from "./support/command-world.ts";

const TIMEOUT = 60_000;

describe("a pause by comment", { timeout: TIMEOUT }, () => {
  it("of a pool holds it, says until when and why, and ends with a resume", async () => {
    const { ask, stackFile } = await startCommandWorld();
    const paused = await ask("/scale pause shop.prod/web for 2h load test");
    expect(paused).toMatch(/⏸️ Now this holds: alice has paused web until \S+Z \(load test\)\./);
    expect(await ask("/scale web 5", "bob")).toMatch(
      /✋ `shop.prod\/web` stays at 3: alice has paused web until \S+Z \(load test\)\./,
    );
    expect(await ask("/scale status web")).toContain("⏸️ alice has paused web until");
    expect(await ask("/scale api 4")).toContain("2 → **4**");
    expect(await ask("/scale resume web", "bob")).toContain("▶️ web is resumed");
    expect(await ask("/scale web 5")).toContain("3 → **5**");
    expect(await stackFile()).toContain('shop:webCount: "5"');
  });

  it("of a stack in one direction lets the other through", async () => {
    const { ask } = await startCommandWorld();
    expect(await ask("/scale pause prod in nightly job")).toContain(
      "alice has paused scaling in of shop.prod until somebody resumes it (nightly job)",
    );
    expect(await ask("/scale web 2")).toContain("✋ `shop.prod/web` stays at 3: alice has paused scaling in");
    expect(await ask("/scale web 4")).toContain("3 → **4**");
  });

  it("of everything is over when its time is", async () => {
    const { options, ahead } = movableClock();
    const { ask } = await startCommandWorld(options);
    expect(await ask("/scale pause all for 30m")).toContain("alice has paused the whole repository until");
    expect(await ask("/scale web 5")).toContain("✋ `shop.prod/web` stays at 3");
    expect(await ask("/scale api 5")).toContain("✋ `shop.prod/api` stays at 2");
    ahead(31);
    expect(await ask("/scale web 5")).toContain("3 → **5**");
  });

  it("counts its time from when the comment was written", async () => {
    const { options, ahead } = movableClock();
    const { ask, say, replica, startReplica, app, settled, answered } = await startCommandWorld(options);
    await replica.stop();
    await say("/scale pause all for 30m");
    ahead(20);
    const second = await startReplica();
    app.setWebhook(`${second.url}/api/github/webhooks`);
    await answered(/paused the whole repository/);
    ahead(11);
    await second.idle();
    await ask("/scale web 5");
    await settled();
    expect(await answered(/3 → \*\*5\*\*/)).toContain("`shop.prod/web`");
  });

  it("that would be over by the time it is read changes nothing, nor does a pin move its pool", async () => {
    const { options, ahead } = movableClock();
    const { say, replica, startReplica, answered, answers, github, stackFile } =
      await startCommandWorld(options);
    const before = await stackFile();
    await replica.stop();
    await say("/scale pause all for 5m\n/scale pin api 6 for 5m");
    ahead(20);
    const second = await startReplica();
    await answered(/🚫 It would be over by now, so nothing was changed\.[\s\S]*🚫 It would be over by now/);
    await second.idle();
    expect(await answers()).toHaveLength(1);
    expect(await stackFile()).toBe(before);
    const left = await Promise.all(
      ["controls.json", "controls/shop.prod.json"].map((path) => github.readFile(REPO, path, "pulumiscale")),
    );
    expect(left).toEqual([null, null]);
  });

  it("that names nothing is asked what it means", async () => {
    const { ask } = await startCommandWorld();
    expect(await ask("/scale pause for 2h")).toContain("did you mean `/scale pause all for 2h`?");
    expect(await ask("/scale resume all")).toContain("🤷 Nobody has paused or pinned the whole repository.");
  });
});

describe("a pin by comment", { timeout: TIMEOUT }, () => {
  it("sets the value, holds it against everything else, and ends with a resume", async () => {
    const { ask, post, stackFile } = await startCommandWorld();
    const pinned = await ask("/scale pin api 6 for 1d release day");
    expect(pinned).toMatch(/📌 Now this holds: alice has pinned api at 6 until \S+Z \(release day\)\./);
    expect(pinned).toContain("`shop.prod/api` 2 → **6**");
    expect(await stackFile()).toContain("shop:apiCount: 6");
    const { results } = await post("/scale/api", { value: 9 });
    expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "pinned" }] });
    expect(await ask("/scale status api")).toContain("📌 alice has pinned api at 6 until");
    expect(await ask("/scale resume api")).toContain("▶️ api is resumed");
  });

  it("has its answer follow the value: pull request, commit, apply", async () => {
    const { ask, answered, answers, github, publish, settled, stackFile } = await startCommandWorld();
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    expect(await ask("/scale pin web 6 for 1d")).toContain("⏳ #2 merges by itself");
    github.protect(REPO, "main", null);
    await asPerson(github, "alice")(
      "POST",
      `/statuses/${await github.readRef(REPO, "refs/heads/scale/shop.prod")}`,
      { state: "success", context: "ci" },
    );
    const told = await answered(/⏳ Committed as [0-9a-f]{40}; the deploy workflow applies it\./);
    expect(told).toContain("📌 Now this holds: alice has pinned web at 6 until");
    expect(await stackFile()).toContain('shop:webCount: "6"');
    await publish({ applied: { web: 6, api: 2 } });
    await settled();
    expect(await answered(/✅ Applied/)).toContain("3 → **6**");
    expect(await answers()).toHaveLength(1);
    expect(github.violations).toEqual([]);
  });

  it("whose value a cooldown holds is asked for again by itself, until it stands", async () => {
    const { options, ahead } = movableClock();
    const { ask, answered, answers, post, push, stackFile, settled } = await startCommandWorld(options);
    await post("/scale/web", { value: 4 });
    await settled();
    const held = await ask("/scale pin web 6 for 1d");
    expect(held).toMatch(/`shop.prod\/web` stays at 4: (the pool was scaled|3 → 4|4 is committed)/);
    expect(held).toContain("⏳ 6 is asked for again by itself, until it stands or the pin ends.");
    expect(held).not.toContain("Nothing asks for its value");
    await push();
    expect(await answers()).toEqual([held]);
    ahead(16);
    await push();
    expect(await answered(/4 → \*\*6\*\*/)).toContain("⏳ Committed as");
    expect(await stackFile()).toContain('shop:webCount: "6"');
    expect(await answers()).toHaveLength(1);
  });

  it("whose value is held is asked for by the process that starts next, too", async () => {
    const { options, ahead } = movableClock();
    const world = await startCommandWorld(options);
    const { ask, answered, post, replica, startReplica, settled, stackFile } = world;
    await post("/scale/web", { value: 4 });
    await settled();
    expect(await ask("/scale pin web 6 for 1d")).toContain("⏳ 6 is asked for again");
    await replica.stop();
    ahead(16);
    const second = await startReplica();
    await second.idle();
    await answered(/4 → \*\*6\*\*/);
    expect(await stackFile()).toContain('shop:webCount: "6"');
  });

  it("whose value is held is asked for by a process that starts days later, too", async () => {
    const { options, ahead } = movableClock();
    const paused = { ".github/pulumiscale.yml": "paused: true\n" };
    const world = await startCommandWorld({ ...options, files: paused });
    const { ask, answers, answered, github, replica, say, startReplica, stackFile } = world;
    expect(await ask("/scale pin web 6 for 1w")).toContain("⏳ 6 is asked for again");
    await replica.stop();
    await say("/scale api 4");
    ahead(3 * 24 * 60);
    const files = { ".github/pulumiscale.yml": "paused: false\n" };
    await github.commit(REPO, { files, message: "go on", login: "alice" });
    const second = await startReplica();
    expect(await answered(/⏳ Committed as/)).toContain("3 → **6**");
    await second.idle();
    expect(await stackFile()).toContain('shop:webCount: "6"');
    // What was asked so long ago is left alone.
    expect(await answers()).toHaveLength(1);
  });

  it.each([
    ["is lifted", "/scale resume web", /The pin ended before its value came about/],
    ["gives way to another", "/scale pin web 7 for 1d", /The pin ended before its value came about/],
  ])("whose value is held is asked for no more once it %s", async (_, command, said) => {
    const { options, ahead } = movableClock();
    const { ask, answered, post, push, stackFile, settled } = await startCommandWorld(options);
    await post("/scale/web", { value: 4 });
    await settled();
    await ask("/scale pin web 6 for 1d");
    await ask(command, "bob");
    expect(await answered(said)).toContain("alice has pinned web at 6");
    ahead(16);
    await push();
    await settled();
    expect(await stackFile()).not.toContain('shop:webCount: "6"');
  });

  it("whose value is held is asked for no more for somebody who may not scale by then", async () => {
    const { options, ahead } = movableClock();
    const { ask, answered, github, post, push, stackFile, settled } = await startCommandWorld(options);
    await post("/scale/web", { value: 4 });
    await settled();
    await ask("/scale pin web 6 for 1d", "bob");
    github.addCollaborator(REPO, "bob", "read");
    ahead(16);
    await push();
    await answered(/who has pinned it may not scale by now/);
    expect(await stackFile()).toContain('shop:webCount: "4"');
  });

  it("whose value is held is over with its time", async () => {
    const { options, ahead } = movableClock();
    const { ask, answered, post, push, stackFile, settled } = await startCommandWorld(options);
    await post("/scale/web", { value: 4 });
    await settled();
    await ask("/scale pin web 6 for 10m");
    ahead(16);
    await push();
    await answered(/The pin ended before its value came about/);
    expect(await stackFile()).toContain('shop:webCount: "4"');
  });

  it("outside the pool's limits is refused", async () => {
    const { ask, stackFile } = await startCommandWorld();
    const before = await stackFile();
    expect(await ask("/scale pin web 50")).toContain("🚫");
    expect(await stackFile()).toBe(before);
    expect(await ask("/scale status web")).not.toContain("📌");
  });
});
