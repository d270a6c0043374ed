import { describe, expect, it } from "vitest";
import { eventually } from "../support/app-world.ts";
import { movableClock } from "../support/command-world.ts";
import { GATED, REPO, STACK_PATH, startGuardWorld, withWeb } from "../support/guard-world.ts";

const TIMEOUT = 60_000;

describe("the guard, where a person has to approve", { timeout: TIMEOUT }, () => {
  it("waits above the threshold until a person who may write, and did not ask, approves that very head", async () => {
    const { github, open, reported, guard, guards, rest } = await startGuardWorld({ files: GATED });
    const { number, head } = await open({ [STACK_PATH]: withWeb(9) });
    const { output, id } = await reported(head, "in_progress");
    expect(output.title).toBe("web 3 → 9 waits for an approval");
    expect(output.summary).toContain(
      `- Someone with write access, other than alice, approves this head, ${head.slice(0, 7)}.`,
    );
    const says = (text: string) =>
      eventually(
        () => guard(head),
        (run) => run?.output.summary?.includes(text) === true,
      );
    await github.review(REPO, number, { login: "rita", state: "APPROVED" });
    expect((await says("rita approved it, but has no write access"))?.status).toBe("in_progress");
    await github.review(REPO, number, { login: "carol", state: "CHANGES_REQUESTED", body: "no" });
    expect((await says("carol asks for changes"))?.status).toBe("in_progress");
    const approval = await github.review(REPO, number, { login: "carol", state: "APPROVED" });
    const passed = await reported(head, "success");
    expect(passed.output.title).toBe("web 3 → 9, approved by carol");
    // The run that waited was completed: there is one in all.
    expect((await guards(head)).map((run) => run.id)).toEqual([id]);
    await rest("PUT", `/pulls/${number}/reviews/${approval}/dismissals`, { message: "oops" });
    await reported(head, "in_progress");
    // GitHub takes no completed run back: another one waits.
    expect(await guards(head)).toHaveLength(2);
  });

  it("counts no approval of the author, of who wrote the commits, of who pushed them, or of a bot", async () => {
    const { github, app, installation, reported, guard, rest } = await startGuardWorld({
      files: GATED,
    });
    // Bob's commits, in a pull request that alice opens.
    const files = { [STACK_PATH]: withWeb(9) };
    await github.commit(REPO, { branch: "change", login: "bob", message: "first", files });
    const { body } = await rest("POST", "/pulls", { title: "t", head: "change", base: "main" });
    const { number } = body;
    const head: string = body.head.sha;
    await reported(head, "in_progress");
    // GitHub refuses an author's own approval; an older server or a transferred pull request may not.
    const as = installation.issueToken();
    const botReview = await rest("POST", `/pulls/${number}/reviews`, { event: "APPROVE" }, as);
    expect([botReview.status, botReview.body.user.login]).toEqual([200, app.botLogin]);
    const pushed = await github.commit(REPO, {
      branch: "change",
      login: "bob",
      message: "more",
      files: { [STACK_PATH]: withWeb(8) },
    });
    const { output } = await reported(pushed, "in_progress");
    expect(output.summary).toContain("other than alice, bob,");
    await github.review(REPO, number, { login: "bob", state: "APPROVED" });
    const told = await eventually(
      () => guard(pushed),
      (run) => run?.output.summary?.includes("bob asked for it and cannot approve it too") === true,
    );
    expect(told?.status).toBe("in_progress");
    await github.review(REPO, number, { login: "carol", state: "APPROVED" });
    await reported(pushed, "success");
  });

  it("counts no approval of who pushed a commit in another's name, or is named as having asked for it", async () => {
    const { github, open, reported, guard, rest } = await startGuardWorld({ files: GATED });
    const { number, head } = await open({ [STACK_PATH]: withWeb(9) });
    await reported(head, "in_progress");
    const { body } = await rest("GET", `/contents/${STACK_PATH}?ref=change`);
    const alice = { name: "alice", email: "alice@example.com" };
    const trailers = "Pulumiscale-Stack: shop.prod\nPulumiscale-Requested-By: carol";
    const scale =
      "Pulumiscale-Scale: web 9 -> 10 requested=10 reason=requested source=direct event=0123456789abcdef";
    const forged = {
      message: `more\n\n${trailers}\n${scale}`,
      content: Buffer.from(withWeb(10)).toString("base64"),
      sha: body.sha,
      branch: "change",
      author: alice,
      committer: alice,
    };
    const bob = github.issueToken({ kind: "user", login: "bob" });
    const put = await rest("PUT", `/contents/${STACK_PATH}`, forged, bob);
    const pushed: string = put.body.commit.sha;
    await reported(pushed, "in_progress");
    for (const login of ["bob", "carol"]) {
      await github.review(REPO, number, { login, state: "APPROVED" });
      const told = await eventually(
        () => guard(pushed),
        (run) => run?.output.summary?.includes("asked for it and cannot approve it too") === true,
      );
      expect(told?.status).toBe("in_progress");
    }
    github.createUser("dora");
    github.addCollaborator(REPO, "dora", "write");
    await github.review(REPO, number, { login: "dora", state: "APPROVED" });
    expect((await reported(pushed, "success")).output.title).toBe("web 3 → 10, approved by dora");
  });

  it("waits anew when the head moves after the approval", async () => {
    const { github, open, reported } = await startGuardWorld({ files: GATED });
    const { number, head } = await open({ [STACK_PATH]: withWeb(8) });
    await reported(head, "in_progress");
    await github.review(REPO, number, { login: "carol", state: "APPROVED" });
    await reported(head, "success");
    const moved = await github.commit(REPO, {
      branch: "change",
      login: "alice",
      message: "more",
      files: { [STACK_PATH]: withWeb(10) },
    });
    const { output } = await reported(moved, "in_progress");
    expect(output.summary).toContain("carol approved an earlier commit");
  });

  it("counts no approval from before the base was changed", async () => {
    const { options, ahead } = movableClock();
    const { github, guard, open, reported, rest } = await startGuardWorld({ ...options, files: GATED });
    await github.commit(REPO, { branch: "next", login: "alice", message: "next", files: { "next.md": "1" } });
    const { number, head } = await open({ [STACK_PATH]: withWeb(9) });
    await reported(head, "in_progress");
    await rest("PATCH", `/pulls/${number}`, { base: "next" });
    ahead(1);
    await github.review(REPO, number, { login: "carol", state: "APPROVED" });
    await reported(head, "success");
    ahead(1);
    await rest("PATCH", `/pulls/${number}`, { base: "main" });
    await reported(head, "in_progress");
    ahead(1);
    await github.review(REPO, number, { login: "carol", state: "APPROVED" });
    expect(
      (
        await eventually(
          () => guard(head),
          (run) => run?.conclusion === "success",
        )
      )?.conclusion,
    ).toBe("success");
  });

  it("counts no approval of what a workflow has written, for whoever wrote that", async () => {
    const { github, open, reported, rest } = await startGuardWorld({ files: GATED });
    const { number, head } = await open({ [STACK_PATH]: withWeb(8) }, { login: "bob" });
    await reported(head, "in_progress");
    const workflow = github.issueToken({ kind: "workflow", repo: REPO, permissions: { contents: "write" } });
    const path = `/contents/${STACK_PATH}`;
    const { body } = await rest("GET", `${path}?ref=change`);
    const content = Buffer.from(withWeb(10)).toString("base64");
    const written = { message: "more", branch: "change", sha: body.sha, content };
    const put = await rest("PUT", path, written, workflow);
    const pushed: string = put.body.commit.sha;
    expect(put.body.commit.verification.verified).toBe(true);
    await github.review(REPO, number, { login: "alice", state: "APPROVED" });
    const { output } = await reported(pushed, "in_progress");
    expect(output.summary).toContain("a bot has written a commit of it");
    const files = { "README.md": "hello" };
    const next = await github.commit(REPO, { branch: "change", login: "bob", message: "next", files });
    await github.review(REPO, number, { login: "alice", state: "APPROVED" });
    expect((await reported(next, "in_progress")).output.summary).toContain(
      "a bot has written a commit of it",
    );
  });

  it("does not know who pushed an unsigned head whose event was lost, and counts no approval of it", async () => {
    const { github, app, replica, open, startReplica, reported } = await startGuardWorld({ files: GATED });
    app.setWebhook("http://127.0.0.1:9/lost");
    const { number, head } = await open({ [STACK_PATH]: withWeb(9) });
    await github.review(REPO, number, { login: "carol", state: "APPROVED" });
    await replica.stop();
    await startReplica();
    const { output } = await reported(head, "in_progress");
    expect(output.summary).toContain("who pushed this commit is not known");
  });
});
