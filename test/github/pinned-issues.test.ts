import { afterEach, beforeEach, expect, test } from "vitest";
import { askGraphql } from "./ask-graphql.ts";
import { type OctoInfra, openPull, startOctoInfra } from "./octo-infra.ts";

let scene: OctoInfra;

beforeEach(async () => {
  scene = await startOctoInfra({ webhookUrl: "http://127.0.0.1:9/" });
});

afterEach(async () => {
  expect(scene.github.violations).toEqual([]);
  await scene.github.stop();
});

async function openIssue(title: string): Promise<string> {
  const { data } = await scene.octokit.rest.issues.create({ ...scene.repo, title });
  return data.node_id;
}

function ask(query: string, variables: object) {
  return askGraphql(scene, query, variables, scene.installation.issueToken());
}

const pin = (id: string) =>
  ask("mutation ($id: ID!) { pinIssue(input: { issueId: $id }) { issue { title isPinned } } }", { id });
const unpin = (id: string) =>
  ask("mutation ($id: ID!) { unpinIssue(input: { issueId: $id }) { issue { title isPinned } } }", { id });

async function pinned(): Promise<unknown> {
  const query = `{ repository(owner: "octo", name: "infra") {
    pinnedIssues(first: 3) { totalCount nodes { issue { title } pinnedBy { login } } } } }`;
  return (await ask(query, {})).data;
}

test("three issues are pinned, no fourth, and each is told of", async () => {
  const ids = [await openIssue("a"), await openIssue("b"), await openIssue("c"), await openIssue("d")];
  const [first = "", second = "", third = "", fourth = ""] = ids;
  expect(await pin(first)).toEqual({ data: { pinIssue: { issue: { title: "a", isPinned: true } } } });
  await pin(second);
  await pin(third);
  await pin(third);
  expect((await pin(fourth)).errors).toMatchObject([{ message: "Maximum 3 pinned issues per repository" }]);
  expect(await unpin(first)).toEqual({ data: { unpinIssue: { issue: { title: "a", isPinned: false } } } });
  await pin(fourth);
  expect(await pinned()).toEqual({
    repository: {
      pinnedIssues: {
        totalCount: 3,
        nodes: ["b", "c", "d"].map((title) => ({ issue: { title }, pinnedBy: { login: "scaler" } })),
      },
    },
  });
  const told = scene.github.webhookDeliveries.map(({ action }) => action);
  expect(told.filter((action) => action?.endsWith("pinned"))).toEqual([
    "pinned",
    "pinned",
    "pinned",
    "unpinned",
    "pinned",
  ]);
});

test("pull requests are not pinned", async () => {
  const { number } = await openPull(scene, "x", 4);
  const { data } = await scene.octokit.rest.pulls.get({ ...scene.repo, pull_number: number });
  expect((await pin(data.node_id)).errors).toMatchObject([{ type: "NOT_FOUND" }]);
});

test("comments are reacted to, edited, hidden and deleted by their ids", async () => {
  const { number } = (await scene.octokit.rest.issues.create({ ...scene.repo, title: "a" })).data;
  const comment = { ...scene.repo, issue_number: number, body: "one" };
  const { data } = await scene.octokit.rest.issues.createComment(comment);
  const id = data.node_id;
  const react = (mutation: string) =>
    ask(
      `mutation ($id: ID!) { r: ${mutation}(input: { subjectId: $id, content: ROCKET }) { reaction { content } } }`,
      {
        id,
      },
    );
  expect(await react("addReaction")).toEqual({ data: { r: { reaction: { content: "ROCKET" } } } });
  const edited = await ask(
    `mutation ($id: ID!) {
      updateIssueComment(input: { id: $id, body: "two" }) { issueComment { body } }
      minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { minimizedComment { isMinimized minimizedReason } }
    }`,
    { id },
  );
  expect(edited).toEqual({
    data: {
      updateIssueComment: { issueComment: { body: "two" } },
      minimizeComment: { minimizedComment: { isMinimized: true, minimizedReason: "outdated" } },
    },
  });
  const read = () =>
    ask(
      "query ($id: ID!) { node(id: $id) { ... on IssueComment { body reactions(first: 1) { totalCount } } } }",
      { id },
    );
  expect((await read()).data).toEqual({ node: { body: "two", reactions: { totalCount: 1 } } });
  await react("removeReaction");
  expect((await read()).data).toEqual({ node: { body: "two", reactions: { totalCount: 0 } } });
  await ask("mutation ($id: ID!) { deleteIssueComment(input: { id: $id }) { clientMutationId } }", { id });
  expect((await read()).errors).toMatchObject([{ type: "NOT_FOUND" }]);
});
