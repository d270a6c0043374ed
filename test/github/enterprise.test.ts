import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql } from "./ask-graphql.ts";
import { type OctoInfra, openPull, refusal, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra({
    options: {
      enterprise: {
        version: "3.16.2",
        missingFields: ["Mutation.updateRefs", "PullRequest.isInMergeQueue"],
        missingOperations: ["pulls/merge-async"],
      },
    },
  });
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

test("the API is below /api alone, and says whose it is", async () => {
  const status = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${scene.github.url}${path}`, init);
    return [response.status, response.headers.get("x-github-enterprise-version")];
  };
  expect(await status("/api/v3/users/octo")).toEqual([200, "3.16.2"]);
  expect(await status("/users/octo")).toEqual([404, "3.16.2"]);
  const ask = { method: "POST", body: JSON.stringify({ query: "{ viewer { login } }" }) };
  expect(await status("/graphql", ask)).toEqual([404, "3.16.2"]);
  expect(await askGraphql(scene, "{ viewer { login } }")).toMatchObject({ data: { viewer: {} } });
  const meta = await scene.octokit.rest.meta.get();
  expect(meta.data).toMatchObject({ installed_version: "3.16.2" });
});

test("github.com's API takes every form, and names no version", async () => {
  await using cloud = await startOctoInfra();
  const response = await fetch(`${cloud.github.url}/users/octo`);
  expect([response.status, response.headers.get("x-github-enterprise-version")]).toEqual([200, null]);
  expect((await cloud.octokit.rest.meta.get()).data).not.toHaveProperty("installed_version");
});

test("a missing field is refused as GitHub words it, and nothing is answered", async () => {
  const { number } = await openPull(scene, "x", 4);
  const answer = await askGraphql(
    scene,
    `query Pull($number: Int!) { repository(owner: "octo", name: "infra") {
      pull: pullRequest(number: $number) { title isInMergeQueue } } }`,
    { number },
  );
  expect(answer).toEqual({
    errors: [
      {
        path: ["query Pull", "repository", "pull", "isInMergeQueue"],
        extensions: { code: "undefinedField", typeName: "PullRequest", fieldName: "isInMergeQueue" },
        locations: [{ line: 2, column: 50 }],
        message: "Field 'isInMergeQueue' doesn't exist on type 'PullRequest'",
      },
    ],
  });
});

test("a missing mutation is refused, the rest of the document with it", async () => {
  const answer = await askGraphql(
    scene,
    `mutation($input: UpdateRefsInput!) {
      updateRefs(input: $input) { clientMutationId }
      addLabelsToLabelable(input: { labelableId: "x", labelIds: [] }) { clientMutationId }
    }`,
    { input: { repositoryId: "x", refUpdates: [] } },
  );
  expect(answer).toMatchObject({
    errors: [
      { path: ["mutation", "updateRefs"], message: "Field 'updateRefs' doesn't exist on type 'Mutation'" },
    ],
  });
  expect(answer).not.toHaveProperty("data");
});

test("the schema tells a client what is missing", async () => {
  const fields = `{ __type(name: "PullRequest") { fields { name } } }`;
  const answer = JSON.stringify(await askGraphql(scene, fields));
  expect(answer).toContain("mergeStateStatus");
  expect(answer).not.toContain("isInMergeQueue");
});

test("a missing operation is not found", async () => {
  const { number } = await openPull(scene, "x", 4);
  const route = "PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge-async";
  const call = scene.octokit.request(route, { ...scene.repo, pull_number: number });
  expect(await refusal(call)).toBe("404 Not Found");
});
