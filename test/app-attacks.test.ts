import { describe, expect, it } from "vitest";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { STACK_FILE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const CHECK = { requiredChecks: [{ context: "ci", appId: null }] };

describe("someone with write access", () => {
  it("gets nothing merged that is pushed to a scale branch beside the value", {
    timeout: TIMEOUT,
  }, async () => {
    const { github, post, stackFile, startReplica } = await startAppWorld({
      files: { "index.ts": "reviewed" },
    });
    github.protect("acme/infra", "main", CHECK);
    await post("/scale/web", { value: 5 });
    await eventually(
      () => github.requests.some(({ path }) => path.endsWith("/merge")),
      (tried) => tried,
    );
    const [own] = await github.readLog("acme/infra", "scale/shop.prod");
    await github.commit("acme/infra", {
      branch: "scale/shop.prod",
      files: { "index.ts": "not reviewed" },
      message: own?.message ?? "",
      login: "alice",
    });
    github.protect("acme/infra", "main", null);
    await startReplica();
    await eventually(stackFile, (text) => text === STACK_FILE.replace('"3"', '"5"'));
    expect(await github.readFile("acme/infra", "index.ts")).toBe("reviewed");
    expect(github.violations).toEqual([]);
  });
});

describe("a hostile or broken repository file", () => {
  it.each([
    ["too large to be read", `paused: true\n# ${"x".repeat(1_000_000)}\n`, "cannot be read"],
    ["no YAML", "paused: [true\n", "cannot be used"],
    ["not as it is described", "paused: perhaps\n", "paused"],
    ["an alias bomb", `a: &a [x,x]\nb: &b [${"*a,".repeat(60)}]\npaused: *b\n`, "cannot be used"],
  ])("scales nothing where it is %s, and says so", { timeout: TIMEOUT }, async (_what, text, sentence) => {
    const { post, stackFile } = await startAppWorld({ files: { ".github/pulumiscale.yml": text } });
    const { status, answer } = await post("/scale/web", { value: 5 });
    expect(status).toBe(503);
    expect(answer.detail).toContain(sentence);
    expect(await stackFile()).toBe(STACK_FILE);
  });
});
