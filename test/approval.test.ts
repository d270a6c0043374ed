import { describe, expect, it } from "vitest";
import { parseScaleCommit } from "../src/domain/scale-commit.ts";
import { eventually, startAppWorld } from "./support/app-world.ts";
import { asked, GATED, gate, head, nudge, REPO, scaled, settled, TIMEOUT } from "./support/approval-world.ts";
import { readNotes } from "./support/read-notes.ts";
import { PLACE, STACK_FILE } from "./support/shop-stack.ts";

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
