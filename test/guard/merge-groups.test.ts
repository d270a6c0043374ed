import { describe, expect, it } from "vitest";
import { eventually } from "../support/app-world.ts";
import { GATED, REPO, STACK_PATH, startGuardWorld, withWeb } from "../support/guard-world.ts";

const TIMEOUT = 60_000;

describe("the guard, in a merge queue", { timeout: TIMEOUT }, () => {
  it("judges merge groups: what passes merges, what does not leaves the queue", async () => {
    const { github, app, replica, open, reported, enqueue, stackFile, rest } = await startGuardWorld({
      files: GATED,
    });
    github.protect(REPO, "main", {
      kind: "ruleset",
      requiredChecks: [{ context: "pulumiscale/guard", appId: app.appId }],
      mergeQueue: { mergeMethod: "merge" },
    });
    const approve = async (pull: { number: number; head: string }) => {
      await reported(pull.head, "in_progress");
      const review = await github.review(REPO, pull.number, { login: "carol", state: "APPROVED" });
      await reported(pull.head, "success");
      return review;
    };
    const good = await open({ [STACK_PATH]: withWeb(9) });
    await approve(good);
    await enqueue(good.id);
    await eventually(stackFile, (text) => text === withWeb(9));
    const bad = await open({ [STACK_PATH]: withWeb(10) }, { branch: "bad" });
    const review = await approve(bad);
    const groups: { head: string; reason: unknown }[] = [];
    github.onEvent(({ name, action, payload }) => {
      const { head_sha } = JSON.parse(JSON.stringify(payload.merge_group ?? {}));
      if (name === "merge_group" && action === "destroyed")
        groups.push({ head: head_sha, reason: payload.reason });
    });
    // The approval is taken back, and nobody hears of it: only the group's own judgement is left.
    app.setWebhook("http://127.0.0.1:9/lost");
    await rest("PUT", `/pulls/${bad.number}/reviews/${review}/dismissals`, { message: "oops" });
    await github.webhooksIdle();
    app.setWebhook(`${replica.url}/api/github/webhooks`);
    await enqueue(bad.id);
    const [group] = await eventually(
      () => groups,
      (all) => all.length > 0,
    );
    expect(group?.reason).not.toBe("merged");
    const { output } = await reported(group?.head ?? "", "failure");
    expect(output.title).toBe("web 9 → 10 waits for an approval");
    expect(await stackFile()).toBe(withWeb(9));
  });
});
