import { describe, expect, it } from "vitest";
import { eventually } from "./support/app-world.ts";
import { GATED, REPO, STACK_PATH, startGuardWorld, withWeb } from "./support/guard-world.ts";
import { PLACE, STACK_FILE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const dev = (count: number) => `config:\n  shop:webCount: ${count}\n`;
const POOL = { targetUrn: "urn:web", configKey: "webCount", strategy: "incremental", min: 1, cooldown: 0 };

describe("the guard, on a GitHub", { timeout: TIMEOUT }, () => {
  it("passes what touches no pool, with one read and one write", async () => {
    const { github, open, reported } = await startGuardWorld();
    const before = github.requests.length;
    const { head } = await open({ "README.md": "hello" });
    const { output, external_id } = await reported(head, "success");
    expect(output.title).toBe("No pool's value is touched");
    expect(external_id).toMatch(/^nothing [0-9a-f]{16} alice$/);
    await github.webhooksIdle();
    const own = github.requests.slice(before).filter(({ path }) => !path.includes("/commits/"));
    expect(own.flatMap(({ operations }) => operations)).toEqual(["repository", "checks/create"]);
    expect(github.violations).toEqual([]);
  });

  it("passes a person's edit within the limits, and other edits of the stack file", async () => {
    const { open, reported } = await startGuardWorld({ files: GATED });
    const { head } = await open({ [STACK_PATH]: withWeb(5) });
    const { output } = await reported(head, "success");
    expect(output.title).toBe("web 3 → 5 is within its limits");
    expect(output.summary).toContain("| `shop.prod` | `web` | 3 | 5 | 1 to 10 | ✅ within its limits |");
    const other = await open({ [STACK_PATH]: `${STACK_FILE}  shop:zone: b\n` }, { branch: "other" });
    expect((await reported(other.head, "success")).output.title).toBe("No pool's value is touched");
  });

  it("fails a person's edit outside the limits, also on a branch that is named like ours", async () => {
    const { open, reported } = await startGuardWorld({ files: GATED });
    const over = await open({ [STACK_PATH]: withWeb(50) });
    const { output } = await reported(over.head, "failure");
    expect(output.title).toBe("web 3 → 50 is outside 1 to 10");
    expect(output.summary).toContain("50 is above max 10");
    expect(output.summary).toContain("Choose a value from 1 to 10");
    const forged = await open({ [STACK_PATH]: withWeb(0) }, { branch: "scale/shop.prod" });
    expect((await reported(forged.head, "failure")).output.title).toBe("web 3 → 0 is outside 1 to 10");
  });

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

  it("judges anew when the base moves", async () => {
    const files = { ".github/pulumiscale.yml": "defaults:\n  approval: { changeOver: 3 }\n" };
    const { github, open, reported } = await startGuardWorld({ files });
    const { head } = await open({ [STACK_PATH]: withWeb(6) });
    await reported(head, "success");
    const move = (count: number) =>
      github.commit(REPO, { login: "bob", message: "by hand", files: { [STACK_PATH]: withWeb(count) } });
    await move(1);
    expect((await reported(head, "in_progress")).output.title).toBe("web 1 → 6 waits for an approval");
    await move(5);
    expect((await reported(head, "success")).output.title).toBe("web 5 → 6 is within its limits");
  });

  it("judges anew when a contract is published", async () => {
    const { publish, open, reported } = await startGuardWorld();
    const { head } = await open({ [STACK_PATH]: withWeb(8) });
    await reported(head, "success");
    await publish({ pools: { web: { ...POOL, max: 7 } } });
    expect((await reported(head, "failure")).output.title).toBe("web 3 → 8 is outside 1 to 7");
  });

  it("judges two stacks of one pull request, each by its own contract", async () => {
    const settings = `ledger: trust-writers\n${GATED[".github/pulumiscale.yml"]}`;
    const files = { ".github/pulumiscale.yml": settings, "Pulumi.dev.yaml": dev(1) };
    const { github, open, reported, publishAs } = await startGuardWorld({ files });
    await publishAs("shop.dev", (entry) => entry.replace('"stack": "prod"', '"stack": "dev"'));
    await github.webhooksIdle();
    const { head } = await open({ [STACK_PATH]: withWeb(9), "Pulumi.dev.yaml": dev(11) });
    const { output } = await reported(head, "failure");
    expect(output.title).toBe("web 1 → 11 is outside 1 to 10");
    expect(output.summary).toContain("| `shop.prod` | `web` | 3 | 9 | 1 to 10 | ⏳");
    expect(output.summary).toContain("| `shop.dev` | `web` | 1 | 11 | 1 to 10 | ❌");
  });

  it("waits on a stack whose ledger entry is not what the deploy job signed", async () => {
    const files = { ".github/pulumiscale.yml": "ledger: attested\n" };
    const { open, reported, publishAs } = await startGuardWorld({ files });
    await publishAs(PLACE.alias, (entry) => entry.replace('"max": 10', '"max": 1000'));
    const { head } = await open({ [STACK_PATH]: withWeb(500) });
    const { output } = await reported(head, "in_progress");
    expect(output.title).toBe("The rules of shop.prod cannot be read");
    expect(output.summary).toContain("its content is not what was attested");
  });

  it("takes a removed value, or a renamed stack file, to a person where the pool has a threshold", async () => {
    const { open, reported } = await startGuardWorld({ files: GATED });
    const gone = await open({ [STACK_PATH]: "config:\n  shop:apiCount: 2\n" });
    expect((await reported(gone.head, "in_progress")).output.summary).toContain("the value is removed");
    const files = { [STACK_PATH]: null, "stacks/Pulumi.prod.yaml": withWeb(99) };
    const renamed = await open(files, { branch: "renamed" });
    expect((await reported(renamed.head, "in_progress")).output.title).toBe("2 pools wait for an approval");
  });

  it("fails what would be no integer", async () => {
    const { open, reported } = await startGuardWorld();
    const { head } = await open({ [STACK_PATH]: withWeb("many") });
    const { output } = await reported(head, "failure");
    expect(output.title).toBe("web would hold no usable integer");
    expect(output.summary).toContain("unusable");
  });

  it("finds a pool among more files than a comparison names", async () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`a/${n}.txt`, "x"]));
    const { github, open, reported } = await startGuardWorld();
    const { head } = await open(many);
    await reported(head, "success");
    const files = { [STACK_PATH]: withWeb(99) };
    const moved = await github.commit(REPO, { branch: "change", login: "alice", message: "m", files });
    await reported(moved, "failure");
  });

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

  it("reports anew when a person asks for it", async () => {
    const { open, reported, rest, guards } = await startGuardWorld();
    const { head } = await open({ [STACK_PATH]: withWeb(50) });
    const { id } = await reported(head, "failure");
    await rest("POST", `/check-runs/${id}/rerequest`);
    const runs = await eventually(
      () => guards(head),
      (all) => all.length === 2,
    );
    expect(runs.at(-1)?.conclusion).toBe("failure");
  });

  it("tries again where GitHub could not serve it", async () => {
    const { github, open, reported } = await startGuardWorld();
    github.faults.add({ match: { operation: "checks/create" }, times: 2, kind: "status", status: 502 });
    const { head } = await open({ [STACK_PATH]: withWeb(4) });
    await reported(head, "success");
  });

  it("judges an own gated pull request like any other: it merges once it is approved", async () => {
    const { github, post, reported, stackFile } = await startGuardWorld({ files: GATED });
    const { results } = await post("/scale/web", { value: 9 });
    const { commit, pullRequest } = results[0] ?? {};
    const { output } = await reported(commit ?? "", "in_progress");
    expect(output.title).toBe("web 3 → 9 waits for an approval");
    await github.review(REPO, pullRequest ?? 0, { login: "carol", state: "APPROVED" });
    await eventually(stackFile, (text) => text === withWeb(9));
  });

  it("finds a pull request whose events were lost, and one that was approved meanwhile", async () => {
    const { github, app, replica, startReplica, open, reported, guards } = await startGuardWorld({
      files: GATED,
    });
    const waiting = await open({ [STACK_PATH]: withWeb(9) });
    await reported(waiting.head, "in_progress");
    app.setWebhook("http://127.0.0.1:9/lost");
    const lost = await open({ "README.md": "hello" }, { branch: "lost" });
    await github.review(REPO, waiting.number, { login: "carol", state: "APPROVED" });
    await replica.stop();
    expect(await guards(lost.head)).toEqual([]);
    await startReplica();
    await reported(lost.head, "success");
    expect((await reported(waiting.head, "success")).output.title).toBe("web 3 → 9, approved by carol");
  });

  it("writes nothing where the same verdict stands", async () => {
    const { github, replica, open, reported, rest } = await startGuardWorld({ files: GATED });
    const { number, head } = await open({ [STACK_PATH]: withWeb(9) });
    await reported(head, "in_progress");
    const before = github.requests.length;
    await rest("PATCH", `/pulls/${number}`, { state: "closed" });
    await rest("PATCH", `/pulls/${number}`, { state: "open" });
    await github.webhooksIdle();
    await replica.stop();
    const calls = github.requests.slice(before).flatMap(({ operations }) => operations);
    expect(calls).toContain("repos/compare-commits-with-basehead");
    expect(calls.filter((call) => call.startsWith("checks/"))).toEqual([]);
  });

  it("judges a draft like any other", async () => {
    const { reported, rest, github } = await startGuardWorld();
    const files = { [STACK_PATH]: withWeb(50) };
    const head = await github.commit(REPO, { branch: "draft", login: "alice", message: "m", files });
    await rest("POST", "/pulls", { title: "t", head: "draft", base: "main", draft: true });
    await reported(head, "failure");
  });

  it("waits with the reason while the repository file is invalid, and while the ledger is gone", async () => {
    const { github, open, reported, guard, rest } = await startGuardWorld();
    const settings = (text: string) =>
      github.commit(REPO, { login: "alice", message: "m", files: { ".github/pulumiscale.yml": text } });
    await settings("approvals: 3\n");
    const { head } = await open({ [STACK_PATH]: withWeb(4) });
    const { output } = await reported(head, "in_progress");
    expect(output.title).toBe("The rules of shop.prod cannot be read");
    expect(output.summary).toContain("pulumiscale.yml cannot be used");
    await settings("paused: false\n");
    await reported(head, "success");
    await rest("DELETE", "/git/refs/heads/pulumiscale");
    const told = await eventually(
      () => guard(head),
      (run) => run?.status === "in_progress",
    );
    expect(told?.output.summary).toContain("the ledger has no entry for shop.prod");
  });

  it("waits on every stack file that it may not know of, where the ledger was gone at the start", async () => {
    const files = { ".github/pulumiscale.yml": "paused: false\n" };
    const { github, app, replica, startReplica, open, reported, rest } = await startGuardWorld({ files });
    await replica.stop();
    await rest("DELETE", "/git/refs/heads/pulumiscale");
    const same = { branch: "release", login: "alice", message: "m", files: { [STACK_PATH]: withWeb(9) } };
    const release = await github.commit(REPO, same);
    await rest("POST", "/git/refs", { ref: "refs/heads/late", sha: release });
    await github.commit(REPO, { ...same, branch: "late", files: { late: "late" } });
    const late = await rest("POST", "/pulls", { title: "t", head: "late", base: "release" });
    const touching = await open({ [STACK_PATH]: withWeb(4) });
    const other = await open({ "README.md": "hello" }, { branch: "other" });
    const { url } = await startReplica();
    app.setWebhook(`${url}/api/github/webhooks`);
    expect((await reported(touching.head, "in_progress")).output.summary).toContain(
      "ledger branch is not there",
    );
    await reported(other.head, "success");
    await reported(late.body.head.sha, "success");
    await rest("PATCH", `/pulls/${late.body.number}`, { base: "main" });
    await reported(late.body.head.sha, "in_progress");
  });

  it.each([
    ["cannot be read", () => "{}"],
    ["is forged to stand elsewhere", (entry: string) => entry.replace('"dir": "."', '"dir": "elsewhere"')],
  ])("waits on every such file where an entry %s at the start", async (_, change) => {
    const files = { ".github/pulumiscale.yml": "ledger: attested\n" };
    const { replica, startReplica, open, reported, publishAs } = await startGuardWorld({ files });
    await replica.stop();
    await publishAs(PLACE.alias, change);
    const { head } = await open({ [STACK_PATH]: withWeb(50) });
    await startReplica();
    await reported(head, "in_progress");
  });

  it("judges anew what touches the file of a stack that is published later", async () => {
    const files = { ".github/pulumiscale.yml": "ledger: trust-writers\n", "Pulumi.dev.yaml": dev(1) };
    const { open, reported, publishAs } = await startGuardWorld({ files });
    const { head } = await open({ "Pulumi.dev.yaml": dev(50) });
    await reported(head, "success");
    await publishAs("shop.dev", (entry) => entry.replace('"stack": "prod"', '"stack": "dev"'));
    await reported(head, "failure");
  });

  it("spends no call on an own scale that merges at once", async () => {
    const { github, replica, post, stackFile, guards } = await startGuardWorld();
    const before = github.requests.length;
    const { results } = await post("/scale/web", { value: 4 });
    await eventually(stackFile, (text) => text === withWeb(4));
    await github.webhooksIdle();
    await replica.stop();
    // Read, branch and commit, pull request, merge.
    expect(github.requests.length - before).toBe(4);
    expect(await guards(results[0]?.commit ?? "")).toEqual([]);
  });

  it("lets an own scale through where the guard is required", async () => {
    const { github, app, post, stackFile, reported } = await startGuardWorld();
    const requiredChecks = [{ context: "pulumiscale/guard", appId: app.appId }];
    github.protect(REPO, "main", { requiredChecks });
    const { results } = await post("/scale/web", { value: 4 });
    await reported(results[0]?.commit ?? "", "success");
    await eventually(stackFile, (text) => text === withWeb(4));
  });

  it("reports nothing on what is merged or closed while it is judged", async () => {
    const { github, replica, open, rest, guards } = await startGuardWorld();
    const token = github.issueToken({ kind: "user", login: "bob" });
    const isClosed = Promise.withResolvers<void>();
    github.onRequest(async ({ phase, request }) => {
      if (phase !== "received" || !request.path.includes("/compare/")) return;
      await rest("PATCH", "/pulls/1", { state: "closed" }, token);
      isClosed.resolve();
    });
    const { number, head } = await open({ [STACK_PATH]: withWeb(50) });
    expect(number).toBe(1);
    await isClosed.promise;
    await replica.stop();
    expect(await guards(head)).toEqual([]);
  });

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

  it("shows text from outside as text", async () => {
    const evil = "**x** <img src=x> @acme/all [a](http://e.vil) | `";
    const { open, reported } = await startGuardWorld({
      files: { ".github/pulumiscale.yml": `"${evil}": 1\n` },
    });
    const { head } = await open({ [STACK_PATH]: withWeb(4) });
    const { output } = await reported(head, "in_progress");
    expect(output.summary).toContain("acme/all");
    expect(output.summary).not.toMatch(/<img|@acme|http:|\*\*x|\| `"/);
  });
});
