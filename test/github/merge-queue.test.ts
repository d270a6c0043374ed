import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql, type GraphqlAnswer, headOf } from "./ask-graphql.ts";
import type { GitHubEvent } from "./github-stand-in.ts";
import { type OctoInfra, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;
let heard: GitHubEvent[];

beforeEach(async () => {
  scene = await startOctoInfra({
    repository: { squash_merge_commit_title: "PR_TITLE", squash_merge_commit_message: "PR_BODY" },
  });
  scene.github.createUser("ann");
  scene.github.addCollaborator("octo/infra", "ann", "write");
  protect();
  heard = [];
  scene.github.onEvent((event) => heard.push(event));
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

function protect(more: object = {}): void {
  scene.github.protect("octo/infra", "main", {
    kind: "ruleset",
    requiredChecks: [{ context: "ci", appId: null }],
    mergeQueue: { mergeMethod: "squash" },
    ...more,
  });
}

interface Opened {
  readonly number: number;
  readonly id: string;
  readonly head: string;
}

async function openReady(branch: string, files = { [branch]: branch }): Promise<Opened> {
  const pull = await open(branch, files);
  await report(pull.head, "success");
  return pull;
}

function open(branch: string, files = { [branch]: branch }): Promise<Opened> {
  return scene.github.openPull("octo/infra", {
    login: "ann",
    branch,
    title: `title ${branch}`,
    body: `body ${branch}`,
    files,
  });
}

function report(sha: string, state: "success" | "failure") {
  return scene.octokit.rest.repos.createCommitStatus({ ...scene.repo, sha, state, context: "ci" });
}

const entryFields = "mergeQueueEntry { position state enqueuer { login } headCommit { oid } }";

function enqueue(pull: Opened, more = ""): Promise<GraphqlAnswer> {
  const query = `mutation($pull: ID!) {
    enqueuePullRequest(input: { pullRequestId: $pull ${more} }) { ${entryFields} } }`;
  return askGraphql(scene, query, { pull: pull.id });
}

function dequeue(pull: Opened): Promise<GraphqlAnswer> {
  const query = `mutation($pull: ID!) { dequeuePullRequest(input: { id: $pull }) { ${entryFields} } }`;
  return askGraphql(scene, query, { pull: pull.id });
}

async function read(pull: Opened) {
  const { repository } = await scene.octo.graphql<{ repository: { pullRequest: unknown } }>(
    `query($number: Int!) { repository(owner: "octo", name: "infra") { pullRequest(number: $number) {
      state isInMergeQueue isMergeQueueEnabled mergedBy { login } mergeCommit { oid message }
      mergeQueueEntry { position state } mergeQueue { entries(first: 5) { totalCount } }
    } } }`,
    { number: pull.number },
  );
  return repository.pullRequest;
}

/** The branch on which the queue tests a pull request. */
async function groupOf(pull: Opened): Promise<{ readonly ref: string; readonly oid: string }> {
  const ref = (await scene.github.listBranches("octo/infra")).find((branch) =>
    branch.startsWith(`gh-readonly-queue/main/pr-${pull.number}-`),
  );
  if (ref === undefined) throw new Error(`pull request ${pull.number} has no group`);
  return { ref, oid: await headOf(scene, ref) };
}

function told(name: string): string[] {
  return heard
    .filter((event) => event.name === name)
    .map(({ action, payload }) =>
      payload.reason === undefined ? `${action}` : `${action} ${payload.reason}`,
    );
}

async function messageOf(answer: Promise<GraphqlAnswer>): Promise<string> {
  return (await answer).errors?.map(({ type, message }) => `${type} ${message}`).join() ?? "none";
}

test("the queue tests the merge on a branch of its own, then moves the base", async () => {
  const pull = await openReady("x");
  const base = await scene.github.commit("octo/infra", { message: "meanwhile", files: { other: "o" } });
  const answer = await enqueue(pull);
  const group = await groupOf(pull);
  expect(group.ref).toBe(`gh-readonly-queue/main/pr-${pull.number}-${base}`);
  expect(answer.data).toMatchObject({
    enqueuePullRequest: {
      mergeQueueEntry: { position: 1, state: "AWAITING_CHECKS", headCommit: { oid: group.oid } },
    },
  });
  expect(heard.find(({ name }) => name === "merge_group")).toMatchObject({
    action: "checks_requested",
    sender: "github-merge-queue[bot]",
    payload: {
      merge_group: {
        head_sha: group.oid,
        head_ref: `refs/heads/${group.ref}`,
        base_sha: base,
        base_ref: "refs/heads/main",
        head_commit: { id: group.oid },
      },
    },
  });
  expect(await headOf(scene)).toBe(base);
  expect(await read(pull)).toMatchObject({ isInMergeQueue: true, isMergeQueueEnabled: true });
  await report(group.oid, "success");
  expect(await headOf(scene)).toBe(group.oid);
  expect(await read(pull)).toMatchObject({
    state: "MERGED",
    isInMergeQueue: false,
    mergedBy: { login: "github-merge-queue" },
    mergeCommit: { oid: group.oid, message: `title x (#${pull.number})\n\nbody x` },
    mergeQueueEntry: null,
    mergeQueue: { entries: { totalCount: 0 } },
  });
  expect(await scene.github.readFile("octo/infra", "other")).toBe("o");
  expect(await scene.github.listBranches("octo/infra")).not.toContain(group.ref);
  expect(told("merge_group")).toEqual(["checks_requested", "destroyed merged"]);
  expect(told("pull_request").slice(-3)).toEqual(["enqueued", "closed", "dequeued MERGE"]);
});

test("a failed check takes it out, and what stood behind it is tested anew", async () => {
  const first = await openReady("x");
  const second = await openReady("y");
  await enqueue(first);
  await enqueue(second);
  const stacked = await groupOf(second);
  expect(stacked.ref.endsWith((await groupOf(first)).oid)).toBe(true);
  await report((await groupOf(first)).oid, "failure");
  expect(await read(first)).toMatchObject({ state: "OPEN", isInMergeQueue: false });
  const again = await groupOf(second);
  expect(again.ref).toBe(`gh-readonly-queue/main/pr-${second.number}-${await headOf(scene)}`);
  expect(told("merge_group")).toEqual([
    "checks_requested",
    "checks_requested",
    "destroyed dequeued",
    "destroyed invalidated",
    "checks_requested",
  ]);
  expect(told("pull_request")).toContain("dequeued CI_FAILURE");
  await report(again.oid, "success");
  expect(await scene.github.readFile("octo/infra", "x")).toBeNull();
  expect(await scene.github.readFile("octo/infra", "y")).toBe("y");
});

test("entries merge in their order, the later ones on what the earlier ones made", async () => {
  const first = await openReady("x");
  const second = await openReady("y");
  await enqueue(first);
  await enqueue(second);
  const group = await groupOf(second);
  await report(group.oid, "success");
  expect(await read(second)).toMatchObject({ mergeQueueEntry: { position: 2, state: "MERGEABLE" } });
  await report((await groupOf(first)).oid, "success");
  expect(await headOf(scene)).toBe(group.oid);
  expect(told("merge_group").filter((action) => action === "checks_requested")).toHaveLength(2);
});

test("what is not ready, queued already or of another head is refused", async () => {
  const pull = await open("x");
  expect(await messageOf(enqueue(pull))).toBe(
    'UNPROCESSABLE Pull request Required status check "ci" is expected.',
  );
  await report(pull.head, "success");
  expect(await messageOf(enqueue(pull, `, expectedHeadOid: "${"1".repeat(40)}"`))).toContain("STALE_DATA");
  expect(await messageOf(dequeue(pull))).toContain("not in the queue");
  expect(await messageOf(enqueue(pull))).toBe("none");
  expect(await messageOf(enqueue(pull))).toBe("UNPROCESSABLE Pull request is already in the queue");
  protect({ mergeQueue: null });
  expect(await messageOf(enqueue(await openReady("y")))).toContain("queue is not enabled");
});

test("an App on the bypass list queues nothing that is not ready, but may merge past the queue", async () => {
  protect({ bypassActors: [{ appId: scene.app.appId, mode: "always" }] });
  const pull = await open("x");
  const query = `mutation($pull: ID!) { enqueuePullRequest(input: { pullRequestId: $pull }) { clientMutationId } }`;
  await expect(scene.octokit.graphql(query, { pull: pull.id })).rejects.toThrow("is expected");
  const merged = await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: pull.number });
  expect(merged.data.merged).toBe(true);
});

test("the merge API refuses where there is a queue, and while a pull request is in it", async () => {
  const pull = await openReady("x");
  const merge = () => refusal(scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: pull.number }));
  expect(await merge()).toBe(
    "405 Repository rule violations found\n\nChanges must be made through the merge queue\n\n",
  );
  await enqueue(pull);
  expect(await merge()).toBe("405 Pull Request is in the merge queue");
  const update = scene.octokit.rest.pulls.updateBranch({ ...scene.repo, pull_number: pull.number });
  expect(await refusal(update)).toBe("422 Branches that are queued for merging cannot be updated");
  const sha = await headOf(scene);
  const push = scene.octokit.rest.git.updateRef({ ...scene.repo, ref: "heads/x", sha, force: true });
  expect(await refusal(push)).toContain("422 Protected branch update failed for refs/heads/x");
});

test("who is taken out or moved leaves the queue; a draft stays in it", async () => {
  const pull = await openReady("x");
  await enqueue(pull);
  const { ref } = await groupOf(pull);
  await askGraphql(
    scene,
    `mutation($pull: ID!) { convertPullRequestToDraft(input: { pullRequestId: $pull }) { clientMutationId } }`,
    { pull: pull.id },
  );
  expect(await read(pull)).toMatchObject({ isInMergeQueue: true });
  expect((await dequeue(pull)).data).toMatchObject({
    dequeuePullRequest: { mergeQueueEntry: { position: 1 } },
  });
  expect(await scene.github.listBranches("octo/infra")).not.toContain(ref);
  expect(told("pull_request").at(-1)).toBe("dequeued MANUAL");
  const other = await openReady("y");
  await enqueue(other);
  await scene.github.commit("octo/infra", { branch: "y", message: "more", files: { z: "z" } });
  expect(await read(other)).toMatchObject({ isInMergeQueue: false });
});

test("a base that moved past the queue has everything tested anew, and a conflict drops", async () => {
  const pull = await openReady("x");
  await enqueue(pull);
  const { oid } = await groupOf(pull);
  const moved = await scene.github.commit("octo/infra", { message: "past it", files: { other: "o" } });
  expect((await groupOf(pull)).ref).toContain(moved);
  await report(oid, "success");
  expect(await headOf(scene)).toBe(moved);
  await scene.github.commit("octo/infra", { message: "same file", files: { x: "else" } });
  expect(await read(pull)).toMatchObject({ state: "OPEN", isInMergeQueue: false });
  expect(told("pull_request").at(-1)).toBe("dequeued MERGE_CONFLICT");
});

test("auto-merge means: into the queue when ready, with the queue's own words", async () => {
  scene.github.changeSettings("octo/infra", { allow_auto_merge: true });
  const enable = (pull: Opened) =>
    askGraphql(
      scene,
      `mutation($pull: ID!) { enablePullRequestAutoMerge(input: { pullRequestId: $pull, commitHeadline: "h" })
        { pullRequest { isInMergeQueue autoMergeRequest { enabledAt } } } }`,
      { pull: pull.id },
    );
  const waiting = await open("x");
  expect((await enable(waiting)).data).toMatchObject({
    enablePullRequestAutoMerge: { pullRequest: { isInMergeQueue: false, autoMergeRequest: {} } },
  });
  await report(waiting.head, "success");
  expect(await read(waiting)).toMatchObject({ isInMergeQueue: true });
  expect((await enable(await openReady("y"))).data).toEqual({
    enablePullRequestAutoMerge: { pullRequest: { isInMergeQueue: true, autoMergeRequest: null } },
  });
  await report((await groupOf(waiting)).oid, "success");
  expect((await scene.github.readLog("octo/infra"))[0]?.message).toMatch(/^title x/);
});

test("a merge in the background goes through the queue where there is one", async () => {
  const pull = await openReady("x");
  const route = "/repos/{owner}/{repo}/pulls/{pull_number}/merge-async";
  const ask = (more: object = {}) =>
    scene.octokit.request(`PUT ${route}`, { ...scene.repo, pull_number: pull.number, ...more });
  const poll = (uuid = "") =>
    scene.octokit.request(`GET ${route}/{uuid}`, { ...scene.repo, pull_number: pull.number, uuid });
  const settled = async (uuid = "") => {
    await expect.poll(async () => (await poll(uuid)).data.status).not.toBe("pending");
    return (await poll(uuid)).data;
  };
  const direct = await ask({ merge_action: "direct_merge" });
  expect(await settled(direct.data.details.uuid)).toMatchObject({
    status: "failed",
    details: { message: expect.stringContaining("Changes must be made through the merge queue") },
  });
  const asked = await ask();
  expect(asked.data).toMatchObject({ status: "pending", details: { merge_action: "default" } });
  const { uuid } = asked.data.details;
  expect(await settled(uuid)).toEqual({
    status: "enqueued",
    details: { message: "Pull request is in the merge queue." },
  });
  expect((await ask()).data.status).toBe("enqueued");
  const { oid } = await groupOf(pull);
  await report(oid, "success");
  expect((await poll(uuid)).data).toMatchObject({ status: "merged", details: { sha: oid } });
});
