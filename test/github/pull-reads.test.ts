import { afterEach, beforeEach, expect, test } from "vitest";
import { headOf } from "./ask-graphql.ts";
import { type OctoInfra, openPull, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra();
  scene.github.createUser("ann");
  scene.github.createUser("eve");
  scene.github.addCollaborator("octo/infra", "ann", "write");
  scene.github.addCollaborator("octo/infra", "eve", "read");
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

function readPull(number: number, fields: string) {
  return scene.octokit.graphql<{ repository: { pullRequest: unknown } }>(
    `query($number: Int!) { repository(owner: "octo", name: "infra") { pullRequest(number: $number) { ${fields} } } }`,
    { number },
  );
}

test("a person's pull request is theirs, and its head pushed by them, unsigned", async () => {
  const pull = await scene.github.openPull("octo/infra", {
    login: "ann",
    branch: "ann",
    title: "mine",
    body: "words",
    files: { a: "a" },
  });
  expect(await headOf(scene, "ann")).toBe(pull.head);
  const answer = await readPull(
    pull.number,
    `id title body baseRefName viewerDidAuthor author { __typename login }
     commits(last: 1) { nodes { commit { author { name email user { login } } signature { isValid } } } }`,
  );
  expect(answer.repository.pullRequest).toEqual({
    id: pull.id,
    title: "mine",
    body: "words",
    baseRefName: "main",
    viewerDidAuthor: false,
    author: { __typename: "User", login: "ann" },
    commits: {
      nodes: [
        {
          commit: {
            author: { name: "ann", email: "ann@example.com", user: { login: "ann" } },
            signature: null,
          },
        },
      ],
    },
  });
});

test("what an App commits is signed by GitHub and of its bot, unless it names another author", async () => {
  const content = Buffer.from("x").toString("base64");
  const put = (path: string, author?: { name: string; email: string }) =>
    scene.octokit.rest.repos.createOrUpdateFileContents({
      ...scene.repo,
      path,
      message: path,
      content,
      ...(author === undefined ? {} : { author }),
    });
  await put("bot");
  await put("other", { name: "scaler[bot]", email: "other@example.com" });
  const { repository } = await scene.octokit.graphql<{ repository: unknown }>(`{
    repository(owner: "octo", name: "infra") { object(expression: "main") { ... on Commit {
      history(first: 2) { nodes { author { name user { login } } signature { isValid wasSignedByGitHub } } }
    } } } }`);
  expect(repository).toEqual({
    object: {
      history: {
        nodes: [
          { author: { name: "scaler[bot]", user: null }, signature: null },
          {
            author: { name: "scaler[bot]", user: { login: "scaler[bot]" } },
            signature: { isValid: true, wasSignedByGitHub: true },
          },
        ],
      },
    },
  });
});

test("reviews tell who, of which head, and whether they could push; only writers decide", async () => {
  scene.github.protect("octo/infra", "main", { requiredApprovals: 1 });
  const { number, head } = await openPull(scene, "x", 4);
  const next = await scene.github.commit("octo/infra", { branch: "x", message: "y", files: { y: "y" } });
  const decision = async () => (await readPull(number, "reviewDecision")).repository.pullRequest;
  await scene.github.review("octo/infra", number, { login: "eve", state: "APPROVED" });
  expect(await decision()).toEqual({ reviewDecision: "REVIEW_REQUIRED" });
  const id = await scene.github.review("octo/infra", number, {
    login: "ann",
    state: "APPROVED",
    commit: head,
  });
  expect(await decision()).toEqual({ reviewDecision: "APPROVED" });
  const answer = await readPull(
    number,
    `reviews(last: 2) { nodes { databaseId author { __typename login } state commit { oid }
       authorCanPushToRepository viewerDidAuthor } }
     latestOpinionatedReviews(first: 5, writersOnly: true) { totalCount }`,
  );
  expect(answer.repository.pullRequest).toMatchObject({
    reviews: {
      nodes: [
        { author: { login: "eve" }, commit: { oid: next }, authorCanPushToRepository: false },
        {
          databaseId: id,
          author: { __typename: "User", login: "ann" },
          state: "APPROVED",
          commit: { oid: head },
          authorCanPushToRepository: true,
          viewerDidAuthor: false,
        },
      ],
    },
    latestOpinionatedReviews: { totalCount: 1 },
  });
});

test("an App knows its own comments", async () => {
  const { number } = await openPull(scene, "x", 4);
  const comment = { ...scene.repo, issue_number: number };
  await scene.octo.rest.issues.createComment({ ...comment, body: "theirs" });
  const own = await scene.octokit.rest.issues.createComment({ ...comment, body: "ours" });
  const answer = await readPull(
    number,
    "viewerDidAuthor comments(last: 2) { nodes { id databaseId body viewerDidAuthor } }",
  );
  expect(answer.repository.pullRequest).toMatchObject({
    viewerDidAuthor: true,
    comments: {
      nodes: [
        { body: "theirs", viewerDidAuthor: false },
        { id: own.data.node_id, databaseId: own.data.id, body: "ours", viewerDidAuthor: true },
      ],
    },
  });
});

test("check runs are read through an App's suites, by status and conclusion", async () => {
  const sha = await headOf(scene);
  const { checks } = scene.octokit.rest;
  await checks.create({ ...scene.repo, name: "guard", head_sha: sha, conclusion: "failure" });
  await checks.create({ ...scene.repo, name: "guard", head_sha: sha, status: "in_progress" });
  const read = async (filter: string, appId = scene.app.appId) => {
    const answer = await scene.octokit.graphql<{
      repository: { object: { checkSuites: { nodes: { checkRuns: { totalCount: number } }[] } } };
    }>(
      `query($app: Int) { repository(owner: "octo", name: "infra") { object(expression: "main") { ... on Commit {
        checkSuites(first: 5, filterBy: { appId: $app }) { nodes {
          checkRuns(first: 5, filterBy: { ${filter} }) { totalCount } } }
      } } } }`,
      { app: appId },
    );
    return answer.repository.object.checkSuites.nodes.map(({ checkRuns }) => checkRuns.totalCount);
  };
  expect(await read("checkType: LATEST")).toEqual([1]);
  expect(await read("checkType: ALL")).toEqual([2]);
  expect(await read("checkType: ALL, conclusions: [FAILURE]")).toEqual([1]);
  expect(await read("statuses: [COMPLETED]")).toEqual([0]);
  expect(await read("checkType: ALL", 1)).toEqual([]);
});

test("a rename is one file with its old name, in a pull request and in a comparison", async () => {
  const lines = Array.from({ length: 20 }, (_, line) => `line ${line}\n`).join("");
  await scene.github.commit("octo/infra", { message: "long", files: { "old/name.yaml": lines } });
  const base = await headOf(scene);
  const pull = await scene.github.openPull("octo/infra", {
    login: "ann",
    branch: "rename",
    files: { "old/name.yaml": null, "new/name.yaml": lines },
  });
  // What main gets meanwhile is no part of either.
  await scene.github.commit("octo/infra", { message: "meanwhile", files: { other: "x" } });
  const renamed = { filename: "new/name.yaml", previous_filename: "old/name.yaml", status: "renamed" };
  const files = await scene.octokit.rest.pulls.listFiles({ ...scene.repo, pull_number: pull.number });
  expect(files.data).toMatchObject([renamed]);
  const compared = await scene.octokit.rest.repos.compareCommitsWithBasehead({
    ...scene.repo,
    basehead: "main...rename",
  });
  expect(compared.data).toMatchObject({
    status: "diverged",
    ahead_by: 1,
    behind_by: 1,
    merge_base_commit: { sha: base },
    files: [renamed],
  });
});

test("what is too long for GitHub is refused, not cut", async () => {
  const { number } = await openPull(scene, "x", 4);
  const { issues, checks } = scene.octokit.rest;
  const comment = { ...scene.repo, issue_number: number };
  const kept = await issues.createComment({ ...comment, body: "x".repeat(65_536) });
  const body = "x".repeat(65_537);
  const tooLong = "Body is too long (maximum is 65536 characters)";
  expect(await refusal(issues.createComment({ ...comment, body }))).toContain(tooLong);
  expect(await refusal(issues.updateComment({ ...scene.repo, comment_id: kept.data.id, body }))).toContain(
    tooLong,
  );
  const run = { ...scene.repo, name: "guard", head_sha: await headOf(scene) };
  const output = { title: "t", summary: "x".repeat(65_536) };
  expect(await refusal(checks.create({ ...run, output }))).toMatch(/^422 Invalid request.*65535/s);
});

test("a document may ask for a pull request's merge message once it is merged", async () => {
  const { number } = await openPull(scene, "x", 4);
  const fields = "mergeStateStatus isInMergeQueue mergeQueueEntry { state } mergeCommit { oid message }";
  expect((await readPull(number, fields)).repository.pullRequest).toEqual({
    mergeStateStatus: "CLEAN",
    isInMergeQueue: false,
    mergeQueueEntry: null,
    mergeCommit: null,
  });
  const { data } = await scene.octokit.rest.pulls.merge({
    ...scene.repo,
    pull_number: number,
    merge_method: "squash",
    commit_title: "t",
    commit_message: "m",
  });
  expect((await readPull(number, "mergeCommit { oid message }")).repository.pullRequest).toEqual({
    mergeCommit: { oid: data.sha, message: "t\n\nm" },
  });
});
