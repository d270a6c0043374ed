import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventually } from "./support/app-world.ts";
import { asked, GATED, head, nudge, REPO, scaled, settled, TIMEOUT } from "./support/approval-world.ts";
import { asPerson } from "./support/as-person.ts";
import { readNotes } from "./support/read-notes.ts";
import { PLACE, STACK_FILE } from "./support/shop-stack.ts";

describe("a change over the threshold", () => {
  it("is left alone where a person has pushed to its branch, and says so", { timeout: TIMEOUT }, async () => {
    const world = await asked();
    const { github } = world;
    const branch = GATED;
    const files = { [PLACE.path]: scaled(10) };
    await github.commit(REPO, { branch, files, message: "a bit more", login: "alice" });
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await settled(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
    expect(await readNotes(world.github, 1)).toEqual([expect.stringContaining("Somebody has pushed")]);
    const pushed = await head(world);
    const { results } = await world.post("/scale/web", { value: 9 });
    expect(results[0]).toMatchObject({ kind: "hold", from: 3, to: 3, pullRequest: null });
    expect(results[0]?.reasons).toMatchObject([{ code: "awaiting-approval" }]);
    expect(await head(world)).toBe(pushed);
  });

  it("is made anew where the contract has moved the value to another key", { timeout: TIMEOUT }, async () => {
    const world = await asked();
    const { github, publish, stackFile } = world;
    const other = `${STACK_FILE}  shop:otherCount: 3\n`;
    await github.commit(REPO, { files: { [PLACE.path]: other }, message: "another key", login: "alice" });
    const pool = { targetUrn: "urn:web", strategy: "incremental", min: 1, max: 10, cooldown: 300 };
    await publish({ pools: { web: { ...pool, configKey: "otherCount" } } });
    await settled(world);
    await nudge(world);
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await eventually(stackFile, (text) => text === other.replace("otherCount: 3", "otherCount: 8"));
  });

  it("is not taken for ours where a person has rewritten its commit, byte for byte", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await asked();
    const { github } = world;
    const [ours] = await github.readLog(REPO, GATED);
    const message = (ours?.message ?? "").replace("Requested-By: scale", "Requested-By: nobody");
    const alice = asPerson(github, "alice");
    const tree = z.object({ tree: z.object({ sha: z.string() }) });
    const { sha } = tree.parse(await alice("GET", `/git/commits/${ours?.oid}`)).tree;
    const commit = { message, tree: sha, parents: ours?.parents, author: ours?.author };
    const made = z.object({ sha: z.string() }).parse(await alice("POST", "/git/commits", commit));
    await alice("PATCH", `/git/refs/heads/${GATED}`, { sha: made.sha, force: true });
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await settled(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
  });

  it("is not taken for ours where a person calls themselves like the App", { timeout: TIMEOUT }, async () => {
    const world = await asked();
    const { github } = world;
    const [ours] = await github.readLog(REPO, GATED);
    github.createUser("mallory", { name: "scaler[bot]" });
    github.addCollaborator(REPO, "mallory", "write");
    const mallory = asPerson(github, "mallory");
    await mallory("POST", "/git/refs", { ref: "refs/heads/draft", sha: ours?.parents[0] });
    // GitHub signs it, under the name that its account has.
    const [headline = "", ...body] = (ours?.message ?? "").replace("3 -> 8", "3 -> 10").split("\n");
    const contents = Buffer.from(scaled(10)).toString("base64");
    const commit = {
      branch: { repositoryNameWithOwner: REPO, branchName: "draft" },
      expectedHeadOid: ours?.parents[0],
      message: { headline, body: body.join("\n") },
      fileChanges: { additions: [{ path: PLACE.path, contents }] },
    };
    const query = `mutation($commit: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $commit) { commit { oid } } }`;
    const authorization = `bearer ${github.issueToken({ kind: "user", login: "mallory" })}`;
    const text = JSON.stringify({ query, variables: { commit } });
    await fetch(github.graphqlUrl, { method: "POST", headers: { authorization }, body: text });
    const sha = await github.readRef(REPO, "refs/heads/draft");
    await mallory("PATCH", `/git/refs/heads/${GATED}`, { sha, force: true });
    await github.review(REPO, 1, { login: "mallory", state: "APPROVED" });
    await settled(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
    expect(await readNotes(github, 1)).toEqual([expect.stringContaining("Somebody has pushed")]);
  });
});

describe("a process that dies between the move of a gated branch and its words", () => {
  it("is made up for: the head is still ours, and worded anew", { timeout: TIMEOUT }, async () => {
    const world = await asked();
    const { github } = world;
    const before = await head(world);
    // Each try of it, until GitHub is asked no more.
    github.faults.add({ match: { operation: "updatePullRequest" }, kind: "status", status: 502, times: 1 });
    await github.commit(REPO, { files: { [PLACE.path]: scaled(4) }, message: "by hand", login: "alice" });
    await nudge(world);
    await nudge(world);
    expect(await head(world)).not.toBe(before);
    expect(
      github.requests.some(
        ({ status, operations }) => status === 502 && operations.includes("updatePullRequest"),
      ),
    ).toBe(true);
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await eventually(world.stackFile, (text) => text === scaled(8));
    const [merged] = await github.readLog(REPO, "main");
    expect(merged?.message).toContain("Approved-By: bob");
    expect(merged?.message).not.toContain("Pulumiscale-Head");
    expect(await readNotes(github, 1)).toEqual([]);
  });

  it("leaves nothing that a person could pass off as ours", { timeout: TIMEOUT }, async () => {
    const world = await asked();
    const { github } = world;
    await github.commit(REPO, { files: { [PLACE.path]: scaled(4) }, message: "by hand", login: "alice" });
    await nudge(world);
    const [ours] = await github.readLog(REPO, GATED);
    expect(ours?.message).toMatch(/^Pulumiscale-Head: [0-9a-f]{64}$/m);
    const alice = asPerson(github, "alice");
    const shaOf = async (work: Promise<unknown>) => z.object({ sha: z.string() }).parse(await work).sha;
    const file = { path: PLACE.path, mode: "100644", type: "blob", content: scaled(10) };
    const tree = await shaOf(alice("POST", "/git/trees", { base_tree: ours?.oid, tree: [file] }));
    const commit = { message: ours?.message, tree, parents: ours?.parents };
    const sha = await shaOf(alice("POST", "/git/commits", commit));
    await alice("PATCH", `/git/refs/heads/${GATED}`, { sha, force: true });
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await settled(world);
    expect(await world.stackFile()).toBe(scaled(4));
    expect(await readNotes(github, 1)).toEqual([expect.stringContaining("Somebody has pushed")]);
  });
});
