import { describe, expect, it } from "vitest";
import { eventually } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import { movableClock, REPO, startCommandWorld } from "./support/command-world.ts";
import { GATE, GATED } from "./support/pull-state-world.ts";

const TIMEOUT = 60_000;

/** `web` waits for approval of 3 → 8, which alice has asked for, in pull request #2, for a minute by now. */
async function asked() {
  const { options, ahead } = movableClock();
  const world = await startCommandWorld({ ...options, files: GATE });
  const answer = await world.ask("/scale web 8");
  expect(answer).toContain(
    "✋ #2 waits for the approval of a person with write access, other than who asked.",
  );
  ahead(1);
  const approve = (author: string) => world.ask("/scale approve", author, 2);
  const merged = () => eventually(world.stackFile, (text) => text?.includes('"8"') === true);
  return { ...world, approve, merged, ahead };
}

describe("an approval by comment", { timeout: TIMEOUT }, () => {
  it("of another person merges, and is told where the change was asked for", async () => {
    const { approve, merged, answered, github } = await asked();
    expect(await approve("bob")).toMatch(
      /👍 web 3 → 8 is approved by bob, for the commit [0-9a-f]{12} and no other\./,
    );
    await merged();
    expect(await answered(/Committed as/)).toContain("3 → **8**");
    const [newest] = await github.readLog(REPO, "main");
    expect(newest?.message).toContain("Approved-By: bob");
    expect(github.violations).toEqual([]);
  });

  it("of whoever asked is none", async () => {
    const { approve, settled, stackFile } = await asked();
    expect(await approve("alice")).toContain("🚫 You asked for this change");
    await settled();
    expect(await stackFile()).toContain('"3"');
  });

  it("of a reader is none", async () => {
    const { approve, settled, stackFile } = await asked();
    expect(await approve("rita")).toContain("commands here are for people with write permission");
    await settled();
    expect(await stackFile()).toContain('"3"');
  });

  it("counts for the commit that it was given for, and no other", async () => {
    const { approve, ask, settled, stackFile, github, ahead } = await asked();
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    await approve("bob");
    ahead(6);
    expect(await ask("/scale web 9")).toContain("✋ #2 waits for the approval");
    ahead(1);
    await settled();
    const head = await github.readRef(REPO, `refs/heads/${GATED}`);
    github.protect(REPO, "main", null);
    await asPerson(github, "alice")("POST", `/statuses/${head}`, { state: "success", context: "nudge" });
    await settled();
    expect(await stackFile()).toContain('"3"');
    await approve("carol");
    await eventually(stackFile, (text) => text?.includes('"9"') === true);
  });

  it("is none of a commit that was made after it was written", async () => {
    const {
      say,
      settled,
      stackFile,
      github,
      post,
      replica,
      startReplica,
      app,
      publish,
      answers,
      ask,
      ahead,
    } = await asked();
    await replica.stop();
    await say("/scale approve", "bob", 2);
    ahead(20);
    const match = { operation: "issues/list-comments-for-repo" };
    github.faults.add({ match, kind: "status", status: 500, times: 1000 });
    const second = await startReplica();
    app.setWebhook(`${second.url}/api/github/webhooks`);
    const { results } = await post("/scale/web", { value: 10 }, {}, second.url);
    expect(results[0]).toMatchObject({ kind: "scale", to: 10, delivery: "needs-approval", pullRequest: 2 });
    github.faults.clear();
    await publish({});
    const told = () => answers(2).then((all) => all.at(-1));
    await eventually(
      told,
      (answer) => answer?.includes("made anew after you wrote that, or in the same second") === true,
    );
    await settled();
    await second.idle();
    expect(await stackFile()).toContain('"3"');
    ahead(1);
    await ask("/scale approve", "bob", 2);
    await eventually(stackFile, (text) => text?.includes('"10"') === true);
  });

  it("is none of a commit that was pushed in the same second", async () => {
    const { options } = movableClock();
    const now = new Date();
    const { ask, github, settled, stackFile } = await startCommandWorld({
      ...{ ...options, github: { now: () => now }, files: GATE },
    });
    await ask("/scale web 8");
    expect(await ask("/scale approve", "bob", 2)).toContain("or in the same second, so nothing is approved");
    await settled();
    expect(await stackFile()).toContain('"3"');
    expect(github.violations).toEqual([]);
  });

  it("is none of an earlier commit that somebody has put back after it was written", async () => {
    const { ahead, ask, app, github, replica, say, startReplica, answered, stackFile } = await asked();
    const earlier = await github.readRef(REPO, `refs/heads/${GATED}`);
    ahead(6);
    await ask("/scale web 9");
    ahead(1);
    await replica.stop();
    await say("/scale approve", "bob", 2);
    ahead(1);
    const back = { sha: earlier, force: true };
    await asPerson(github, "carol")("PATCH", `/git/refs/heads/${GATED}`, back);
    const second = await startReplica();
    app.setWebhook(`${second.url}/api/github/webhooks`);
    expect(await answered(/so nothing is approved/, 2)).toContain("made anew after you wrote that");
    await second.idle();
    expect(await stackFile()).toContain('"3"');
  });

  it("is none where GitHub does not tell when the commit was pushed", async () => {
    const { approve, github, settled, stackFile, merged } = await asked();
    const match = { operation: "repos/list-activities" };
    github.faults.add({ match, kind: "status", status: 404, times: 99 });
    expect(await approve("bob")).toContain("approve it by a review");
    await settled();
    expect(await stackFile()).toContain('"3"');
    await github.review(REPO, 2, { login: "bob", state: "APPROVED" });
    await merged();
  });

  it("is taken back by whoever asks for changes after it, however late it is answered", async () => {
    const { say, stackFile, github, replica, startReplica, app, answered, publish, ahead } = await asked();
    await replica.stop();
    await say("/scale approve", "bob", 2);
    ahead(1);
    await github.review(REPO, 2, { login: "bob", state: "CHANGES_REQUESTED", body: "no" });
    ahead(1);
    const second = await startReplica();
    app.setWebhook(`${second.url}/api/github/webhooks`);
    await answered(/👍 web 3 → 8 is approved by bob/, 2);
    for (let round = 0; round < 2; round++) {
      await publish({});
      await github.webhooksIdle();
      await second.idle();
    }
    expect(await stackFile()).toContain('"3"');
  });

  it("is over when somebody pushes to the branch", async () => {
    const { approve, settled, stackFile, github } = await asked();
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    await approve("bob");
    const files = { "Pulumi.prod.yaml": "config:\n  shop:webCount: 8\n  shop:evil: 1\n" };
    const pushed = await github.commit(REPO, { branch: GATED, login: "carol", message: "more", files });
    await settled();
    github.protect(REPO, "main", null);
    await asPerson(github, "alice")("POST", `/statuses/${pushed}`, { state: "success", context: "nudge" });
    await settled();
    expect(await stackFile()).toContain('"3"');
    await approve("bob");
    expect(await stackFile()).toContain('"3"');
  });

  it("counts under a hundred comments that came after it", async () => {
    const { approve, merged, settled, github } = await asked();
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    await approve("bob");
    for (let count = 1; count <= 101; count++)
      await github.comment(REPO, 2, { author: "carol", body: `Thought ${count}` });
    github.protect(REPO, "main", null);
    const head = await github.readRef(REPO, `refs/heads/${GATED}`);
    await asPerson(github, "alice")("POST", `/statuses/${head}`, { state: "success", context: "nudge" });
    await settled();
    await merged();
    expect(github.violations).toEqual([]);
  });

  it("of somebody who may write no more when it would merge is none", async () => {
    const { approve, settled, stackFile, github } = await asked();
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    await approve("bob");
    github.addCollaborator(REPO, "bob", "read");
    github.protect(REPO, "main", null);
    const head = await github.readRef(REPO, `refs/heads/${GATED}`);
    await asPerson(github, "alice")("POST", `/statuses/${head}`, { state: "success", context: "nudge" });
    await settled();
    expect(await stackFile()).toContain('"3"');
  });

  it("is found again by an app that was started later", async () => {
    const { approve, settled, merged, github, replica, startReplica, stackFile } = await asked();
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    await approve("bob");
    await settled();
    expect(await stackFile()).toContain('"3"');
    await replica.stop();
    github.protect(REPO, "main", null);
    await startReplica();
    await merged();
  });

  it("on anything but a scale pull request that waits does nothing", async () => {
    const { ask, github, stackFile } = await asked();
    expect(await ask("/scale approve", "bob")).toContain("❓ This command is for an open scale pull request");
    const other = await github.openPull(REPO, {
      ...{ login: "alice", branch: "other", title: "Other", files: { "README.md": "hi\n" } },
    });
    expect(await ask("/scale approve", "bob", other.number)).toContain(
      "❓ This command is for an open scale",
    );
    await github.close(REPO, 2, "alice");
    expect(await ask("/scale approve", "bob", 2)).toContain("❓ This command is for an open scale");
    expect(await stackFile()).toContain('"3"');
  });

  it("on a pull request of somebody else's from a branch of our name does nothing", async () => {
    const { ask, github, stackFile } = await startCommandWorld({ files: GATE });
    const pull = await github.openPull(REPO, {
      ...{ login: "alice", branch: GATED, title: "scale", files: { "Pulumi.prod.yaml": "config: {}\n" } },
    });
    const before = await stackFile();
    expect(await ask("/scale approve", "bob", pull.number)).toContain("❓ This command is for an open scale");
    expect(await stackFile()).toBe(before);
  });

  it("of a change in range is not needed", async () => {
    const { ask, github, stackFile } = await startCommandWorld();
    github.protect(REPO, "main", { requiredChecks: [{ context: "ci", appId: null }] });
    expect(await ask("/scale web 4")).toContain("⏳ #2 merges by itself");
    expect(await ask("/scale approve", "bob", 2)).toContain("🤷 This change is in range");
    expect(await stackFile()).toContain('"3"');
  });
});
