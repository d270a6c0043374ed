import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql, headOf, idOfRepository } from "./ask-graphql.ts";
import { type OctoInfra, openPull, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra();
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("several mutations run in order, and a stale head is refused in GitHub's words", async () => {
  const oid = await headOf(scene);
  const commit = `createCommitOnBranch(input: {
    branch: { repositoryNameWithOwner: "octo/infra", branchName: "scale/prod" }
    message: { headline: "size 4", body: "because" }
    expectedHeadOid: "${oid}"
    fileChanges: { additions: [{ path: "Pulumi.prod.yaml", contents: "${base64("4\n")}" }] }
  }) { commit { oid message committedViaWeb signature { isValid } } }`;
  const create = `createRef(input: { repositoryId: $id, name: "refs/heads/scale/prod", oid: "${oid}" }) { ref { name } }`;
  const id = await idOfRepository(scene);
  const first = await askGraphql(scene, `mutation($id: ID!) { ${create} ${commit} }`, { id });
  expect(first.errors).toBeUndefined();
  expect(first.data).toMatchObject({
    createCommitOnBranch: { commit: { message: "size 4\n\nbecause", signature: { isValid: true } } },
  });
  const second = await askGraphql(scene, `mutation { ${commit} }`);
  expect(second.data).toEqual({ createCommitOnBranch: null });
  expect(second.errors).toMatchObject([
    {
      type: "STALE_DATA",
      path: ["createCommitOnBranch"],
      message: `Expected branch to point to "${oid}" but it did not.  Pull and try again.`,
    },
  ]);
  const third = await askGraphql(scene, `mutation($id: ID!) { ${create} }`, { id });
  expect(third.errors).toMatchObject([
    {
      type: "UNPROCESSABLE",
      message: 'A ref named "refs/heads/scale/prod" already exists in the repository.',
    },
  ]);
});

test("refs move together or not at all", async () => {
  const before = await headOf(scene);
  const after = await scene.github.commit("octo/infra", { message: "next", files: { a: "a" } });
  const id = await idOfRepository(scene);
  const update = (updates: string) =>
    askGraphql(
      scene,
      `mutation($id: ID!) { updateRefs(input: { repositoryId: $id, refUpdates: [${updates}] }) { clientMutationId } }`,
      { id },
    );
  const none = "0".repeat(40);
  const fresh = `{ name: "refs/heads/one", beforeOid: "${none}", afterOid: "${before}" }`;
  const stale = `{ name: "refs/heads/main", beforeOid: "${before}", afterOid: "${before}", force: true }`;
  const refused = await update(`${fresh}, ${stale}`);
  expect(refused.errors?.[0]?.message).toContain(`refs/heads/main is at ${after}`);
  expect(await scene.github.listBranches("octo/infra")).toEqual(["main"]);
  expect((await update(fresh)).errors).toBeUndefined();
  const forced = `{ name: "refs/heads/main", beforeOid: "${after}", afterOid: "${before}", force: true }`;
  const gone = `{ name: "refs/heads/one", beforeOid: "${before}", afterOid: "${none}" }`;
  expect((await update(`${forced}, ${gone}`)).errors).toBeUndefined();
  expect(await headOf(scene)).toBe(before);
  expect(await scene.github.listBranches("octo/infra")).toEqual(["main"]);
});

test("a pull request is opened, labelled, changed and merged", async () => {
  await scene.github.commit("octo/infra", { branch: "x", message: "x", files: { x: "x" } });
  await scene.octo.rest.issues.createLabel({ ...scene.repo, name: "needs-approval" });
  const id = await idOfRepository(scene);
  const opened = await scene.octo.graphql<{
    createPullRequest: { pullRequest: { id: string; mergeable: string } };
  }>(
    `mutation($id: ID!) { createPullRequest(input: {
      repositoryId: $id, baseRefName: "main", headRefName: "x", title: "t", body: "b"
    }) { pullRequest { id number mergeable mergeStateStatus isDraft } } }`,
    { id },
  );
  const pull = opened.createPullRequest.pullRequest.id;
  const label = await scene.octo.graphql<{ repository: { label: { id: string } } }>(
    `{ repository(owner: "octo", name: "infra") { label(name: "needs-approval") { id } } }`,
  );
  const answer = await askGraphql(
    scene,
    `mutation($pull: ID!, $label: ID!) {
      updatePullRequest(input: { pullRequestId: $pull, title: "t2" }) { pullRequest { title body } }
      addLabelsToLabelable(input: { labelableId: $pull, labelIds: [$label] }) {
        labelable { ... on PullRequest { labels(first: 5) { nodes { name } } } }
      }
      addComment(input: { subjectId: $pull, body: "hello" }) { commentEdge { node { body author { login } } } }
      mergePullRequest(input: { pullRequestId: $pull, mergeMethod: SQUASH, commitHeadline: "h", commitBody: "b" }) {
        pullRequest { state merged mergeCommit { message } }
      }
    }`,
    { pull, label: label.repository.label.id },
  );
  expect(answer.errors).toBeUndefined();
  expect(answer.data).toMatchObject({
    updatePullRequest: { pullRequest: { title: "t2", body: "b" } },
    addLabelsToLabelable: { labelable: { labels: { nodes: [{ name: "needs-approval" }] } } },
    addComment: { commentEdge: { node: { body: "hello", author: { login: "github-actions" } } } },
    mergePullRequest: { pullRequest: { state: "MERGED", merged: true, mergeCommit: { message: "h\n\nb" } } },
  });
});

test("auto-merge waits for what is required, and refuses where nothing is", async () => {
  const { number, head } = await openPull(scene, "x", 4);
  const { repository } = await scene.octo.graphql<{ repository: { pullRequest: { id: string } } }>(
    `query($number: Int!) { repository(owner: "octo", name: "infra") { pullRequest(number: $number) { id } } }`,
    { number },
  );
  const enable = () =>
    askGraphql(
      scene,
      `mutation($pull: ID!) { enablePullRequestAutoMerge(input: {
        pullRequestId: $pull, mergeMethod: SQUASH, commitHeadline: "h", commitBody: "b"
      }) { pullRequest { autoMergeRequest { mergeMethod enabledBy { login } } } } }`,
      { pull: repository.pullRequest.id },
    );
  expect((await enable()).errors?.[0]?.message).toBe("Auto merge is not allowed for this repository");
  scene.github.changeSettings("octo/infra", { allow_auto_merge: true });
  expect((await enable()).errors?.[0]?.message).toBe("Pull request Pull request is in clean status");
  scene.github.protect("octo/infra", "main", { requiredChecks: [{ context: "ci", appId: null }] });
  expect(await enable()).toMatchObject({
    data: { enablePullRequestAutoMerge: { pullRequest: { autoMergeRequest: { mergeMethod: "SQUASH" } } } },
  });
  expect(await scene.github.readLog("octo/infra")).toHaveLength(1);
  await scene.octokit.rest.repos.createCommitStatus({
    ...scene.repo,
    sha: head,
    state: "success",
    context: "ci",
  });
  const [newest] = await scene.github.readLog("octo/infra");
  expect(newest?.message).toBe("h\n\nb");
});

test("an auto-merge that has become impossible is taken back, and whoever met the requirement is not told", async () => {
  scene.github.changeSettings("octo/infra", { allow_auto_merge: true });
  scene.github.protect("octo/infra", "main", { requiredChecks: [{ context: "ci", appId: null }] });
  const { number, head } = await openPull(scene, "x", 4);
  const { data } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  const enable = `mutation($pull: ID!) {
    enablePullRequestAutoMerge(input: { pullRequestId: $pull, mergeMethod: SQUASH }) { clientMutationId }
  }`;
  expect((await askGraphql(scene, enable, { pull: data.node_id })).errors).toBeUndefined();
  scene.github.changeSettings("octo/infra", { allow_squash_merge: false });
  const status = { ...scene.repo, sha: head, state: "success", context: "ci" } as const;
  expect((await scene.octokit.rest.repos.createCommitStatus(status)).status).toBe(201);
  const after = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect(after.data).toMatchObject({ state: "open", auto_merge: null, mergeable_state: "clean" });
});
