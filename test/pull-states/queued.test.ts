import { expect, it } from "vitest";
import { parseScaleCommit } from "../../src/domain/scale-commit.ts";
import { parseTrailers } from "../../src/domain/trailers.ts";
import { eventually } from "../support/app-world.ts";
import {
  GATE,
  GATED,
  IN_RANGE,
  type PullStates,
  REPO,
  startPullStates,
} from "../support/pull-state-world.ts";

const TIMEOUT = 60_000;
const QUEUE = {
  requiredChecks: [{ context: "ci", appId: null }],
  mergeQueue: { mergeMethod: "squash" as const },
};
/** Words of the queue's commits come from the pull request. */
const WORDS = { squash_merge_commit_title: "PR_TITLE", squash_merge_commit_message: "PR_BODY" } as const;
/** What a browser sends: lines that end in CRLF; one of ours is changed, others are added, and the title is a person's. */
const FORGED =
  "\r\nPulumiscale-Approved-By: mallory\r\nPulumiscale-Scale: web 3 -> 9 requested=9 reason=requested source=scale event=0123456789abcdef\r\n";

const LARGE = { value: 8, branch: GATED, title: "scale(shop.prod): web 3 → 8", approvedBy: "bob" };
const SMALL = { value: 4, branch: IN_RANGE, title: "scale(shop.prod): web 3 → 4", approvedBy: undefined };
const CHANGES = [
  ["in range", SMALL],
  ["gated", LARGE],
] as const;

type Change = typeof LARGE | typeof SMALL;

/** Pull request #1 waits for its check in front of a merge queue. */
async function asked({ value }: Change): Promise<PullStates> {
  const world = await startPullStates({ files: GATE });
  world.github.changeSettings(REPO, WORDS);
  world.github.protect(REPO, "main", QUEUE);
  const { results } = await world.post("/scale/web", { value });
  expect(results[0]).toMatchObject({ kind: "scale", to: value, pullRequest: 1 });
  await world.settled();
  return world;
}

const groupOf = async ({ github }: PullStates) =>
  (await github.listBranches(REPO)).find((name) => name.startsWith("gh-readonly-queue/"));

async function pass({ alice, github, settled }: PullStates, branch: string): Promise<void> {
  const oid = await github.readRef(REPO, `refs/heads/${branch}`);
  await alice("POST", `/statuses/${oid}`, { state: "success", context: "ci" });
  await settled();
}

/** It is checked, approved where it has to be, and in the queue. */
async function queue(world: PullStates, { branch, approvedBy }: Change): Promise<string> {
  await pass(world, branch);
  if (approvedBy !== undefined) await world.github.review(REPO, 1, { login: approvedBy, state: "APPROVED" });
  const group = await eventually(
    () => groupOf(world),
    (name) => name !== undefined,
  );
  await world.settled();
  return group ?? "";
}

async function edit({ alice, pull, settled }: PullStates): Promise<void> {
  const { body } = await pull(1);
  const text = (body ?? "").replaceAll("\n", "\r\n");
  await alice("PATCH", "/pulls/1", { title: "Let us have nine", body: `${text}${FORGED}` });
  await settled();
}

async function expectOurWords(world: PullStates, { value, title, approvedBy }: Change): Promise<void> {
  await eventually(world.stackFile, (text) => text?.includes(`"${value}"`) === true);
  const [newest] = await world.github.readLog(REPO, "main");
  const message = newest?.message ?? "";
  expect(message.split("\n")[0]).toBe(`${title} (#1)`);
  expect(parseScaleCommit(message)).toMatchObject({ alias: "shop.prod", scales: [{ from: 3, to: value }] });
  expect(parseTrailers(message).filter(({ key }) => key === "Scale")).toHaveLength(1);
  expect(parseTrailers(message).filter(({ key }) => key === "Approved-By")).toEqual(
    approvedBy === undefined ? [] : [{ key: "Approved-By", value: approvedBy }],
  );
  expect(world.github.violations).toEqual([]);
}

it.each(CHANGES)(
  "what a person has written into a pull request is not what the merge queue commits (%s)",
  {
    timeout: TIMEOUT,
  },
  async (_, change) => {
    const world = await asked(change);
    await edit(world);
    await pass(world, await queue(world, change));
    await expectOurWords(world, change);
  },
);

it.each(CHANGES)(
  "nor what they write while it is in the queue: it is worded anew and queued again (%s)",
  {
    timeout: TIMEOUT,
  },
  async (_, change) => {
    const world = await asked(change);
    await queue(world, change);
    await edit(world);
    // The queue makes its commit anew, with the words of by now.
    await world.push("main", { "notes.md": "x" });
    await world.settled();
    const group = await eventually(
      () => groupOf(world),
      (name) => name !== undefined,
    );
    await pass(world, group ?? "");
    await expectOurWords(world, change);
  },
);

it.each(CHANGES)(
  "one that nobody has edited stays in the queue, however often it is looked at (%s)",
  {
    timeout: TIMEOUT,
  },
  async (_, change) => {
    const world = await asked(change);
    const group = await queue(world, change);
    await world.nudge(change.branch);
    await world.nudge(change.branch);
    expect(await groupOf(world)).toBe(group);
    const dequeued = world.github.webhookDeliveries.filter(({ action }) => action === "dequeued");
    expect(dequeued).toEqual([]);
    await pass(world, group);
    await expectOurWords(world, change);
  },
);

it("one whose squash leaves the message out is a scale in history all the same, by its subject", {
  timeout: TIMEOUT,
}, async () => {
  const world = await asked(SMALL);
  world.github.changeSettings(REPO, { squash_merge_commit_message: "BLANK" });
  await pass(world, await queue(world, SMALL));
  await eventually(world.stackFile, (text) => text?.includes('"4"') === true);
  const [newest] = await world.github.readLog(REPO, "main");
  expect(newest?.message.trim()).toBe("scale(shop.prod): web 3 → 4 (#1)");
  const { answer } = await eventually(
    () => world.get("/pools/web/history"),
    (history) => JSON.stringify(history.answer).includes(newest?.oid ?? "none"),
  );
  expect(answer).toMatchObject({ history: [{ from: 3, to: 4, reasons: [], source: null }, {}] });
  const { results } = await world.post("/scale/web", { value: 3 });
  expect(results[0]?.reasons.map(({ code }) => code)).not.toContain("manual-change");
  expect(world.github.violations).toEqual([]);
});

it("one that is in the queue as somebody takes our mark out of it leaves the queue", {
  timeout: TIMEOUT,
}, async () => {
  const world = await asked(LARGE);
  await queue(world, LARGE);
  await world.alice("PATCH", "/pulls/1", { body: "Mine now." });
  await world.settled();
  expect([await groupOf(world), (await world.pull(1)).body]).toEqual([undefined, "Mine now."]);
});
