import { describe, expect, it } from "vitest";
import { asPerson } from "./support/as-person.ts";
import { type CommandWorld, movableClock, REPO, startCommandWorld } from "./support/command-world.ts";

const TIMEOUT = 60_000;
const RUN = "https://github.com/acme/infra/actions/runs/7";

/** `/scale web 5` waits in pull request #2 for a check that never comes. */
async function startWaiting(): Promise<CommandWorld> {
  const world = await startCommandWorld();
  world.github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
  await world.say("/scale web 5");
  expect(await world.answered(/#2 merges/)).toContain(
    "⏳ #2 merges by itself as soon as the repository lets it.",
  );
  await world.settled();
  return world;
}

describe("a command in a comment", { timeout: TIMEOUT }, () => {
  it("scales a pool, and its one answer follows the change to the base branch", async () => {
    const { say, answered, answers, settled, stackFile, publish, reactions, github, app } =
      await startCommandWorld();
    const id = await say("We need more.\n\n/scale web 5\n");
    const answer = await answered(/Committed as/);
    expect(answer).toContain("`/scale web 5`");
    expect(answer).toContain("`shop.prod/web` 3 → **5**");
    expect(await stackFile()).toContain('shop:webCount: "5" # web');
    expect(await reactions(id)).toEqual([`eyes by ${app.botLogin}`]);
    await publish({ applied: { web: 5, api: 2 } });
    expect(await answered(/Applied/)).toContain("✅ Applied");
    await settled();
    expect(await answers()).toHaveLength(1);
    expect(github.violations).toEqual([]);
  });

  it("has an answer that follows a change that was quicker than the answer", async () => {
    const { say, answered, answers, github, settled } = await startCommandWorld();
    const match = { operation: "issues/update-comment" };
    github.faults.add({ match, kind: "latency", latencyMs: 2_000 });
    await say("/scale web 5");
    await answered(/Committed as/);
    await settled();
    expect(await answers()).toHaveLength(1);
  });

  it("has an answer that says why its change could not be applied, with the run and what to do", async () => {
    const { say, answered, answers, settled, github, publish } = await startCommandWorld();
    await say("/scale web 5");
    await answered(/Committed as/);
    const commit = (await github.readRef(REPO, "refs/heads/main")) ?? "";
    await publish({
      receipt: {
        ...{ commit, covers: [commit], startedAt: new Date().toISOString(), durationSeconds: 1 },
        ...{ outcome: "failed", runUrl: RUN },
        pools: [{ pool: "web", outcome: "failed", from: 3, to: 5, message: "no quota for @acme/admins" }],
      },
    });
    expect(await answered(/not applied/)).toContain(
      `❌ Committed as ${commit}, and not applied: failed: no quota for acme/admins. [The run](${RUN}) says more. \`/scale retry\` tries it again.`,
    );
    await settled();
    expect(await answers()).toHaveLength(1);
  });

  it("has an answer that waits for a check with its pull request, and goes on when that merges", async () => {
    const { answered, answers, settled, github } = await startWaiting();
    const head = await github.readRef(REPO, "refs/heads/scale/shop.prod");
    await asPerson(github, "alice")("POST", `/statuses/${head}`, { state: "success", context: "ci" });
    await answered(/Committed as/);
    await settled();
    expect(await answers()).toHaveLength(1);
  });

  it("has an answer that says so where a person closes its pull request", async () => {
    const { answered, answers, settled, github, stackFile } = await startWaiting();
    await asPerson(github, "bob")("PATCH", "/pulls/2", { state: "closed" });
    expect(await answered(/was closed/)).toMatch(
      /🚫 Its pull request was closed, .*: nothing of it was committed\.$/,
    );
    await settled();
    expect(await answers()).toHaveLength(1);
    expect(await stackFile()).toContain('shop:webCount: "3"');
  });

  it("may be a difference, and a dry run writes nothing", async () => {
    const { ask, stackFile, github } = await startCommandWorld();
    const before = await stackFile();
    const tried = await ask("/scale web +2 --dry-run");
    expect(tried).toContain("🔎 `shop.prod/web` 3 → **5**: +2 from 3 was asked by alice.");
    expect(tried).toContain('+  shop:webCount: "5" # web');
    expect(await stackFile()).toBe(before);
    expect(await github.listBranches("acme/infra")).toEqual(["main", "pulumiscale"]);
    expect(await ask("/scale shop.prod/web -1")).toContain("3 → **2**: −1 from 3 was asked by alice.");
    expect(await stackFile()).toContain('shop:webCount: "2" # web');
  });

  it("says why nothing moves", async () => {
    const { ask, stackFile } = await startCommandWorld();
    await ask("/scale web 5");
    const before = await stackFile();
    expect(await ask("/scale web +2")).toContain(
      "✋ `shop.prod/web` stays at 5: 5 is committed and not applied yet",
    );
    expect(await ask("/scale api 2")).toMatch(/✋ `shop.prod\/api` stays at 2: /);
    expect(await stackFile()).toBe(before);
  });

  it("may be one of several, each answered in the one reply", async () => {
    const { ask, answers, stackFile } = await startCommandWorld();
    const answer = await ask("/scale web 4\nand the other one\n\n/scale api 6\n/scale stauts");
    expect(answer).toContain("`shop.prod/web` 3 → **4**");
    expect(answer).toContain("`shop.prod/api` 2 → **6**");
    expect(answer).toContain("did you mean `/scale status`?");
    expect(await stackFile()).toContain("shop:apiCount: 6");
    expect(await stackFile()).toContain('shop:webCount: "4"');
    expect(await answers()).toHaveLength(1);
  });

  it("shows where the pools stand, and what has changed", async () => {
    const { ask } = await startCommandWorld();
    await ask("/scale web 5");
    const status = await ask("/scale status");
    expect(status).toMatch(/\| `shop.prod\/web` \| 5 \| 3 \| 1–10 \| cools down until \S+ \|/);
    expect(status).toContain("| `shop.prod/api` | 2 | 2 | 1–20 |  |");
    const one = await ask("/scale status web");
    expect(one).toContain("`shop.prod/web`");
    expect(one).not.toContain("`shop.prod/api`");
    expect(await ask("/scale history web")).toMatch(/\| \S+ \| 3 → 5 \| alice \| requested \| #2 \|/);
    for (const target of ["", " shop.prod", " all"]) {
      const all = await ask(`/scale history${target}`);
      const [newest, ...earlier] = all.split("\n").filter((line) => line.includes("`shop.prod/"));
      expect(newest).toMatch(/^\| \S+ \| `shop.prod\/web` \| 3 → 5 \| alice \| requested \| #2 \|$/);
      expect(earlier.join("\n")).toContain("| `shop.prod/api` | ? → 2 |");
    }
    expect(await ask("/scale history wbe")).toContain("did you mean `shop.prod/web`?");
  });

  it("undoes the last change, through the same guardrails", async () => {
    const { options, ahead } = movableClock();
    const { ask, publish, settled, stackFile } = await startCommandWorld(options);
    await ask("/scale web 5");
    await publish({ applied: { web: 5, api: 2 } });
    await settled();
    expect(await ask("/scale undo web")).toMatch(/✋ `shop.prod\/web` stays at 5: the pool was scaled 3 → 5/);
    ahead(6);
    expect(await ask("/scale undo web")).toContain("`shop.prod/web` 5 → **3**");
    expect(await stackFile()).toContain('shop:webCount: "3" # web');
  });

  it("lists the commands", async () => {
    const { ask } = await startCommandWorld();
    const help = await ask("/scale help");
    expect(help).toContain("`/scale undo [pool]` | goes back");
    expect(help).toContain("/scale approve");
  });
});
