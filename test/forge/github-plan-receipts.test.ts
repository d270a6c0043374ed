import { expect, it } from "vitest";
import { z } from "zod";
import { GitHubPlanReceipts } from "../../src/forge/github-plan-receipts.ts";
import { PLANS_FOLDER, planPath, receiptPath } from "../../src/kubernetes/apply/plan-place.ts";
import { asPerson } from "../support/as-person.ts";
import { startForge } from "./github-world.ts";

const NAME = { owner: "acme", repo: "infra" };

async function readReceipts(files: Record<string, string>) {
  const { clients, github } = await startForge();
  await github.commit("acme/infra", { branch: "pulumiscale", message: "receipts", login: "alice", files });
  const client = await clients.clientFor(NAME.owner, NAME.repo);
  const receipts = new GitHubPlanReceipts(() => Promise.resolve(client));
  const before = github.requests.length;
  const { texts } = await receipts.readPlanReceipts(NAME, PLANS_FOLDER);
  return { texts, calls: github.requests.length - before };
}

it("receipts are read with one call, those that GitHub cuts are not read", async () => {
  const { texts, calls } = await readReceipts({
    [receiptPath("a")]: "x".repeat(600_000),
    [receiptPath("b")]: "y".repeat(600_000),
    [receiptPath("prod")]: "{}",
  });
  expect([...texts]).toEqual([["prod", "{}"]]);
  expect(calls).toBe(1);
});

it("of a hundred targets receipts are read, and of no more", async () => {
  const targets = Array.from({ length: 120 }, (_, index) => `t${1000 + index}`);
  const { texts } = await readReceipts(
    Object.fromEntries(targets.map((target) => [receiptPath(target), "{}"])),
  );
  expect([...texts.keys()]).toEqual(targets.slice(0, 100));
});

it.each([
  ["nobody has approved", null],
  ["bob has approved", "bob"],
])("a plan that a person merges by hand was approved by whom its reviews name, where %s", async (_, who) => {
  const { clients, github } = await startForge();
  github.createUser("bob");
  github.addCollaborator("acme/infra", "bob", "write");
  const path = planPath("prod");
  const open = { login: "alice", branch: "plans", title: "a plan", files: { [path]: "a: 1\n" } };
  const { number } = await github.openPull("acme/infra", open);
  if (who !== null) await github.review("acme/infra", number, { login: who, state: "APPROVED" });
  // Anybody may write that.
  const message = "Pulumiscale-Approved-By: carol";
  const merge = { merge_method: "squash", commit_title: "a plan", commit_message: message };
  await asPerson(github, "alice")("PUT", `/pulls/${number}/merge`, merge);
  const client = await clients.clientFor(NAME.owner, NAME.repo);
  const { data } = await client.request("GET /repos/{owner}/{repo}/contents/{path}", { ...NAME, path });
  const { sha: blob } = z.object({ sha: z.string() }).parse(data);
  const receipts = new GitHubPlanReceipts(() => Promise.resolve(client));
  expect(await receipts.findMergedPlan(NAME, path, blob)).toMatchObject({
    ...{ pullRequest: number, author: "alice", approvedBy: who },
  });
});
