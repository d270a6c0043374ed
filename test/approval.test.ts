import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseScaleCommit } from "../src/domain/scale-commit.ts";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { asPerson } from "./support/as-person.ts";
import { movableClock } from "./support/command-world.ts";
import type { AppWorld } from "./support/open-app-world.ts";
import { readNotes } from "./support/read-notes.ts";
import { PLACE, STACK_FILE } from "./support/shop-stack.ts";

const TIMEOUT = 60_000;
const REPO = "acme/infra";
const GATED = "scale-approval/shop.prod/web";
const scaled = (web: number) => STACK_FILE.replace('"3"', `"${web}"`);
const gate = (approval: string, more = "") => ({
  ".github/pulumiscale.yml": `stacks:\n  shop.prod:\n    approval: ${approval}\n${more}`,
});

/** A world in which `web` waits for approval of 3 → 8 in pull request #1. */
async function asked(options: { approval?: string; more?: string } = {}): Promise<AppWorld> {
  const world = await startAppWorld({ files: gate(options.approval ?? "{ above: 5 }", options.more) });
  world.github.createUser("bob");
  world.github.addCollaborator(REPO, "bob", "write");
  const { results } = await world.post("/scale/web", { value: 8 });
  expect(results[0]).toMatchObject({ kind: "scale", to: 8, delivery: "needs-approval", pullRequest: 1 });
  return world;
}

/** The app has looked after its pull requests: what it was told of is done. */
async function settled({ github, replica }: AppWorld): Promise<void> {
  await github.webhooksIdle();
  await replica.idle();
}

/** A status on a branch's head: GitHub tells the app, which looks after the stack's pull requests. */
async function nudge(world: AppWorld, branch = GATED): Promise<void> {
  const oid = await world.github.readRef(REPO, `refs/heads/${branch}`);
  await asPerson(world.github, "alice")("POST", `/statuses/${oid}`, { state: "success", context: "nudge" });
  await settled(world);
}

const head = ({ github }: AppWorld) => github.readRef(REPO, `refs/heads/${GATED}`);

describe("a change over the threshold", () => {
  it("merges once a person with write access has approved it, and names the approver", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await asked();
    const { github, stackFile, get } = world;
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await eventually(stackFile, (text) => text === scaled(8));
    const [newest] = await github.readLog(REPO, "main");
    expect(parseScaleCommit(newest?.message ?? "")).toMatchObject({
      scales: [{ pool: "web", from: 3, to: 8 }],
      requestedBy: "scale",
      approvedBy: "bob",
    });
    // The file is there a moment before the app has its answer.
    const { answer } = await eventually(
      () => get("/pools/web/history"),
      (read) => JSON.stringify(read.answer).includes("bob"),
    );
    expect(answer).toMatchObject({
      history: [{ from: 3, to: 8, approvedBy: "bob", pullRequest: 1 }, expect.anything()],
    });
    expect(github.violations).toEqual([]);
  });

  it("names the approver in the history where merges are merge commits", { timeout: TIMEOUT }, async () => {
    const { github, stackFile, get } = await asked({ more: "    mergeMethod: merge\n" });
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await eventually(stackFile, (text) => text === scaled(8));
    const { answer } = await eventually(
      () => get("/pools/web/history"),
      (history) => JSON.stringify(history.answer).includes("bob"),
    );
    expect(answer).toMatchObject({ history: [{ from: 3, to: 8, approvedBy: "bob" }, {}] });
  });

  it("merges where the approval came while no app was running", { timeout: TIMEOUT }, async () => {
    const { github, replica, startReplica, stackFile } = await asked();
    await replica.stop();
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await startReplica();
    await eventually(stackFile, (text) => text === scaled(8));
  });

  it.each([
    ["by someone without write access", { login: "eve", state: "APPROVED" }],
    ["by a comment", { login: "bob", state: "COMMENTED" }],
    ["by a request for changes", { login: "bob", state: "CHANGES_REQUESTED" }],
  ] as const)("is not merged %s", { timeout: TIMEOUT }, async (_, review) => {
    const world = await asked();
    world.github.createUser("eve");
    await world.github.review(REPO, 1, review);
    await settled(world);
    expect(await world.stackFile()).toBe(STACK_FILE);
  });

  it("is not merged by an approval of an earlier head, and says so", { timeout: TIMEOUT }, async () => {
    const world = await asked({ approval: "{ above: 5 }" });
    const { github } = world;
    const before = await head(world);
    await github.commit(REPO, {
      files: { "Pulumi.prod.yaml": scaled(4) },
      message: "by hand",
      login: "alice",
    });
    await settled(world);
    // The value it starts from has moved: made anew, from 4 to 8.
    await nudge(world);
    expect(await head(world)).not.toBe(before);
    await github.review(REPO, 1, { login: "bob", state: "APPROVED", commit: before ?? "" });
    await settled(world);
    expect(await world.stackFile()).toBe(scaled(4));
    expect(await readNotes(world.github, 1)).toEqual([expect.stringContaining("approved an earlier commit")]);
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await eventually(world.stackFile, (text) => text === scaled(8));
  });

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

  it("is closed where its value has come by itself", { timeout: TIMEOUT }, async () => {
    const world = await asked();
    const { github } = world;
    await github.commit(REPO, { files: { [PLACE.path]: scaled(8) }, message: "by hand", login: "alice" });
    await nudge(world);
    expect(await github.listBranches(REPO)).not.toContain(GATED);
    expect(await readNotes(world.github, 1)).toEqual([expect.stringContaining("The value is 8 already")]);
  });

  it("waits with in-range changes going on beside it", { timeout: TIMEOUT }, async () => {
    const world = await asked();
    const { github, post, stackFile } = world;
    const equal = await post("/scale/web", { value: 8 });
    expect(equal.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "awaiting-approval" }] });
    const delta = await post("/scale/web", { delta: 1 });
    expect(delta.results[0]).toMatchObject({ kind: "scale", from: 3, to: 4, delivery: "pull-request" });
    await eventually(stackFile, (text) => text === scaled(4));
    await eventually(
      async () => (await github.readLog(REPO, GATED))[0]?.message ?? "",
      (message) => message.startsWith("scale(shop.prod): web 4 → 8"),
    );
    await settled(world);
    await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
    await eventually(stackFile, (text) => text === scaled(8));
  });
});

it("says nothing any more of a pause that is over", { timeout: TIMEOUT }, async () => {
  const world = await asked();
  const { github } = world;
  const change = (more: string) =>
    github.commit(REPO, { files: gate("{ above: 5 }", more), message: "pause", login: "alice" });
  const said = (text: string) =>
    eventually(
      () => readNotes(github, 1),
      ([note = ""]) => note.includes(text),
    );
  await change("paused: true\n");
  await said("Scaling is paused");
  await change("");
  await said("a person with write access has to approve it");
  expect(await readNotes(github, 1)).toHaveLength(1);
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

describe("a partial move", () => {
  const partial = "{ above: 5, partial: true }";

  it.each(["pull-request", "direct"])(
    "goes to the threshold now and asks for the rest (%s)",
    {
      timeout: TIMEOUT,
    },
    async (delivery) => {
      const world = await startAppWorld({ files: gate(partial, `    delivery: ${delivery}\n`) });
      const { github, post, stackFile } = world;
      github.createUser("bob");
      github.addCollaborator(REPO, "bob", "write");
      const { results } = await post("/scale/web", { value: 8 });
      expect(results[0]).toMatchObject({ kind: "scale", from: 3, to: 5, requested: 8, delivery });
      await eventually(stackFile, (text) => text === scaled(5));
      const gated = async () => (await github.readLog(REPO, GATED).catch(() => []))[0]?.message ?? "";
      await eventually(gated, (message) => message.startsWith("scale(shop.prod): web 5 → 8"));
      const pull = delivery === "direct" ? 1 : 2;
      await settled(world);
      const again = await post("/scale/web", { value: 8 });
      expect(again.results[0]).toMatchObject({ kind: "hold" });
      await github.review(REPO, pull, { login: "bob", state: "APPROVED" });
      await eventually(stackFile, (text) => text === scaled(8));
      expect(github.violations).toEqual([]);
    },
  );

  it("does not wait with its first part for what hinders the rest", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld({ files: gate(partial) });
    const { github, post, stackFile } = world;
    const operation = "createCommitOnBranch";
    github.faults.add({ match: { operation }, kind: "status", status: 403, skip: 1, times: 1000 });
    await post("/scale/web", { value: 8 });
    await eventually(stackFile, (text) => text === scaled(5));
    github.faults.clear();
    await settled(world);
    // The next request, for whatever pool, looks whether something was left undone.
    await post("/scale/api", { value: 2 });
    await eventually(
      () => github.listBranches(REPO),
      (names) => names.includes(GATED),
    );
  });

  it("has been asked for by whoever has worded its first part, whatever that says", {
    timeout: TIMEOUT,
  }, async () => {
    const { options, ahead } = movableClock();
    const world = await startAppWorld({ ...options, files: gate(partial) });
    const { github, post, stackFile } = world;
    const pull = await github.openPull(REPO, {
      ...{ login: "alice", branch: "mine", title: "Five", files: { "Pulumi.prod.yaml": scaled(5) } },
    });
    const trailers = [
      "Pulumiscale-Stack: shop.prod",
      "Pulumiscale-Scale: web 3 -> 5 requested=9 reason=over-threshold source=prometheus event=0123456789abcdef",
      "Pulumiscale-Requested-By: prometheus",
    ];
    await asPerson(github, "alice")("PUT", `/pulls/${pull.number}/merge`, {
      merge_method: "squash",
      commit_message: trailers.join("\n"),
    });
    await settled(world);
    // A demand that is held is looked at without being read anew, and finds the rest.
    for (let round = 0; round < 2; round++) {
      ahead(1);
      await post("/scale/web", { value: 8 });
      await settled(world);
    }
    const [rest] = await github.readLog(REPO, GATED);
    expect(rest?.message).toContain("Pulumiscale-Requested-By: alice, prometheus");
    await github.review(REPO, 2, { login: "alice", state: "APPROVED" });
    await settled(world);
    expect(await stackFile()).toBe(scaled(5));
  });

  it("does not ask again for a rest that a person has rejected", { timeout: TIMEOUT }, async () => {
    const world = await startAppWorld({ files: gate(partial) });
    const { github, post, stackFile } = world;
    await post("/scale/web", { value: 8 });
    await eventually(stackFile, (text) => text === scaled(5));
    await settled(world);
    const alice = asPerson(github, "alice");
    await alice("PATCH", "/pulls/2", { state: "closed" });
    await alice("DELETE", `/git/refs/heads/${GATED}`);
    // The next request, for whatever pool, looks whether something was left undone.
    await post("/scale/api", { value: 2 });
    await settled(world);
    const open = z.array(z.object({ number: z.int() }));
    expect(open.parse(await alice("GET", "/pulls?state=open"))).toEqual([]);
  });
});

describe("a move in range that is not in range any more", () => {
  const IN_RANGE = "scale/shop.prod";
  const CI = { requiredChecks: [{ context: "ci", appId: null }] };

  it("does not keep a later one from merging, where the threshold is lower by now", {
    timeout: TIMEOUT,
  }, async () => {
    const world = await startAppWorld({ files: gate("{ above: 5 }") });
    const { github } = world;
    github.protect(REPO, "main", CI);
    await world.post("/scale/web", { value: 5 });
    await settled(world);
    await github.commit(REPO, { files: gate("{ above: 4 }"), message: "stricter", login: "alice" });
    await nudge(world, IN_RANGE);
    await eventually(
      () => readNotes(github, 1),
      (notes) => notes.some((note) => note.includes("5 is above 4")),
    );
    github.protect(REPO, "main", null);
    await world.post("/scale/api", { value: 3 });
    await eventually(world.stackFile, (text) => text === STACK_FILE.replace("apiCount: 2", "apiCount: 3"));
  });
});
