import { expect, it } from "vitest";
import { z } from "zod";
import { GitHubStatusIssue } from "../../src/forge/github-status-issue.ts";
import { asPerson } from "../support/as-person.ts";
import { startForge } from "./github-world.ts";

const NAME = { owner: "acme", repo: "infra" };
const DRAFT = { title: "Pools", body: "| a table |\n" };
const LABEL = "pulumiscale-status";

const Issues = z.array(
  z.object({
    number: z.int(),
    node_id: z.string(),
    state: z.string(),
    body: z.string().nullable(),
    labels: z.array(z.object({ name: z.string() })),
  }),
);

async function startStatusForge() {
  const world = await startForge();
  const { github, clients } = world;
  const replica = () => new GitHubStatusIssue((...of) => clients.clientFor(...of));
  const issues = async () =>
    Issues.parse(await asPerson(github, "alice")("GET", "/issues?state=all&direction=asc"));
  const client = await clients.clientFor(NAME.owner, NAME.repo);
  const pin = (id: string) =>
    client.graphql("mutation($id: ID!) { pinIssue(input: { issueId: $id }) { issue { id } } }", { id });
  const pinned = async () => {
    const query = `{ repository(owner: "acme", name: "infra") { pinnedIssues(first: 3) { nodes { issue { number } } } } }`;
    const Answer = z.object({
      repository: z.object({
        pinnedIssues: z.object({ nodes: z.array(z.object({ issue: z.object({ number: z.int() }) })) }),
      }),
    });
    return Answer.parse(await client.graphql(query)).repository.pinnedIssues.nodes.map(
      ({ issue }) => issue.number,
    );
  };
  return { ...world, replica, issues, client, pin, pinned };
}

it("is one, also where several replicas make it at once", async () => {
  const { replica, issues, pinned, github } = await startStatusForge();
  await Promise.all([1, 2, 3].map(() => replica().writeStatus(NAME, DRAFT)));
  const all = await issues();
  const open = all.filter(({ state }) => state === "open");
  expect(open).toMatchObject([{ number: all[0]?.number, body: DRAFT.body }]);
  expect(await pinned()).toEqual([all[0]?.number]);
  expect(await replica().writeStatus(NAME, DRAFT)).toBe("unchanged");
  expect(github.violations).toEqual([]);
});

it("of two the older one stays", async () => {
  const { replica, issues, client } = await startStatusForge();
  await replica().writeStatus(NAME, DRAFT);
  const again = { ...NAME, title: "Pools", body: DRAFT.body, labels: [LABEL, "theirs"] };
  await client.request("POST /repos/{owner}/{repo}/issues", again);
  expect(await replica().writeStatus(NAME, DRAFT)).toBe("written");
  const [first, second] = await issues();
  expect(first).toMatchObject({ state: "open", body: DRAFT.body });
  expect(second).toMatchObject({ state: "closed", labels: [{ name: "theirs" }] });
  expect(second?.body).toContain(`#${first?.number} is kept up to date`);
});

it("is made where all pins are in use, without one", async () => {
  const { replica, github, issues, pin, pinned } = await startStatusForge();
  for (const title of ["a", "b", "c"]) await github.openIssue("acme/infra", { author: "alice", title });
  for (const { node_id } of await issues()) await pin(node_id);
  expect(await replica().writeStatus(NAME, DRAFT)).toBe("written");
  const all = await issues();
  expect(all.at(-1)).toMatchObject({ state: "open", body: DRAFT.body });
  expect(await pinned()).not.toContain(all.at(-1)?.number);
});

it("that a process has left before it was pinned is finished", async () => {
  const { replica, client, issues, pinned } = await startStatusForge();
  const body = "PulumiScale is about to fill this in.";
  await client.request("POST /repos/{owner}/{repo}/issues", {
    ...NAME,
    title: "Pools",
    body,
    labels: [LABEL],
  });
  await replica().writeStatus(NAME, DRAFT);
  const [only, ...more] = await issues();
  expect(more).toEqual([]);
  expect(only?.body).toBe(DRAFT.body);
  expect(await pinned()).toEqual([only?.number]);
});

it("is never one that somebody else has made and labelled", async () => {
  const { replica, github, issues } = await startStatusForge();
  const theirs = { author: "alice", title: "Pools", body: "mine", labels: [LABEL] };
  const number = await github.openIssue("acme/infra", theirs);
  await replica().writeStatus(NAME, DRAFT);
  await replica().endStatus(NAME, "over");
  expect(await issues()).toMatchObject([
    { number, state: "open", body: "mine" },
    { state: "closed", body: "over" },
  ]);
});
