import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhooks } from "@octokit/webhooks";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { GitHubEvent } from "./github-stand-in.ts";
import { type OctoInfra, octokitOf, openPull, startOctoInfra } from "./octo-infra.ts";

interface Received {
  readonly event: string;
  readonly guid: string;
  readonly signature: string;
  readonly body: string;
}

let scene: OctoInfra;
let receiver: Server;
let received: Received[];
let answer: number;

beforeEach(async () => {
  received = [];
  answer = 200;
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(Buffer.from(chunk)));
    request.on("end", () => {
      received.push({
        event: String(request.headers["x-github-event"]),
        guid: String(request.headers["x-github-delivery"]),
        signature: String(request.headers["x-hub-signature-256"]),
        body: Buffer.concat(chunks).toString("utf8"),
      });
      response.writeHead(answer).end("thanks");
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  scene = await startOctoInfra({ webhookUrl: `http://127.0.0.1:${portOf(receiver.address())}/hook` });
  await scene.github.webhooksIdle();
  received = [];
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
  await new Promise((resolve) => receiver.close(resolve));
});

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function events(): Promise<string[]> {
  await scene.github.webhooksIdle();
  return received.map(({ event, body }) => {
    const { action }: { action?: string } = JSON.parse(body);
    return action === undefined ? event : `${event}.${action}`;
  });
}

test("deliveries are signed as @octokit/webhooks verifies them, each under its own id", async () => {
  await scene.github.commit("octo/infra", { message: "one", files: { a: "a" } });
  await scene.github.webhooksIdle();
  const webhooks = new Webhooks({ secret: scene.app.webhookSecret });
  expect(received.length).toBeGreaterThan(0);
  for (const { body, signature } of received) expect(await webhooks.verify(body, signature)).toBe(true);
  expect(await webhooks.verify(`${received[0]?.body} `, String(received[0]?.signature))).toBe(false);
  expect(new Set(received.map(({ guid }) => guid)).size).toBe(received.length);
});

test("an installation is told of to its App", async () => {
  const installed = scene.github.webhookDeliveries.filter(({ event }) => event === "installation");
  expect(installed.map(({ action }) => action)).toEqual(["created"]);
});

test("a push tells what it changed", async () => {
  const before = await scene.github.readRef("octo/infra", "main");
  const after = await scene.github.commit("octo/infra", {
    message: "size 4",
    files: { "Pulumi.prod.yaml": "4\n", new: "x", "Pulumi.yaml": null },
  });
  await scene.github.webhooksIdle();
  const push = received.find(({ event }) => event === "push");
  expect(JSON.parse(push?.body ?? "{}")).toMatchObject({
    ref: "refs/heads/main",
    before,
    after,
    created: false,
    deleted: false,
    forced: false,
    pusher: { name: "octo" },
    sender: { login: "octo" },
    repository: { full_name: "octo/infra", default_branch: "main" },
    installation: { id: scene.installationId },
    head_commit: { id: after },
    commits: [
      {
        id: after,
        message: "size 4",
        added: ["new"],
        removed: ["Pulumi.yaml"],
        modified: ["Pulumi.prod.yaml"],
        author: { username: "octo" },
      },
    ],
  });
});

test("a pull request's life is told, and a merge also pushes", async () => {
  const { number, head } = await openPull(scene, "x", 4);
  expect((await events()).sort()).toEqual(["check_suite.requested", "create", "pull_request.opened", "push"]);
  received = [];
  await scene.octokit.rest.issues.addLabels({
    ...scene.repo,
    issue_number: number,
    labels: ["needs-approval"],
  });
  await scene.github.commit("octo/infra", { branch: "x", message: "more", files: { b: "b" } });
  await scene.github.review("octo/infra", number, { login: "octo", state: "APPROVED", body: "fine" });
  await scene.octokit.rest.issues.createComment({ ...scene.repo, issue_number: number, body: "/retry" });
  expect((await events()).sort()).toEqual([
    "check_suite.requested",
    "issue_comment.created",
    "pull_request.labeled",
    "pull_request.synchronize",
    "pull_request_review.submitted",
    "push",
  ]);
  const synchronize = received.find(({ body }) => body.includes('"synchronize"'));
  expect(JSON.parse(synchronize?.body ?? "{}")).toMatchObject({ before: head, number });
  received = [];
  await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number });
  await scene.octokit.rest.git.deleteRef({ ...scene.repo, ref: "heads/x" });
  expect((await events()).sort()).toEqual(
    ["check_suite.requested", "delete", "pull_request.closed", "push", "push"].sort(),
  );
  const closed = received.find(({ event }) => event === "pull_request");
  expect(JSON.parse(closed?.body ?? "{}")).toMatchObject({
    pull_request: { merged: true, merged_by: { login: "scaler[bot]" } },
  });
});

test("everything else that is told of fits GitHub's description too", async () => {
  const { issues, pulls, repos, git } = scene.octokit.rest;
  scene.github.changeSettings("octo/infra", { allow_auto_merge: true });
  scene.github.protect("octo/infra", "main", { requiredApprovals: 1 });
  const { number, head } = await openPull(scene, "x", 4);
  await scene.github.webhooksIdle();
  received = [];
  await pulls.update({ ...scene.repo, pull_number: number, title: "t", body: "b" });
  await pulls.update({ ...scene.repo, pull_number: number, state: "closed" });
  await pulls.update({ ...scene.repo, pull_number: number, state: "open" });
  await issues.addLabels({ ...scene.repo, issue_number: number, labels: ["l"] });
  await issues.removeLabel({ ...scene.repo, issue_number: number, name: "l" });
  const { data } = await pulls.get({ ...scene.repo, pull_number: number });
  await scene.octo.graphql(
    `mutation($pull: ID!) {
      convertPullRequestToDraft(input: { pullRequestId: $pull }) { clientMutationId }
      markPullRequestReadyForReview(input: { pullRequestId: $pull }) { clientMutationId }
      enablePullRequestAutoMerge(input: { pullRequestId: $pull }) { clientMutationId }
      disablePullRequestAutoMerge(input: { pullRequestId: $pull }) { clientMutationId }
    }`,
    { pull: data.node_id },
  );
  const approve = { ...scene.repo, pull_number: number, event: "APPROVE" } as const;
  const review = await scene.octo.rest.pulls.createReview(approve);
  await pulls.dismissReview({ ...scene.repo, pull_number: number, review_id: review.data.id, message: "no" });
  const issue = await issues.create({ ...scene.repo, title: "i", labels: ["l"] });
  await issues.update({ ...scene.repo, issue_number: issue.data.number, state: "closed" });
  await issues.update({ ...scene.repo, issue_number: issue.data.number, state: "open" });
  const comment = await issues.createComment({ ...scene.repo, issue_number: issue.data.number, body: "c" });
  await issues.updateComment({ ...scene.repo, comment_id: comment.data.id, body: "d" });
  await issues.deleteComment({ ...scene.repo, comment_id: comment.data.id });
  await issues.createLabel({ ...scene.repo, name: "new" });
  await repos.createCommitComment({ ...scene.repo, commit_sha: head, body: "c" });
  await repos.createCommitStatus({ ...scene.repo, sha: head, state: "success" });
  await git.createRef({ ...scene.repo, ref: "refs/tags/v1", sha: head });
  expect((await events()).sort()).toEqual([
    "commit_comment.created",
    "create",
    "issue_comment.created",
    "issue_comment.deleted",
    "issue_comment.edited",
    "issues.closed",
    "issues.labeled",
    "issues.opened",
    "issues.reopened",
    "label.created",
    "pull_request.auto_merge_disabled",
    "pull_request.auto_merge_enabled",
    "pull_request.closed",
    "pull_request.converted_to_draft",
    "pull_request.edited",
    "pull_request.labeled",
    "pull_request.ready_for_review",
    "pull_request.reopened",
    "pull_request.unlabeled",
    "pull_request_review.dismissed",
    "pull_request_review.submitted",
    "push",
    "status",
  ]);
});

test("check runs tell their App of a re-run alone", async () => {
  const sha = String(await scene.github.readRef("octo/infra", "main"));
  const run = await scene.octokit.rest.checks.create({
    ...scene.repo,
    name: "guard",
    head_sha: sha,
    conclusion: "failure",
  });
  await scene.octokit.rest.checks.rerequestRun({ ...scene.repo, check_run_id: run.data.id });
  expect((await events()).sort()).toEqual([
    "check_run.completed",
    "check_run.created",
    "check_run.rerequested",
    "check_suite.completed",
  ]);
});

test("a check suite asked for again tells its App alone", async () => {
  const sha = await scene.github.commit("octo/infra", { message: "pushed", files: { a: "a" } });
  const { data } = await scene.octokit.rest.checks.listSuitesForRef({ ...scene.repo, ref: sha });
  await scene.octo.rest.checks.rerequestSuite({
    ...scene.repo,
    check_suite_id: Number(data.check_suites[0]?.id),
  });
  const heard = (await events()).filter((event) => event.startsWith("check_suite"));
  expect(heard.sort()).toEqual(["check_suite.requested", "check_suite.rerequested"]);
  expect(received.find(({ body }) => body.includes('"rerequested"'))?.body).toContain(sha);
});

test("a merge queue tells Apps that may read it what it tests, and every pull request's way through it", async () => {
  const deaf = await scene.github.createApp({
    slug: "deaf",
    permissions: { contents: "read" },
    events: ["merge_group"],
    webhookUrl: "http://127.0.0.1:9/",
  });
  scene.github.installApp(deaf, "octo", "all");
  scene.github.protect("octo/infra", "main", {
    requiredChecks: [{ context: "guard", appId: scene.app.appId }],
    mergeQueue: { mergeMethod: "merge" },
  });
  const { number, head } = await openPull(scene, "x", 4);
  const guard = { ...scene.repo, name: "guard", conclusion: "success" } as const;
  await scene.octokit.rest.checks.create({ ...guard, head_sha: head });
  await scene.github.webhooksIdle();
  received = [];
  const { data } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  const enqueue = `mutation($pull: ID!) { enqueuePullRequest(input: { pullRequestId: $pull }) { clientMutationId } }`;
  const dequeue = `mutation($pull: ID!) { dequeuePullRequest(input: { id: $pull }) { clientMutationId } }`;
  await scene.octo.graphql(enqueue, { pull: data.node_id });
  await scene.octo.graphql(dequeue, { pull: data.node_id });
  await scene.octo.graphql(enqueue, { pull: data.node_id });
  await scene.github.webhooksIdle();
  const group = received.findLast(({ event }) => event === "merge_group");
  const { merge_group, installation } = JSON.parse(group?.body ?? "{}");
  expect(installation).toMatchObject({ id: scene.installationId });
  await scene.octokit.rest.checks.create({ ...guard, head_sha: merge_group.head_sha });
  const queueEvents = (await events()).filter((event) => /^(merge_group|pull_request)/.test(event));
  expect(queueEvents.sort()).toEqual([
    "merge_group.checks_requested",
    "merge_group.checks_requested",
    "merge_group.destroyed",
    "merge_group.destroyed",
    "pull_request.closed",
    "pull_request.dequeued",
    "pull_request.dequeued",
    "pull_request.enqueued",
    "pull_request.enqueued",
  ]);
  const told = scene.github.webhookDeliveries.filter(({ appId }) => appId === deaf.appId);
  expect(told.map(({ event }) => event)).toEqual(["installation"]);
});

test("approvals that a push takes back are told", async () => {
  scene.github.protect("octo/infra", "main", { requiredApprovals: 1, dismissStaleReviews: true });
  const { number } = await openPull(scene, "x", 4);
  await scene.github.review("octo/infra", number, { login: "octo", state: "APPROVED" });
  await scene.github.webhooksIdle();
  received = [];
  await scene.github.commit("octo/infra", { branch: "x", message: "more", files: { b: "b" } });
  expect(await events()).toContain("pull_request_review.dismissed");
});

test("a delivery that failed is not tried again by itself, but listed and redelivered under its id", async () => {
  answer = 500;
  await scene.github.commit("octo/infra", { message: "one", files: { a: "a" } });
  await scene.github.webhooksIdle();
  const failed = received.filter(({ event }) => event === "push");
  expect(failed).toHaveLength(1);
  const { apps } = scene.octokit.rest;
  const listed = (await apps.listWebhookDeliveries()).data.find(({ event }) => event === "push");
  expect(listed).toMatchObject({
    guid: failed[0]?.guid,
    status: "Invalid HTTP Response: 500",
    status_code: 500,
    redelivery: false,
  });
  answer = 200;
  await apps.redeliverWebhookDelivery({ delivery_id: Number(listed?.id) });
  await scene.github.webhooksIdle();
  const again = received.filter(({ event }) => event === "push");
  expect(again.map(({ guid }) => guid)).toEqual([failed[0]?.guid, failed[0]?.guid]);
  const newest = (await apps.listWebhookDeliveries({ per_page: 1 })).data[0];
  expect(newest).toMatchObject({ redelivery: true, status: "OK" });
  const whole = await apps.getWebhookDelivery({ delivery_id: Number(newest?.id) });
  expect(whole.data.response.payload).toBe("thanks");
});

test("a workflow's own token moves things without starting workflows", async () => {
  const heard: GitHubEvent[] = [];
  scene.github.onEvent((event) => heard.push(event));
  const pushes: boolean[] = [];
  const forget = scene.github.onPush(({ triggersWorkflows }) => pushes.push(triggersWorkflows));
  const token = scene.github.issueToken({
    kind: "workflow",
    repo: "octo/infra",
    permissions: { contents: "write" },
  });
  const workflow = octokitOf(scene.github, token);
  const content = Buffer.from("x").toString("base64");
  await workflow.rest.repos.createOrUpdateFileContents({ ...scene.repo, path: "x", message: "x", content });
  await scene.octokit.rest.repos.createOrUpdateFileContents({
    ...scene.repo,
    path: "y",
    message: "y",
    content,
  });
  expect(pushes).toEqual([false, true]);
  expect(heard.filter(({ name }) => name === "push").map(({ sender }) => sender)).toEqual([
    "github-actions[bot]",
    "scaler[bot]",
  ]);
  expect(heard[0]?.payload).toMatchObject({ repository: { full_name: "octo/infra" } });
  forget();
  await scene.github.commit("octo/infra", { message: "unheard", files: { z: "z" } });
  expect(pushes).toHaveLength(2);
});
