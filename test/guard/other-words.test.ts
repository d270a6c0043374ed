import { describe, expect, it } from "vitest";
import { REPO, STACK_PATH, startGuardWorld, withWeb } from "../support/guard-world.ts";

const TIMEOUT = 60_000;

describe("the guard, and what others say of a commit", { timeout: TIMEOUT }, () => {
  it("is not fooled by a second pull request of the same commit to another branch", async () => {
    const { github, open, reported, rest, guards } = await startGuardWorld();
    await github.commit(REPO, { branch: "release", login: "alice", message: "r", files: { r: "r" } });
    const { head } = await open({ [STACK_PATH]: withWeb(50) });
    await reported(head, "failure");
    const second = await rest("POST", "/pulls", { title: "t", head: "change", base: "release" });
    expect(second.status).toBe(201);
    await github.webhooksIdle();
    await rest("PATCH", `/pulls/${second.body.number}`, { base: "main" });
    await github.webhooksIdle();
    expect((await guards(head)).map(({ conclusion }) => conclusion)).toEqual(["failure"]);
  });

  it("takes no other App's check, and no status, for its own", async () => {
    const { github, app, replica, startReplica, open, reported, rest, guards } = await startGuardWorld();
    app.setWebhook("http://127.0.0.1:9/lost");
    const { head } = await open({ [STACK_PATH]: withWeb(50) });
    const forger = github.issueToken({ kind: "workflow", repo: REPO, permissions: { checks: "write" } });
    const forged = { name: "pulumiscale/guard", head_sha: head, status: "completed", conclusion: "success" };
    expect((await rest("POST", "/check-runs", forged, forger)).status).toBe(201);
    const status = { state: "success", context: "pulumiscale/guard" };
    expect((await rest("POST", `/statuses/${head}`, status)).status).toBe(201);
    await replica.stop();
    await startReplica();
    const own = await reported(head, "failure");
    expect((await guards(head)).map((run) => [run.app.slug === own.app.slug, run.conclusion])).toEqual([
      [false, "success"],
      [true, "failure"],
    ]);
  });
});
