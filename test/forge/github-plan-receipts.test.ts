import { expect, it } from "vitest";
import { GitHubPlanReceipts } from "../../src/forge/github-plan-receipts.ts";
import { PLANS_FOLDER, receiptPath } from "../../src/kubernetes/apply/plan-place.ts";
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
