import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql, type GraphqlAnswer } from "./ask-graphql.ts";
import type { GitHubEvent } from "./github-stand-in.ts";
import { type OctoInfra, octokitOf, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;
let heard: GitHubEvent[];

beforeEach(async () => {
  scene = await startOctoInfra({ repository: { allow_auto_merge: true } });
  scene.github.createUser("ann");
  scene.github.addCollaborator("octo/infra", "ann", "write");
  scene.github.protect("octo/infra", "main", { requiredChecks: [{ context: "ci", appId: null }] });
  heard = [];
  scene.github.onEvent((event) => heard.push(event));
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

function open(draft: "draft" | "ready" = "ready") {
  return scene.github.openPull("octo/infra", { login: "ann", branch: "x", draft, files: { x: "x" } });
}

function enable(pull: { readonly id: string }): Promise<GraphqlAnswer> {
  return askGraphql(
    scene,
    `mutation($pull: ID!) { enablePullRequestAutoMerge(input: {
      pullRequestId: $pull, mergeMethod: SQUASH, commitHeadline: "h", commitBody: "b"
    }) { clientMutationId } }`,
    { pull: pull.id },
  );
}

async function refusalOf(answer: Promise<GraphqlAnswer>): Promise<string> {
  return (await answer).errors?.map(({ type, message }) => `${type} ${message}`).join() ?? "none";
}

function report(sha: string, context: string, state: "success" | "failure") {
  return scene.octokit.rest.repos.createCommitStatus({ ...scene.repo, sha, state, context });
}

async function autoMergeOf(number: number) {
  return (await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number })).data.auto_merge;
}

function disabled(): unknown[] {
  return heard.filter(({ action }) => action === "auto_merge_disabled").map(({ payload }) => payload.reason);
}

test("what can be merged at once is refused, be it clean or unstable", async () => {
  const pull = await open();
  await report(pull.head, "ci", "success");
  expect(await refusalOf(enable(pull))).toBe("UNPROCESSABLE Pull request Pull request is in clean status");
  await report(pull.head, "other", "failure");
  expect(await refusalOf(enable(pull))).toBe("UNPROCESSABLE Pull request Pull request is in unstable status");
});

test("a draft, a closed one, a moved head and a branch without rules are refused", async () => {
  const pull = await open("draft");
  expect(await refusalOf(enable(pull))).toContain("in draft status");
  await askGraphql(
    scene,
    `mutation($pull: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $pull }) { clientMutationId } }`,
    { pull: pull.id },
  );
  const moved = askGraphql(
    scene,
    `mutation($pull: ID!, $head: GitObjectID!) { enablePullRequestAutoMerge(input: {
      pullRequestId: $pull, expectedHeadOid: $head }) { clientMutationId } }`,
    { pull: pull.id, head: "1".repeat(40) },
  );
  expect(await refusalOf(moved)).toContain("STALE_DATA Head branch was modified");
  scene.github.protect("octo/infra", "main", null);
  await scene.github.commit("octo/infra", { message: "conflict", files: { x: "y" } });
  expect(await refusalOf(enable(pull))).toContain("Protected branch rules not configured for this branch");
});

test("the wish stays while people who may write push, and goes when others do", async () => {
  const pull = await open();
  expect((await enable(pull)).errors).toBeUndefined();
  const push = (login: string) =>
    scene.github.commit("octo/infra", { branch: "x", login, message: login, files: { [login]: login } });
  await push("ann");
  expect(await autoMergeOf(pull.number)).toMatchObject({ merge_method: "squash", commit_title: "h" });
  scene.github.addCollaborator("octo/infra", "ann", "read");
  const head = await push("ann");
  expect(await autoMergeOf(pull.number)).toBeNull();
  expect(disabled()).toEqual(["Head branch was pushed to by a user without write access"]);
  await report(head, "ci", "success");
  expect(await scene.github.readFile("octo/infra", "x")).toBeNull();
});

test("the wish goes with a base changed by someone who may not write, and with a draft", async () => {
  const pull = await open();
  await scene.github.commit("octo/infra", { branch: "other", message: "o", files: { o: "o" } });
  await enable(pull);
  const ann = octokitOf(scene.github, scene.github.issueToken({ kind: "user", login: "ann" }));
  const change = (base: string) => ann.rest.pulls.update({ ...scene.repo, pull_number: pull.number, base });
  await change("other");
  expect(await autoMergeOf(pull.number)).not.toBeNull();
  scene.github.addCollaborator("octo/infra", "ann", "read");
  await change("main");
  expect(await autoMergeOf(pull.number)).toBeNull();
  await enable(pull);
  await askGraphql(
    scene,
    `mutation($pull: ID!) { convertPullRequestToDraft(input: { pullRequestId: $pull }) { clientMutationId } }`,
    { pull: pull.id },
  );
  expect(await autoMergeOf(pull.number)).toBeNull();
  expect(disabled()).toHaveLength(2);
});

test("a bypass helps no auto-merge: it waits for what is required, then merges with the asked words", async () => {
  scene.github.protect("octo/infra", "main", {
    requiredChecks: [{ context: "ci", appId: null }],
    requiredApprovals: 1,
    bypassActors: [{ appId: scene.app.appId, mode: "always" }],
  });
  const pull = await open();
  await scene.octokit.graphql(
    `mutation($pull: ID!) { enablePullRequestAutoMerge(input: {
      pullRequestId: $pull, mergeMethod: SQUASH, commitHeadline: "h", commitBody: "b"
    }) { clientMutationId } }`,
    { pull: pull.id },
  );
  await report(pull.head, "ci", "success");
  expect(await autoMergeOf(pull.number)).not.toBeNull();
  await scene.github.review("octo/infra", pull.number, { login: "octo", state: "APPROVED" });
  const [newest] = await scene.github.readLog("octo/infra");
  expect(newest).toMatchObject({ message: "h\n\nb" });
});
