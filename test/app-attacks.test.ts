import { describe, expect, it } from "vitest";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { readNotes } from "./support/read-notes.ts";
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
    await eventually(
      () => readNotes(github, 1),
      (notes) => notes.some((note) => note.includes("Somebody has pushed to this branch")),
    );
    expect(await stackFile()).toBe(STACK_FILE);
    expect(await github.readFile("acme/infra", "index.ts")).toBe("reviewed");
    // Once the branch is gone, a new demand is asked for anew, on a commit of our own.
    await github.deleteBranch("acme/infra", "scale/shop.prod", "alice");
    await post("/scale/web", { value: 6 });
    await eventually(stackFile, (text) => text === STACK_FILE.replace('"3"', '"6"'));
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

describe("a ledger that lists a hash of nothing", () => {
  it("opens to nobody", { timeout: TIMEOUT }, async () => {
    const environment = { PULUMISCALE_HMAC_SECRET: "another-secret-of-more-than-32-characters" };
    const { replica } = await startAppWorld({ environment, entry: { tokenHashes: ["0".repeat(64)] } });
    const tries: Record<string, string>[] = [
      {},
      { authorization: "Basic abc" },
      { "x-pulumiscale-signature": `sha256=${"0".repeat(64)}` },
      { "x-pulumiscale-signature": "sha256=" },
    ];
    for (const headers of tries) {
      const answer = await fetch(`${replica.url}/scale/web`, {
        method: "POST",
        headers,
        body: '{"value":5}',
      });
      expect(answer.status).toBe(401);
    }
  });
});

describe("auto-merge", () => {
  const waiting = async () => {
    const world = await startAppWorld();
    const { github, post } = world;
    github.changeSettings("acme/infra", { allow_auto_merge: true });
    github.protect("acme/infra", "main", CHECK);
    await post("/scale/web", { value: 5 });
    const asked = () => github.requests.some(({ operations }) => operations.includes(ENABLE));
    await eventually(asked, (isAsked) => isAsked);
    const pass = async () => {
      const token = github.issueToken({ kind: "user", login: "alice" });
      const head = await github.readRef("acme/infra", "scale/shop.prod");
      await fetch(`${github.apiUrl}/repos/acme/infra/statuses/${head}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ state: "success", context: "ci" }),
      });
    };
    return { ...world, pass };
  };

  it("is taken back where scaling is paused meanwhile", { timeout: TIMEOUT }, async () => {
    const { github, pass, stackFile } = await waiting();
    const files = { ".github/pulumiscale.yml": "paused: true\n" };
    await github.commit("acme/infra", { files, message: "pause", login: "alice" });
    const taken = () =>
      github.requests.some(({ operations, status }) => operations.includes(DISABLE) && status === 200);
    await eventually(taken, (isTaken) => isTaken);
    await pass();
    await github.webhooksIdle();
    expect(await stackFile()).toBe(STACK_FILE);
  });

  it("merges a larger scale-out with its own words", { timeout: TIMEOUT }, async () => {
    const { github, post, pass, stackFile } = await waiting();
    await post("/scale/web", { value: 9 });
    await pass();
    await eventually(stackFile, (text) => text === STACK_FILE.replace('"3"', '"9"'));
    const [newest] = await github.readLog("acme/infra", "main");
    expect(newest?.message).toContain("web 3 → 9");
    expect(newest?.message).toContain("Pulumiscale-Scale: web 3 -> 9");
  });
});

const ENABLE = "enablePullRequestAutoMerge";
const DISABLE = "disablePullRequestAutoMerge";
