import { describe, expect, it } from "vitest";
import { eventually } from "../support/app-world.ts";
import { GATED, REPO, STACK_PATH, startGuardWorld, withWeb } from "../support/guard-world.ts";

const TIMEOUT = 60_000;
const dev = (count: number) => `config:\n  shop:webCount: ${count}\n`;
const POOL = { targetUrn: "urn:web", configKey: "webCount", strategy: "incremental", min: 1, cooldown: 0 };

describe("the guard, when it looks again", { timeout: TIMEOUT }, () => {
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

  it("judges anew what touches the file of a stack that is published later", async () => {
    const files = { ".github/pulumiscale.yml": "ledger: trust-writers\n", "Pulumi.dev.yaml": dev(1) };
    const { open, reported, publishAs } = await startGuardWorld({ files });
    const { head } = await open({ "Pulumi.dev.yaml": dev(50) });
    await reported(head, "success");
    await publishAs("shop.dev", (entry) => entry.replace('"stack": "prod"', '"stack": "dev"'));
    await reported(head, "failure");
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
});
