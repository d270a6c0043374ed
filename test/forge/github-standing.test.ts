import { expect, it } from "vitest";
import { withReplyMark } from "../../src/domain/reply-mark.ts";
import { headMarkKey } from "../../src/forge/head-mark.ts";
import { PLACE } from "../support/shop-stack.ts";
import { startForge } from "./github-world.ts";

const REPO = "acme/infra";

it("comments are read as far back as an approval of the head may stand, and no further", {
  timeout: 60_000,
}, async () => {
  let nowMs = Date.parse("2025-01-15T12:00:00Z");
  const { github, forge, clients, app } = await startForge({}, { now: () => new Date(nowMs) });
  for (const login of ["bob", "carol"]) {
    github.createUser(login);
    github.addCollaborator(REPO, login, "write");
  }
  const files = { "README.md": "hello\n" };
  const { number } = await github.openPull(REPO, { login: "alice", branch: "more", title: "More", files });
  const chat = async (comments: number) => {
    nowMs += 60_000;
    for (let count = 1; count <= comments; count++)
      await github.comment(REPO, number, { author: "carol", body: `Thought ${count}` });
  };
  const { owner, repo } = PLACE;
  const client = await clients.clientFor(owner, repo);
  const { data } = await client.request("GET /repos/{owner}/{repo}", { owner, repo });
  const thread = { repositoryNumber: String(data.id), issue: number, commentId: 1 };
  /** Notes that bob has approved that head. */
  const approve = async (headOid: string) => {
    const line = {
      kind: "approval",
      command: "/scale approve",
      alias: null,
      login: "bob",
      headOid,
      text: "",
    };
    const state = JSON.stringify({ version: 1, status: "done", lines: [line] });
    const body = withReplyMark(headMarkKey(app.privateKey), thread, state, "approved");
    const route = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
    await client.request(route, { owner, repo, issue_number: number, body });
  };
  /** How many questions it takes, and who is found to have approved. */
  const read = async () => {
    const before = github.requests.length;
    const { headOid, reviews } = await forge.readStanding(PLACE, number);
    const calls = github.requests.slice(before).filter(({ kind }) => kind === "graphql").length;
    return {
      headOid,
      calls,
      approvedBy: reviews.flatMap((it) => (it.state === "approved" ? it.author : [])),
    };
  };

  await chat(250);
  const { headOid, calls } = await read();
  expect(calls).toBe(3);
  await approve(headOid);
  await chat(50);
  expect(await read()).toEqual({ headOid, calls: 1, approvedBy: ["bob"] });
  await chat(100);
  expect(await read()).toEqual({ headOid, calls: 2, approvedBy: ["bob"] });
  nowMs += 60_000;
  const newest = await github.commit(REPO, {
    branch: "more",
    message: "more",
    login: "alice",
    files: { a: "b" },
  });
  await chat(1);
  // Whatever was approved before that is another head.
  expect(await read()).toMatchObject({ headOid: newest, calls: 1 });
  await chat(99);
  expect(await read()).toMatchObject({ headOid: newest, calls: 2 });
  // An approval of any head takes back what its author has asked for.
  await github.review(REPO, number, { login: "carol", state: "CHANGES_REQUESTED", body: "no" });
  expect(await read()).toEqual({ headOid: newest, calls: 6, approvedBy: ["bob"] });
  expect(github.violations).toEqual([]);
});
