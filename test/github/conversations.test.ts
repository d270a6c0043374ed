import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql } from "./ask-graphql.ts";
import { type OctoInfra, octokitOf, openPull, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;
let nowMs: number;
const repo = "octo/infra";

beforeEach(async () => {
  nowMs = Date.parse("2031-05-04T10:00:00Z");
  // Nobody listens: what counts is what would be sent.
  scene = await startOctoInfra({
    webhookUrl: "http://127.0.0.1:9/",
    options: { now: () => new Date(nowMs), credentialNow: () => new Date() },
  });
  scene.github.createUser("ann");
  scene.github.addCollaborator(repo, "ann", "write");
  scene.github.createUser("stranger");
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

function sent(event: string): Record<string, unknown>[] {
  return scene.github.webhookDeliveries
    .filter((delivery) => delivery.event === event)
    .map(({ request }) => JSON.parse(request.payload));
}

function later(seconds: number): void {
  nowMs += seconds * 1000;
}

test("a comment on an issue is told as written, edited and deleted, with who stands how to the repository", async () => {
  const number = await scene.github.openIssue(repo, { author: "ann", title: "Too slow", labels: ["scale"] });
  const id = await scene.github.comment(repo, number, { author: "stranger", body: "/scale 10" });
  later(5);
  await scene.github.editComment(repo, id, { by: "stranger", body: "/scale 11" });
  await scene.github.deleteComment(repo, id, { by: "ann" });
  const [created, edited, deleted] = sent("issue_comment");
  expect(created).toMatchObject({
    action: "created",
    issue: { number, comments: 1, user: { login: "ann" }, labels: [{ name: "scale" }] },
    comment: {
      id,
      body: "/scale 10",
      user: { login: "stranger", type: "User" },
      author_association: "NONE",
      performed_via_github_app: null,
      created_at: "2031-05-04T10:00:00Z",
      updated_at: "2031-05-04T10:00:00Z",
    },
    sender: { login: "stranger" },
    installation: { id: scene.installationId },
  });
  expect(created?.issue).not.toHaveProperty("pull_request");
  expect(edited).toMatchObject({
    action: "edited",
    changes: { body: { from: "/scale 10" } },
    comment: { id, body: "/scale 11", updated_at: "2031-05-04T10:00:05Z" },
  });
  expect(deleted).toMatchObject({ action: "deleted", comment: { id }, sender: { login: "ann" } });
});

test("a comment on a pull request says that it is one, and which App wrote it", async () => {
  const { number } = await openPull(scene, "x", 4);
  const { data } = await scene.octokit.rest.issues.createComment({
    ...scene.repo,
    issue_number: number,
    body: "Scaling.",
  });
  await scene.github.comment(repo, number, { author: "ann", body: "/scale 4" });
  await scene.github.comment(repo, number, { author: "octo", body: "/scale 5" });
  expect(data.performed_via_github_app?.slug).toBe("scaler");
  expect(sent("issue_comment")).toMatchObject([
    {
      issue: { number, draft: false, pull_request: { merged_at: null } },
      comment: { user: { login: "scaler[bot]", type: "Bot" }, performed_via_github_app: { slug: "scaler" } },
      sender: { login: "scaler[bot]" },
    },
    { comment: { author_association: "COLLABORATOR" }, sender: { login: "ann" } },
    { comment: { author_association: "OWNER" } },
  ]);
});

test("whoever has had a pull request merged has contributed", async () => {
  const { number } = await openPull(scene, "x", 4);
  await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number });
  await scene.octokit.rest.issues.createComment({ ...scene.repo, issue_number: number, body: "Done." });
  expect(sent("issue_comment")).toMatchObject([{ comment: { author_association: "CONTRIBUTOR" } }]);
});

test("an App hears of comments where it may read, and talks where it may write", async () => {
  const { github } = scene;
  const hears = async (slug: string, permissions: Record<string, "read" | "write">) => {
    const app = await github.createApp({
      slug,
      permissions,
      events: ["issue_comment"],
      webhookUrl: "http://127.0.0.1:9/",
    });
    const installation = github.installApp(app, "octo", "all");
    return { appId: app.appId, octokit: octokitOf(github, installation.issueToken()) };
  };
  const pulls = await hears("pulls", { pull_requests: "write" });
  const issues = await hears("issues", { issues: "write" });
  const neither = await hears("neither", { contents: "write" });
  const issue = await github.openIssue(repo, { author: "ann", title: "Slow" });
  const { number: pull } = await openPull(scene, "x", 4);
  await github.comment(repo, issue, { author: "ann", body: "on an issue" });
  await github.comment(repo, pull, { author: "ann", body: "on a pull request" });
  const heard = (appId: number) =>
    github.webhookDeliveries
      .filter((delivery) => delivery.appId === appId && delivery.event === "issue_comment")
      .map(({ request }) => JSON.parse(request.payload).comment.body);
  expect(heard(pulls.appId)).toEqual(["on a pull request"]);
  expect(heard(issues.appId)).toEqual(["on an issue", "on a pull request"]);
  expect(heard(neither.appId)).toEqual([]);
  const talk = (octokit: typeof scene.octokit, issue_number: number) =>
    refusal(octokit.rest.issues.createComment({ ...scene.repo, issue_number, body: "hello" }));
  expect(await talk(pulls.octokit, issue)).toBe("403 Resource not accessible by integration");
  expect(await talk(issues.octokit, pull)).toBe("403 Resource not accessible by integration");
  await issues.octokit.rest.issues.createComment({ ...scene.repo, issue_number: issue, body: "hello" });
});

test("people open, edit, close and reopen issues", async () => {
  const { github } = scene;
  const number = await github.openIssue(repo, { author: "ann", title: "Slow", body: "so slow" });
  await github.changeIssue(repo, number, { by: "octo", title: "Slower", addLabels: ["a"] });
  await github.close(repo, number, "octo");
  await github.close(repo, number, "octo");
  await github.reopen(repo, number, "ann");
  await github.changeIssue(repo, number, { by: "ann", removeLabels: ["a"] });
  expect(sent("issues")).toMatchObject([
    { action: "opened", issue: { title: "Slow", state: "open", state_reason: null } },
    { action: "labeled", label: { name: "a" } },
    { action: "edited", changes: { title: { from: "Slow" } } },
    { action: "closed", issue: { state: "closed", state_reason: "completed", closed_by: { login: "octo" } } },
    { action: "reopened", issue: { state: "open", state_reason: "reopened" }, sender: { login: "ann" } },
    { action: "unlabeled", label: { name: "a" } },
  ]);
});

test("people close, reopen, redraft, rebase, relabel pull requests and delete their branches", async () => {
  const { github } = scene;
  await github.commit(repo, { branch: "next", message: "a branch", files: { next: "1" } });
  const { number } = await openPull(scene, "x", 4);
  await github.changePull(repo, number, { by: "ann", addLabels: ["hold"] });
  await github.changePull(repo, number, { by: "ann", removeLabels: ["hold"] });
  await github.changePull(repo, number, { by: "ann", draft: "draft" });
  await github.changePull(repo, number, { by: "ann", draft: "ready" });
  await github.changePull(repo, number, { by: "ann", base: "next" });
  await github.close(repo, number, "ann");
  await github.reopen(repo, number, "ann");
  await github.deleteBranch(repo, "x", "ann");
  expect(sent("pull_request").slice(1)).toMatchObject([
    { action: "labeled", label: { name: "hold" } },
    { action: "unlabeled", label: { name: "hold" } },
    { action: "converted_to_draft", pull_request: { draft: true } },
    { action: "ready_for_review", pull_request: { draft: false } },
    {
      action: "edited",
      changes: { base: { ref: { from: "main" } } },
      pull_request: { base: { ref: "next" } },
    },
    { action: "closed", pull_request: { merged: false, state: "closed" } },
    { action: "reopened" },
    { action: "closed", sender: { login: "ann" } },
  ]);
  expect(sent("delete")).toMatchObject([{ ref: "x", ref_type: "branch", sender: { login: "ann" } }]);
  expect(await github.listBranches(repo)).not.toContain("x");
});

test("reactions are given once each, counted, listed and taken back by who gave them", async () => {
  const { github, octokit, octo } = scene;
  const number = await github.openIssue(repo, { author: "ann", title: "Slow" });
  const comment_id = await github.comment(repo, number, { author: "ann", body: "/scale 10" });
  const { reactions, issues } = octokit.rest;
  const first = await reactions.createForIssueComment({ ...scene.repo, comment_id, content: "eyes" });
  const again = await reactions.createForIssueComment({ ...scene.repo, comment_id, content: "eyes" });
  expect([first.status, again.status, again.data.id]).toEqual([201, 200, first.data.id]);
  await github.react(repo, comment_id, { by: "ann", content: "rocket" });
  const listed = await reactions.listForIssueComment({ ...scene.repo, comment_id, content: "eyes" });
  expect(listed.data).toMatchObject([{ content: "eyes", user: { login: "scaler[bot]" } }]);
  const { data } = await issues.getComment({ ...scene.repo, comment_id });
  expect(data.reactions).toMatchObject({ total_count: 2, eyes: 1, rocket: 1, "+1": 0 });
  const reaction = { ...scene.repo, comment_id, reaction_id: first.data.id };
  expect(await refusal(octo.rest.reactions.deleteForIssueComment(reaction))).toBe("404 Not Found");
  await reactions.deleteForIssueComment(reaction);
  expect((await reactions.listForIssueComment({ ...scene.repo, comment_id })).data).toHaveLength(1);
  const onIssue = { ...scene.repo, issue_number: number };
  const { data: given } = await reactions.createForIssue({ ...onIssue, content: "+1" });
  expect((await issues.get(onIssue)).data.reactions).toMatchObject({ total_count: 1, "+1": 1 });
  await reactions.deleteForIssue({ ...onIssue, reaction_id: given.id });
  expect((await reactions.listForIssue(onIssue)).data).toEqual([]);
});

test("a repository's comments are listed by their last change, and a direction alone is not heeded", async () => {
  const { github } = scene;
  const issue = await github.openIssue(repo, { author: "ann", title: "Slow" });
  const { number: pull } = await openPull(scene, "x", 4);
  const first = await github.comment(repo, issue, { author: "ann", body: "first" });
  later(60);
  await github.comment(repo, pull, { author: "ann", body: "second" });
  later(60);
  await github.editComment(repo, first, { by: "ann", body: "first, again" });
  const list = async (query: object) => {
    const { data } = await scene.octokit.rest.issues.listCommentsForRepo({ ...scene.repo, ...query });
    return data.map(({ body }) => body);
  };
  expect(await list({})).toEqual(["first, again", "second"]);
  expect(await list({ direction: "desc" })).toEqual(["first, again", "second"]);
  expect(await list({ sort: "created", direction: "desc" })).toEqual(["second", "first, again"]);
  expect(await list({ sort: "updated" })).toEqual(["second", "first, again"]);
  expect(await list({ since: "2031-05-04T10:01:30Z" })).toEqual(["first, again"]);
});

test("one document reads the newest comments of the issues and pull requests that moved last", async () => {
  const { github, octokit } = scene;
  const quiet = await github.openIssue(repo, { author: "ann", title: "Quiet" });
  const issue = await github.openIssue(repo, { author: "ann", title: "Slow" });
  const { number: pull } = await openPull(scene, "x", 4);
  later(60);
  const comment = await github.comment(repo, issue, { author: "ann", body: "/scale 1" });
  const { data: own } = await octokit.rest.issues.createComment({
    ...scene.repo,
    issue_number: pull,
    body: "Scaling.",
  });
  later(60);
  await github.editComment(repo, comment, { by: "octo", body: "/scale 2" });
  await github.react(repo, comment, { by: "ann", content: "heart" });
  await octokit.rest.reactions.createForIssueComment({ ...scene.repo, comment_id: comment, content: "eyes" });
  const query = `{ repository(owner: "octo", name: "infra") {
    issues(first: 5, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { number ...Comments } }
    recent: issues(first: 5, filterBy: { since: "2031-05-04T10:01:00Z" }) { nodes { number } }
    pullRequests(first: 5, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { number comments(last: 1) { nodes { ...One } } } }
  } }
  fragment Comments on Issue { comments(last: 1) { nodes { ...One } } }
  fragment One on IssueComment {
    databaseId body viewerDidAuthor lastEditedAt isMinimized includesCreatedEdit editor { login } author { login __typename }
    reactions(first: 5) { totalCount viewerHasReacted } eyes: reactions(first: 1, content: EYES) { nodes { content } }
    issue { number } pullRequest { number }
  }`;
  const token = scene.installation.issueToken();
  expect((await askGraphql(scene, query, {}, token)).data).toEqual({
    repository: {
      issues: {
        nodes: [
          {
            number: issue,
            comments: {
              nodes: [
                {
                  databaseId: comment,
                  body: "/scale 2",
                  viewerDidAuthor: false,
                  lastEditedAt: "2031-05-04T10:02:00Z",
                  isMinimized: false,
                  includesCreatedEdit: true,
                  editor: { login: "octo" },
                  author: { login: "ann", __typename: "User" },
                  reactions: { totalCount: 2, viewerHasReacted: true },
                  eyes: { nodes: [{ content: "EYES" }] },
                  issue: { number: issue },
                  pullRequest: null,
                },
              ],
            },
          },
          { number: quiet, comments: { nodes: [] } },
        ],
      },
      recent: { nodes: [{ number: issue }] },
      pullRequests: {
        nodes: [
          {
            number: pull,
            comments: {
              nodes: [
                {
                  databaseId: own.id,
                  body: "Scaling.",
                  viewerDidAuthor: true,
                  lastEditedAt: null,
                  isMinimized: false,
                  includesCreatedEdit: false,
                  editor: null,
                  author: { login: "scaler", __typename: "Bot" },
                  reactions: { totalCount: 0, viewerHasReacted: false },
                  eyes: { nodes: [] },
                  issue: { number: pull },
                  pullRequest: { number: pull },
                },
              ],
            },
          },
        ],
      },
    },
  });
});

test("issues are found by who opened them, their labels and their last change", async () => {
  const { github, octokit } = scene;
  await github.openIssue(repo, { author: "ann", title: "Slow", labels: ["scale", "bug"] });
  later(60);
  const { data: own } = await octokit.rest.issues.create({
    ...scene.repo,
    title: "Status",
    labels: ["scale"],
  });
  expect(own.performed_via_github_app?.slug).toBe("scaler");
  const list = async (query: object) => {
    const { data } = await octokit.rest.issues.listForRepo({ ...scene.repo, ...query });
    return data.map(({ title }) => title);
  };
  expect(await list({ creator: "scaler[bot]" })).toEqual(["Status"]);
  expect(await list({ creator: "Ann" })).toEqual(["Slow"]);
  expect(await list({ labels: "scale" })).toEqual(["Status", "Slow"]);
  expect(await list({ labels: "scale,bug" })).toEqual(["Slow"]);
  expect(await list({ since: "2031-05-04T10:00:30Z" })).toEqual(["Status"]);
  later(60);
  await octokit.rest.issues.createComment({ ...scene.repo, issue_number: 1, body: "still" });
  expect(await list({ sort: "updated", direction: "asc" })).toEqual(["Status", "Slow"]);
  await octokit.rest.issues.update({
    ...scene.repo,
    issue_number: own.number,
    state: "closed",
    state_reason: "not_planned",
    body: "over",
  });
  expect(await list({ state: "closed" })).toEqual(["Status"]);
  expect(sent("issues").slice(-2)).toMatchObject([
    { action: "edited", changes: { body: { from: "" } } },
    { action: "closed", issue: { state_reason: "not_planned" } },
  ]);
});
