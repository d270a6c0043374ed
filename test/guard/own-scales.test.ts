import { describe, expect, it } from "vitest";
import { eventually } from "../support/app-world.ts";
import { GATED, REPO, startGuardWorld, withWeb } from "../support/guard-world.ts";

const TIMEOUT = 60_000;

describe("the guard, on the app's own scales", { timeout: TIMEOUT }, () => {
  it("judges an own gated pull request like any other: it merges once it is approved", async () => {
    const { github, post, reported, stackFile } = await startGuardWorld({ files: GATED });
    const { results } = await post("/scale/web", { value: 9 });
    const { commit, pullRequest } = results[0] ?? {};
    const { output } = await reported(commit ?? "", "in_progress");
    expect(output.title).toBe("web 3 → 9 waits for an approval");
    await github.review(REPO, pullRequest ?? 0, { login: "carol", state: "APPROVED" });
    await eventually(stackFile, (text) => text === withWeb(9));
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
});
