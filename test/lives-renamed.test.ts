import { describe, expect, it } from "vitest";
import { eventually } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import { movableClock, readAnswers, startCommandWorld } from "./support/command-world.ts";
import { GATE, GATED, REPO, scaled } from "./support/pull-state-world.ts";
import { PLACE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const CI = { requiredChecks: [{ context: "ci", appId: null }] };

const MOVES = {
  renamed: { name: "acme/platform", path: "/repos/acme/platform/shop.prod" },
  transferred: { name: "globex/infra", path: "/repos/globex/infra/shop.prod" },
};

/** `web` waits for approval of 3 → 8 in pull request #2; `move` gives the repository another name while no app runs. */
async function asked(how: keyof typeof MOVES) {
  const { options, ahead } = movableClock();
  const world = await startCommandWorld({ ...options, files: GATE });
  const { app, ask, github, replica, startReplica } = world;
  await ask("/scale web 8");
  ahead(1);
  const { name, path } = MOVES[how];
  const move = async () => {
    await replica.stop();
    if (how === "renamed") await github.renameRepository(REPO, "platform", "alice");
    else {
      github.createOrganization("globex");
      github.installApp(app, "globex", "all");
      await github.transferRepository(REPO, "globex", "alice");
    }
    const second = await startReplica();
    app.setWebhook(`${second.url}/api/github/webhooks`);
    return second;
  };
  return { ...world, name, path, move };
}

describe.each(["renamed", "transferred"] as const)(
  "where a repository was %s",
  { timeout: TIMEOUT },
  (how) => {
    it("an approval by command counts", async () => {
      const { ask, github, move, name } = await asked(how);
      github.protect(REPO, "main", CI);
      expect(await ask("/scale approve", "bob", 2)).toContain("is approved by bob");
      const second = await move();
      // What its first listing has found blocked is merged with the next event.
      await second.idle();
      expect(await github.readFile(name, PLACE.path)).toBe(scaled(3));
      github.protect(name, "main", null);
      const head = await github.readRef(name, `refs/heads/${GATED}`);
      await asPerson(github, "alice")("POST", `/statuses/${head}`, { state: "success", context: "nudge" });
      await eventually(
        () => github.readFile(name, PLACE.path),
        (text) => text === scaled(8),
      );
      const [newest] = await github.readLog(name, "main");
      expect(newest?.message).toContain("Approved-By: bob");
    });

    it("a no by command counts, and who said it", async () => {
      const { ask, move, path, post } = await asked(how);
      await ask("/scale reject too dear", "bob", 2);
      const { url } = await move();
      const { results } = await post(`${path}/scale/web`, { value: 8 }, {}, url);
      expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "rejected" }] });
      expect(results[0]?.reasons[0]?.message).toMatch(/^bob closed pull request #2/);
    });

    it("an answer to a comment is brought up to date, and no second one is given", async () => {
      const { github, issue, move } = await asked(how);
      await github.review(REPO, 2, { login: "bob", state: "APPROVED" });
      await move();
      const answers = await eventually(
        () => readAnswers(github, issue),
        (read) => read.some((body) => body.includes("Committed as")),
      );
      expect(answers).toHaveLength(1);
    });
  },
);
