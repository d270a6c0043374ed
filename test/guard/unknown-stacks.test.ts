import { describe, expect, it } from "vitest";
import { eventually } from "../support/app-world.ts";
import { REPO, STACK_PATH, startGuardWorld, withWeb } from "../support/guard-world.ts";
import { PLACE } from "../support/shop-stack.ts";

const TIMEOUT = 60_000;

describe("the guard, where it does not know every stack", { timeout: TIMEOUT }, () => {
  it("waits on a stack whose ledger entry is not what the deploy job signed", async () => {
    const files = { ".github/pulumiscale.yml": "ledger: attested\n" };
    const { open, reported, publishAs } = await startGuardWorld({ files });
    await publishAs(PLACE.alias, (entry) => entry.replace('"max": 10', '"max": 1000'));
    const { head } = await open({ [STACK_PATH]: withWeb(500) });
    const { output } = await reported(head, "in_progress");
    expect(output.title).toBe("The rules of shop.prod cannot be read");
    expect(output.summary).toContain("its content is not what was attested");
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
});
