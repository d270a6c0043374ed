import { describe, expect, it } from "vitest";
import { eventually, startAppWorld } from "./support/app-world.ts";

const TIMEOUT = 60_000;
const CHECK = { requiredChecks: [{ context: "ci", appId: null }] };

describe("GitHub's budget", () => {
  it("is not spent on demands that are held while an old pull request waits", {
    timeout: TIMEOUT,
  }, async () => {
    // For the app the pull request is older than any process would take to merge it.
    const { github, post } = await startAppWorld({ github: { now: () => new Date(Date.now() - 25_000) } });
    github.protect("acme/infra", "main", CHECK);
    await post("/scale/web", { value: 5 });
    const merges = () => github.requests.filter(({ path }) => path.endsWith("/merge")).length;
    await eventually(merges, (count) => count > 0);
    const before = github.requests.length;
    for (let times = 0; times < 60; times++) {
      const { results } = await post("/scale/web", { value: 4 });
      expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "in-flight" }] });
    }
    expect(github.requests.length - before).toBeLessThan(10);
  });
});
