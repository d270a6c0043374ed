import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql } from "./ask-graphql.ts";
import { type OctoInfra, octokitOf, openPull, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;
const repo = "octo/infra";
const lockedSentence = "Unable to create comment because issue is locked.";

beforeEach(async () => {
  // Nobody listens: what counts is what would be sent.
  scene = await startOctoInfra({ webhookUrl: "http://127.0.0.1:9/" });
  scene.github.createUser("ann");
  scene.github.addCollaborator(repo, "ann", "write");
  scene.github.createUser("stranger");
  scene.github.addCollaborator(repo, "stranger", "read");
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

const personOf = (login: string) =>
  octokitOf(scene.github, scene.github.issueToken({ kind: "user", login })).rest;

test("under a locked pull request those who may write still comment; Apps and strangers do not", async () => {
  const { number } = await openPull(scene, "x", 4);
  const before = await scene.github.comment(repo, number, { author: "stranger", body: "Why?" });
  await personOf("octo").issues.lock({ ...scene.repo, issue_number: number, lock_reason: "too heated" });

  const comment = { ...scene.repo, issue_number: number, body: "Well," };
  expect(await refusal(scene.octokit.rest.issues.createComment(comment))).toContain(`403 ${lockedSentence}`);
  expect(await refusal(personOf("stranger").issues.createComment(comment))).toMatch(/^403/);
  expect((await personOf("ann").issues.createComment(comment)).status).toBe(201);

  const reaction = { ...scene.repo, comment_id: before, content: "eyes" } as const;
  expect(await refusal(scene.octokit.rest.reactions.createForIssueComment(reaction))).toMatch(/^403/);
  expect(await refusal(personOf("ann").reactions.createForIssueComment(reaction))).toMatch(/^403/);

  const { data } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect(data).toMatchObject({ locked: true, active_lock_reason: "too heated", comments: 2 });
});

test("GraphQL refuses the same, in its own words for a reaction", async () => {
  const number = await scene.github.openIssue(repo, { author: "ann", title: "Too slow" });
  await scene.github.lock(repo, number, "ann");
  const read = `{ repository(owner: "octo", name: "infra") { issue(number: ${number}) { id locked activeLockReason } } }`;
  const { data } = await askGraphql(scene, read);
  expect(data).toMatchObject({ repository: { issue: { locked: true, activeLockReason: null } } });
  const { data: issue } = await scene.octokit.rest.issues.get({ ...scene.repo, issue_number: number });
  const add = (field: string, input: string) =>
    askGraphql(
      scene,
      `mutation { ${field}(input: { subjectId: "${issue.node_id}", ${input} }) { clientMutationId } }`,
    );
  expect((await add("addComment", 'body: "Well,"')).errors).toMatchObject([
    { type: "FORBIDDEN", message: lockedSentence },
  ]);
  expect((await add("addReaction", "content: EYES")).errors).toMatchObject([
    {
      type: "FORBIDDEN",
      message: "github-actions[bot] does not have the correct permissions to execute `AddReaction`",
    },
  ]);
});

test("locking and unlocking is told once each, and an unlocked conversation is everybody's again", async () => {
  const issue = await scene.github.openIssue(repo, { author: "ann", title: "Too slow" });
  const { number: pull } = await openPull(scene, "x", 4);
  for (const number of [issue, pull]) {
    await scene.github.lock(repo, number, "ann", "resolved");
    await scene.github.lock(repo, number, "ann", "spam");
    await scene.github.unlock(repo, number, "ann");
    await scene.github.unlock(repo, number, "ann");
  }
  const told = scene.github.webhookDeliveries
    .map(({ event, request }) => ({ event, ...JSON.parse(request.payload) }))
    .filter(({ action }) => action === "locked" || action === "unlocked");
  expect(told).toMatchObject([
    { event: "issues", action: "locked", issue: { locked: true, active_lock_reason: "resolved" } },
    { event: "issues", action: "unlocked", issue: { locked: false, active_lock_reason: null } },
    { event: "pull_request", action: "locked", pull_request: { locked: true } },
    { event: "pull_request", action: "unlocked", pull_request: { locked: false } },
  ]);
  await scene.github.comment(repo, issue, { author: "stranger", body: "Thanks" });
});
