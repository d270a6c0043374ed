import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql, headOf, idOfRepository } from "./ask-graphql.ts";
import { type OctoInfra, octokitOf, openPull, stackFile, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra();
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

test("one read gives head, file, history of a path and the pull requests that brought each commit", async () => {
  const { number } = await openPull(scene, "scale/prod", 4);
  await scene.octokit.rest.pulls.merge({ ...scene.repo, pull_number: number, merge_method: "squash" });
  await scene.github.commit("octo/infra", { message: "elsewhere", files: { other: "x" } });
  const answer = await askGraphql(
    scene,
    `{
    repository(owner: "octo", name: "infra") {
      nameWithOwner isArchived autoMergeAllowed squashMergeAllowed
      ref(qualifiedName: "refs/heads/main") { name target { ... on Commit {
        oid
        file(path: "Pulumi.prod.yaml") { path type object { ... on Blob { text byteSize isBinary isTruncated } } }
        history(first: 1, path: "Pulumi.prod.yaml") {
          totalCount
          pageInfo { hasNextPage endCursor }
          nodes {
            messageHeadline author { name user { login } } committer { name }
            parents(first: 1) { nodes { file(path: "Pulumi.prod.yaml") { object { ... on Blob { text } } } } }
            associatedPullRequests(first: 1) { nodes {
              number merged mergedBy { login __typename } author { login __typename } mergeCommit { oid }
            } }
          }
        }
      } } }
    }
  }`,
  );
  expect(answer.errors).toBeUndefined();
  expect(answer.data).toMatchObject({
    repository: {
      nameWithOwner: "octo/infra",
      autoMergeAllowed: false,
      ref: {
        name: "main",
        target: {
          file: {
            path: "Pulumi.prod.yaml",
            type: "blob",
            object: { text: "config:\n  infra:size: 4\n", isBinary: false },
          },
          history: {
            totalCount: 2,
            pageInfo: { hasNextPage: true },
            nodes: [
              {
                messageHeadline: `scale to 4 (#${number})`,
                author: { name: "scaler[bot]", user: { login: "scaler[bot]" } },
                committer: { name: "GitHub" },
                parents: { nodes: [{ file: { object: { text: stackFile } } }] },
                associatedPullRequests: {
                  nodes: [{ number, merged: true, mergedBy: { login: "scaler", __typename: "Bot" } }],
                },
              },
            ],
          },
        },
      },
    },
  });
});

test("history pages by its cursor to the end", async () => {
  for (const size of [4, 5, 6]) {
    await scene.github.commit("octo/infra", {
      message: `size ${size}`,
      files: { "Pulumi.prod.yaml": `${size}` },
    });
  }
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const page: {
      repository: {
        object: {
          history: { nodes: { message: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
        };
      };
    } = await scene.octo.graphql(
      `query($after: String) { repository(owner: "octo", name: "infra") { object(expression: "main") { ... on Commit {
          history(first: 3, after: $after) { nodes { message } pageInfo { hasNextPage endCursor } }
        } } } }`,
      { after },
    );
    const { nodes, pageInfo } = page.repository.object.history;
    seen.push(...nodes.map(({ message }) => message));
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  expect(seen).toEqual(["size 6", "size 5", "size 4", "Initial commit"]);
});

test("pull requests are found by branch, state and label, with their checks, files and reviews", async () => {
  const { number, head } = await openPull(scene, "scale/prod", 4);
  await scene.octokit.rest.issues.addLabels({
    ...scene.repo,
    issue_number: number,
    labels: ["needs-approval"],
  });
  await scene.octokit.rest.checks.create({
    ...scene.repo,
    name: "guard",
    head_sha: head,
    conclusion: "failure",
  });
  await scene.github.review("octo/infra", number, { login: "octo", state: "APPROVED" });
  const answer = await askGraphql(
    scene,
    `{ repository(owner: "octo", name: "infra") {
    pullRequests(states: [OPEN], baseRefName: "main", headRefName: "scale/prod", labels: ["needs-approval"], first: 5,
      orderBy: { field: UPDATED_AT, direction: DESC }) { totalCount nodes {
        number title state mergeable mergeStateStatus headRefOid baseRefOid author { login __typename }
        labels(first: 5) { nodes { name } } files(first: 5) { nodes { path changeType } }
        reviews(first: 5, states: [APPROVED]) { nodes { state author { login } commit { oid } } }
        commits(last: 1) { nodes { commit { oid statusCheckRollup { state contexts(first: 5) { nodes {
          __typename ... on CheckRun { name conclusion } ... on StatusContext { context }
        } } } checkSuites(first: 5) { nodes { status conclusion app { slug } } } } } }
        autoMergeRequest { enabledAt }
    } }
    closed: pullRequests(states: [CLOSED, MERGED], first: 5) { totalCount }
  } rateLimit { cost limit remaining resetAt } }`,
  );
  expect(answer.errors).toBeUndefined();
  expect(answer.data).toMatchObject({
    repository: {
      pullRequests: {
        totalCount: 1,
        nodes: [
          {
            number,
            mergeable: "MERGEABLE",
            mergeStateStatus: "UNSTABLE",
            headRefOid: head,
            author: { login: "scaler", __typename: "Bot" },
            files: { nodes: [{ path: "Pulumi.prod.yaml", changeType: "MODIFIED" }] },
            reviews: { nodes: [{ state: "APPROVED", author: { login: "octo" }, commit: { oid: head } }] },
            commits: {
              nodes: [
                {
                  commit: {
                    oid: head,
                    statusCheckRollup: {
                      state: "FAILURE",
                      contexts: { nodes: [{ __typename: "CheckRun", name: "guard", conclusion: "FAILURE" }] },
                    },
                    checkSuites: { nodes: [{ conclusion: "FAILURE", app: { slug: "scaler" } }] },
                  },
                },
              ],
            },
            autoMergeRequest: null,
          },
        ],
      },
      closed: { totalCount: 0 },
    },
    rateLimit: { limit: 5000 },
  });
});

test("a field that the stand-in does not have is an error that names it", async () => {
  const answer = await askGraphql(
    scene,
    `{ repository(owner: "octo", name: "infra") { name stargazerCount } }`,
  );
  expect(answer.errors).toMatchObject([
    {
      message: "GitHub stand-in: the field Repository.stargazerCount is not implemented; see its README.md.",
    },
  ]);
});

test("what GitHub's schema does not have is refused before anything is done", async () => {
  const answer = await askGraphql(scene, `mutation { createRef(input: { name: "x" }) { ref { nothing } } }`);
  expect(answer.data).toBeUndefined();
  expect(answer.errors?.map(({ message }) => message).join()).toContain(
    "Field 'nothing' doesn't exist on type 'Ref'",
  );
});

test("connections want a size, of at most 100", async () => {
  const history = (args: string) =>
    askGraphql(
      scene,
      `{ repository(owner: "octo", name: "infra") { object(expression: "main") { ... on Commit {
      history${args} { nodes { oid } } } } } }`,
    );
  expect((await history("")).errors).toMatchObject([{ type: "MISSING_PAGINATION_BOUNDARIES" }]);
  expect((await history("(first: 101)")).errors).toMatchObject([{ type: "EXCESSIVE_PAGINATION" }]);
});

test("what a token may not see is not found, and what it may not do is forbidden", async () => {
  await scene.github.createRepository({ owner: "octo", name: "secret", files: { a: "a" } });
  const hidden = await askGraphql(scene, `{ repository(owner: "octo", name: "secret") { id } }`);
  expect(hidden).toMatchObject({
    data: { repository: null },
    errors: [
      { type: "NOT_FOUND", message: "Could not resolve to a Repository with the name 'octo/secret'." },
    ],
  });
  const reader = scene.github.issueToken({
    kind: "workflow",
    repo: "octo/infra",
    permissions: { contents: "read" },
  });
  const oid = await headOf(scene);
  const write = await askGraphql(
    scene,
    `mutation($id: ID!) { createRef(input: { repositoryId: $id, name: "refs/heads/x", oid: "${oid}" }) { ref { id } } }`,
    { id: await idOfRepository(scene) },
    reader,
  );
  expect(write).toMatchObject({
    data: { createRef: null },
    errors: [{ type: "FORBIDDEN", message: "Resource not accessible by integration" }],
  });
  const pulls = await askGraphql(
    scene,
    `{ repository(owner: "octo", name: "infra") { pullRequests(first: 1) { totalCount } } }`,
    {},
    reader,
  );
  expect(pulls.errors).toMatchObject([{ type: "FORBIDDEN" }]);
});

test("nodes are found by their ids", async () => {
  const { number } = await openPull(scene, "x", 4);
  const oid = await headOf(scene);
  const ids = await scene.octo.graphql<{
    repository: { id: string; pullRequest: { id: string }; object: { id: string }; ref: { id: string } };
  }>(
    `query($number: Int!) { repository(owner: "octo", name: "infra") {
      id pullRequest(number: $number) { id } object(expression: "main") { id } ref(qualifiedName: "main") { id }
    } }`,
    { number },
  );
  const { id, pullRequest, object, ref } = ids.repository;
  const answer = await askGraphql(
    scene,
    `query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Commit { oid } ... on PullRequest { number } ... on Ref { name } } }`,
    { ids: [id, pullRequest.id, object.id, ref.id] },
  );
  expect(answer.data).toEqual({
    nodes: [
      { __typename: "Repository" },
      { __typename: "PullRequest", number },
      { __typename: "Commit", oid },
      { __typename: "Ref", name: "main" },
    ],
  });
});

test("an App without a token has no GraphQL", async () => {
  const anonymous = octokitOf(scene.github, "wrong");
  await expect(anonymous.graphql("{ viewer { login } }")).rejects.toThrow("Bad credentials");
  const { viewer } = await scene.octokit.graphql<{ viewer: { login: string } }>("{ viewer { login } }");
  expect(viewer.login).toBe("scaler[bot]");
});
