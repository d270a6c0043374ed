import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { PLACE, STACK_FILE } from "./support/shop-stack.ts";
import { asked, BRANCH, CI, isScaled, notes, pass, REPO, scaled, settled } from "./support/strict-world.ts";

const TIMEOUT = 60_000;

describe("a repository that requires a check", () => {
  it.each(["auto-merge", "no-auto-merge"] as const)(
    "gets the change merged once it is there (%s)",
    {
      timeout: TIMEOUT,
    },
    async (way) => {
      const world = await asked({ requiredChecks: [CI] }, way);
      expect(await world.stackFile()).toBe(STACK_FILE);
      const said = await notes(world);
      if (way === "auto-merge") expect(said).toEqual([]);
      else
        expect(said).toEqual([
          expect.stringMatching(/does not merge it yet: .*"ci" is expected.*tried again/s),
        ]);
      await pass(world);
      await isScaled(world);
      expect(world.github.violations).toEqual([]);
    },
  );

  it("says it once, however often it is looked at", { timeout: TIMEOUT }, async () => {
    const world = await asked({ requiredChecks: [CI] });
    await pass(world, BRANCH, "failure");
    await pass(world, BRANCH, "failure");
    expect(await notes(world)).toHaveLength(1);
    expect(await world.stackFile()).toBe(STACK_FILE);
  });
});

describe("a repository that requires a review", () => {
  it.each(["auto-merge", "no-auto-merge"] as const)(
    "gets the change merged once it is approved (%s)",
    {
      timeout: TIMEOUT,
    },
    async (way) => {
      const world = await asked({ requiredApprovals: 1 }, way);
      expect(await world.stackFile()).toBe(STACK_FILE);
      await world.github.review(REPO, 1, { login: "bob", state: "APPROVED" });
      await isScaled(world);
    },
  );

  it("lets the app by where its ruleset says so", { timeout: TIMEOUT }, async () => {
    const world = await asked((appId) => ({
      kind: "ruleset",
      requiredApprovals: 1,
      bypassActors: [{ appId, mode: "pull_request" }],
    }));
    await isScaled(world);
    expect(await notes(world)).toEqual([]);
  });

  it("has its ruleset's words on the pull request", { timeout: TIMEOUT }, async () => {
    const world = await asked({ kind: "ruleset", requiredApprovals: 1 });
    expect(await notes(world)).toEqual([expect.stringMatching(/rule violations|approving review/i)]);
  });
});

describe("a repository whose branches have to be up to date", () => {
  it("gets the pull request made anew on the newest head", { timeout: TIMEOUT }, async () => {
    const world = await asked({ strict: true, requiredChecks: [CI] });
    const { github } = world;
    github.protect(REPO, "main", null);
    await github.commit(REPO, { files: { "note.txt": "x" }, message: "note", login: "alice" });
    github.protect(REPO, "main", { strict: true, requiredChecks: [CI] });
    await pass(world);
    const base = await github.readRef(REPO, "refs/heads/main");
    const [head] = await github.readLog(REPO, BRANCH);
    expect(head?.parents).toEqual([base]);
    await pass(world);
    await isScaled(world);
  });
});

const queue = { requiredChecks: [CI], mergeQueue: { mergeMethod: "squash" as const } };

describe("a repository with a merge queue", () => {
  it.each(["auto-merge", "no-auto-merge"] as const)(
    "gets the change through the queue (%s)",
    {
      timeout: TIMEOUT,
    },
    async (way) => {
      const world = await asked(queue, way);
      expect(await world.stackFile()).toBe(STACK_FILE);
      await pass(world);
      const branches = await eventually(
        () => world.github.listBranches(REPO),
        (names) => names.some((name) => name.startsWith("gh-readonly-queue/")),
      );
      await pass(
        world,
        branches.find((name) => name.startsWith("gh-readonly-queue/")),
      );
      await isScaled(world);
      const { answer } = await world.get("/pools/web/history");
      expect(answer).toMatchObject({ history: [{ from: 3, to: 5, source: "scale" }, expect.anything()] });
      expect(world.github.violations).toEqual([]);
    },
  );

  it("names the approver of a large change in what the queue commits", { timeout: TIMEOUT }, async () => {
    const files = { ".github/pulumiscale.yml": "defaults:\n  approval: { above: 5 }\n" };
    const world = await startAppWorld({ files });
    const { github, post } = world;
    github.createUser("bob");
    github.addCollaborator(REPO, "bob", "write");
    github.changeSettings(REPO, { squash_merge_commit_message: "PR_BODY" });
    github.protect(REPO, "main", { mergeQueue: { mergeMethod: "squash" } });
    await post("/scale/web", { value: 8 });
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await isScaled(world, 8);
    const history = await eventually(
      () => world.get("/pools/web/history"),
      ({ answer }) => JSON.stringify(answer).includes("bob"),
    );
    expect(history.answer).toMatchObject({ history: [{ from: 3, to: 8, approvedBy: "bob" }, {}] });
  });

  it("does not get a large change whose approval is taken back meanwhile", { timeout: TIMEOUT }, async () => {
    const files = { ".github/pulumiscale.yml": "defaults:\n  approval: { above: 5 }\n" };
    const world = await startAppWorld({ files });
    const { github, post } = world;
    github.createUser("bob");
    github.addCollaborator(REPO, "bob", "write");
    github.protect(REPO, "main", queue);
    await post("/scale/web", { value: 8 });
    await pass(world, "scale-approval/shop.prod/web");
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    const group = async () =>
      (await github.listBranches(REPO)).find((name) => name.startsWith("gh-readonly-queue/"));
    const queued = await eventually(group, (name) => name !== undefined);
    await settled(world);
    await github.review(REPO, 1, { login: "bob", state: "CHANGES_REQUESTED" });
    await settled(world);
    expect(await group()).toBeUndefined();
    expect(queued).toContain("/pr-1-");
    expect(await notes(world)).toEqual([expect.stringContaining("bob asks for changes")]);
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await pass(world, await eventually(group, (name) => name !== undefined));
    await isScaled(world, 8);
  });
});

describe("auto-merge", () => {
  it("that finds everything there already gives way to a merge", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld();
    const { github, post } = world;
    github.changeSettings(REPO, { allow_auto_merge: true });
    // The check comes in between the refused merge and the wish for auto-merge.
    github.protect(REPO, "main", { requiredChecks: [CI] });
    const stop = github.onRequest(({ phase, request }) => {
      if (phase === "received" && request.operations.includes("enablePullRequestAutoMerge"))
        github.protect(REPO, "main", null);
    });
    await post("/scale/web", { value: 5 });
    await isScaled(world);
    stop();
  });
});

describe("a draft", () => {
  it("is not merged, says so, and merges once it is ready", { timeout: TIMEOUT }, async () => {
    const world = await asked({ requiredChecks: [CI] });
    const { github } = world;
    const query = 'query { repository(owner: "acme", name: "infra") { pullRequest(number: 1) { id } } }';
    const Answer = z.object({
      data: z.object({ repository: z.object({ pullRequest: z.object({ id: z.string() }) }) }),
    });
    const ask = async (text: string): Promise<unknown> => {
      const authorization = `bearer ${github.issueToken({ kind: "user", login: "alice" })}`;
      const body = JSON.stringify({ query: text });
      return (await fetch(github.graphqlUrl, { method: "POST", headers: { authorization }, body })).json();
    };
    const { id } = Answer.parse(await ask(query)).data.repository.pullRequest;
    await ask(
      `mutation { convertPullRequestToDraft(input: { pullRequestId: "${id}" }) { clientMutationId } }`,
    );
    github.protect(REPO, "main", null);
    await pass(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
    expect(await notes(world)).toEqual([expect.stringContaining("draft")]);
    await ask(
      `mutation { markPullRequestReadyForReview(input: { pullRequestId: "${id}" }) { clientMutationId } }`,
    );
    await isScaled(world);
  });
});

describe("a pause", () => {
  it("holds back what is open, and says so", { timeout: TIMEOUT }, async () => {
    const world = await asked({ requiredChecks: [CI] }, "auto-merge");
    const { github } = world;
    github.protect(REPO, "main", null);
    const files = { ".github/pulumiscale.yml": "paused: true\n" };
    github.protect(REPO, "main", { requiredChecks: [{ context: "other", appId: null }] });
    await github.commit(REPO, { files, message: "hold", login: "acme" }).catch(async () => {
      github.protect(REPO, "main", null);
      await github.commit(REPO, { files, message: "hold", login: "alice" });
    });
    await pass(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
    expect(await notes(world)).toEqual([expect.stringContaining("paused")]);
    github.protect(REPO, "main", null);
    const over = { ".github/pulumiscale.yml": "paused: false\n" };
    await github.commit(REPO, { files: over, message: "go on", login: "alice" });
    await pass(world);
    await isScaled(world);
  });
});

it("leaves no pull request behind that nothing of ours may merge", { timeout: TIMEOUT }, async () => {
  const world = await asked({ requiredChecks: [CI] });
  const { github } = world;
  github.protect(REPO, "main", null);
  await github.commit(REPO, { files: { [PLACE.path]: scaled(9) }, message: "by hand", login: "alice" });
  await pass(world);
  expect(await github.listBranches(REPO)).not.toContain(BRANCH);
  expect(await notes(world)).toEqual([
    expect.stringContaining("tried again"),
    expect.stringContaining("moved on"),
  ]);
});
