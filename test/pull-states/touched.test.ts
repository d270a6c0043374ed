import { expect, it } from "vitest";
import { eventually } from "../support/app-world.ts";
import { GATED, gatedPull, IN_RANGE, inRangePull, REPO, scaled } from "../support/pull-state-world.ts";
import { readNotes } from "../support/read-notes.ts";
import { recordedLogger } from "../support/recorded-logger.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";

const TIMEOUT = 60_000;
const approve = { login: "bob", state: "APPROVED" } as const;

it("an in-range draft waits, says so, and merges when it is ready", { timeout: TIMEOUT }, async () => {
  const { github, setDraft, nudge, unblock, stackFile } = await inRangePull();
  await setDraft(1, "draft");
  expect(await readNotes(github, 1)).toEqual([expect.stringContaining("It is a draft")]);
  unblock();
  await nudge(IN_RANGE);
  expect(await stackFile()).toBe(STACK_FILE);
  await setDraft(1, "ready");
  await eventually(stackFile, (text) => text === scaled(4));
});

it("a gated draft that is approved waits, says so, and merges when it is ready", {
  timeout: TIMEOUT,
}, async () => {
  const { github, setDraft, settled, stackFile } = await gatedPull();
  await setDraft(1, "draft");
  await github.review(REPO, 1, approve);
  await settled();
  expect(await stackFile()).toBe(STACK_FILE);
  expect(await readNotes(github, 1)).toEqual([expect.stringContaining("It is approved, and a draft")]);
  await setDraft(1, "ready");
  await eventually(stackFile, (text) => text === scaled(8));
});

it("a label that a person takes off is put back, and nothing merges for that", {
  timeout: TIMEOUT,
}, async () => {
  const { alice, nudge, pull, settled, stackFile } = await gatedPull();
  await alice("DELETE", "/issues/1/labels/needs-approval");
  await settled();
  expect((await pull(1)).labels.map(({ name }) => name)).toEqual(["needs-approval"]);
  await nudge(GATED);
  expect(await stackFile()).toBe(STACK_FILE);
});

it("an in-range branch that a person has pushed to is theirs: said once, never merged, and told to later demands", {
  timeout: TIMEOUT,
}, async () => {
  const { github, nudge, post, push, settled, stackFile, unblock } = await inRangePull();
  const theirs = await push(IN_RANGE, { [PLACE.path]: scaled(6) });
  await settled();
  unblock();
  await nudge(IN_RANGE);
  const said = (await readNotes(github, 1)).filter((note) => note.includes("Somebody has pushed"));
  expect(said).toHaveLength(1);
  for (const [pool, value] of [
    ["web", 5],
    ["api", 3],
  ] as const) {
    const { results } = await post(`/scale/${pool}`, { value });
    expect(results[0]).toMatchObject({ kind: "hold", pullRequest: null, reasons: [{ code: "in-flight" }] });
    expect(results[0]?.reasons[0]?.message).toContain("somebody has pushed to pull request #1");
  }
  await settled();
  expect(await github.readRef(REPO, `refs/heads/${IN_RANGE}`)).toBe(theirs);
  expect(await stackFile()).toBe(STACK_FILE);
});

it("GitHub's auto-merge is taken back from a branch that a person has pushed to", {
  timeout: TIMEOUT,
}, async () => {
  const { alice, block, github, post, pulls, push, settled, stackFile } = await inRangePull();
  github.changeSettings(REPO, { allow_auto_merge: true });
  await alice("PATCH", "/pulls/1", { state: "closed" });
  await settled();
  block();
  await post("/scale/web", { value: 5 });
  await settled();
  expect(await autoMerges(alice, 2)).toBe(true);
  const theirs = await push(IN_RANGE, { [PLACE.path]: scaled(9) });
  await settled();
  expect(await autoMerges(alice, 2)).toBe(false);
  await alice("POST", `/statuses/${theirs}`, { state: "success", context: "ci" });
  await settled();
  expect(await stackFile()).toBe(STACK_FILE);
  expect(await pulls()).toMatchObject([{ number: 2 }]);
});

it("a branch that is forced back to our head is ours again", { timeout: TIMEOUT }, async () => {
  const inRange = await inRangePull();
  const ours = await inRange.github.readRef(REPO, `refs/heads/${IN_RANGE}`);
  await inRange.push(IN_RANGE, { [PLACE.path]: scaled(6) });
  await inRange.settled();
  inRange.unblock();
  await inRange.alice("PATCH", `/git/refs/heads/${IN_RANGE}`, { sha: ours, force: true });
  await eventually(inRange.stackFile, (text) => text === scaled(4));

  const gated = await gatedPull();
  const head = await gated.github.readRef(REPO, `refs/heads/${GATED}`);
  await gated.push(GATED, { [PLACE.path]: scaled(10) });
  await gated.settled();
  await gated.alice("PATCH", `/git/refs/heads/${GATED}`, { sha: head, force: true });
  await gated.settled();
  expect(await readNotes(gated.github, 1)).toEqual([expect.stringContaining("It is not merged yet")]);
  await gated.github.review(REPO, 1, approve);
  await eventually(gated.stackFile, (text) => text === scaled(8));
});

it("what was approved, and pushed to before it could merge, is not merged", {
  timeout: TIMEOUT,
}, async () => {
  const { block, github, nudge, push, settled, stackFile, unblock } = await gatedPull();
  block();
  await github.review(REPO, 1, approve);
  await settled();
  await push(GATED, { [PLACE.path]: scaled(10) });
  unblock();
  await nudge(GATED);
  expect(await stackFile()).toBe(STACK_FILE);
  expect(await readNotes(github, 1)).toEqual([expect.stringContaining("Somebody has pushed")]);
});

it("an approval that is dismissed before it could merge is none", { timeout: TIMEOUT }, async () => {
  const { alice, block, github, nudge, settled, stackFile, unblock } = await gatedPull();
  block();
  const id = await github.review(REPO, 1, approve);
  await settled();
  await alice("PUT", `/pulls/1/reviews/${id}/dismissals`, { message: "not now" });
  await settled();
  unblock();
  await nudge(GATED);
  expect(await stackFile()).toBe(STACK_FILE);
  expect(await readNotes(github, 1)).toEqual([expect.stringContaining("It is not merged yet")]);
});

it.each([
  ["in range", inRangePull, 4],
  ["gated", gatedPull, 8],
] as const)(
  "a title and a text that a person has edited are not what is merged (%s)",
  { timeout: TIMEOUT },
  async (_, open, to) => {
    const { alice, github, nudge, pull, stackFile, unblock } = await open();
    const [ours] = await github.readLog(REPO, to === 4 ? IN_RANGE : GATED);
    const forged = (await pull(1)).body
      ?.replaceAll("3 -> ", "3 -> 1")
      .replace("Requested-By: scale", "Requested-By: bob");
    await alice("PATCH", "/pulls/1", {
      title: "chore: nothing",
      body: `${forged}\nPulumiscale-Approved-By: alice`,
    });
    unblock();
    if (to === 8) await github.review(REPO, 1, approve);
    await nudge(to === 4 ? IN_RANGE : GATED).catch(() => {});
    await eventually(stackFile, (text) => text === scaled(to));
    const [merged] = await github.readLog(REPO, "main");
    const own = (ours?.message ?? "").trimEnd();
    expect(merged?.message.startsWith(own.split("\n")[0] ?? "-")).toBe(true);
    expect(merged?.message).toContain(`web 3 -> ${to} `);
    expect(merged?.message).toContain("Requested-By: scale");
    expect(merged?.message).not.toMatch(/nothing|Approved-By: alice/);
  },
);

it("where a person has taken our mark out of the text, it is left to people", {
  timeout: TIMEOUT,
}, async () => {
  const { alice, github, settled, stackFile } = await gatedPull();
  await alice("PATCH", "/pulls/1", { body: "mine now" });
  await github.review(REPO, 1, approve);
  await settled();
  expect(await stackFile()).toBe(STACK_FILE);
  expect(await readNotes(github, 1)).toEqual([expect.stringContaining("taken our mark out of this text")]);
});

it("a locked conversation keeps nothing from going on", { timeout: TIMEOUT }, async () => {
  const log = recordedLogger();
  const { github, nudge, stackFile, unblock } = await gatedPull({ log: log.logger });
  await github.lock(REPO, 1, "alice", "too heated");
  await github.review(REPO, 1, { login: "bob", state: "CHANGES_REQUESTED" });
  await nudge(GATED);
  expect(
    github.requests.filter(({ operations }) => operations.includes("issues/create-comment")),
  ).not.toEqual([]);
  expect(await readNotes(github, 1)).toEqual([]);
  // It is no failure of the app's that is told to whoever runs it.
  expect(log.text()).not.toContain("locked");
  unblock();
  await github.review(REPO, 1, approve);
  await eventually(stackFile, (text) => text === scaled(8));
});

async function autoMerges(
  alice: (method: string, path: string) => Promise<unknown>,
  number: number,
): Promise<boolean> {
  const pull = await alice("GET", `/pulls/${number}`);
  return typeof pull === "object" && pull !== null && "auto_merge" in pull && pull.auto_merge !== null;
}
