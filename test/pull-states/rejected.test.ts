import { expect, it } from "vitest";
import { eventually } from "../support/app-world.ts";
import { movableClock } from "../support/command-world.ts";
import {
  GATE,
  GATED,
  gatedPull,
  IN_RANGE,
  inRangePull,
  REPO,
  scaled,
  startPullStates,
} from "../support/pull-state-world.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";

const TIMEOUT = 60_000;

it("a gated pull request that a person has closed is a no to that demand, and to no other", {
  timeout: TIMEOUT,
}, async () => {
  const { alice, post, pulls, settled, startReplica, replica, github } = await gatedPull();
  await alice("PATCH", "/pulls/1", { state: "closed" });
  await settled();
  const { results } = await post("/scale/web", { value: 8 });
  expect(results[0]).toMatchObject({ kind: "hold", from: 3, to: 3, requested: 8, pullRequest: null });
  expect(results[0]?.reasons).toMatchObject([{ code: "rejected" }]);
  expect(results[0]?.reasons[0]?.message).toMatch(
    /^alice closed pull request #1 \(3 → 8\) at 20\S+Z; it is not asked for again before 20\S+Z$/,
  );
  expect(await pulls()).toEqual([]);
  // It stands in git and GitHub alone.
  await replica.stop();
  const again = await startReplica();
  const after = await post("/scale/web", { value: 8 }, {}, again.url);
  expect(after.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "rejected" }] });
  const other = await post("/scale/web", { value: 9 }, {}, again.url);
  expect(other.results[0]).toMatchObject({
    kind: "scale",
    to: 9,
    delivery: "needs-approval",
    pullRequest: 2,
  });
  expect(github.violations).toEqual([]);
});

it("an in-range pull request that a person has closed is a no, for each of its pools", {
  timeout: TIMEOUT,
}, async () => {
  const { alice, post, pulls, settled } = await inRangePull();
  await post("/scale/api", { value: 3 });
  await settled();
  await alice("PATCH", "/pulls/1", { state: "closed" });
  await settled();
  const web = await post("/scale/web", { delta: 1 });
  const api = await post("/scale/api", { value: 3 });
  for (const { results } of [web, api])
    expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "rejected" }] });
  expect(await pulls()).toEqual([]);
  const more = await post("/scale/web", { delta: 2 });
  expect(more.results[0]).toMatchObject({ kind: "scale", to: 5, pullRequest: 2 });
});

it("a branch that a person has deleted is a no too", { timeout: TIMEOUT }, async () => {
  const gated = await gatedPull();
  await gated.alice("DELETE", `/git/refs/heads/${GATED}`);
  await gated.settled();
  expect(await gated.pull(1)).toMatchObject({ state: "closed" });
  const { results } = await gated.post("/scale/web", { value: 8 });
  expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "rejected" }] });
  const inRange = await inRangePull();
  await inRange.alice("DELETE", `/git/refs/heads/${IN_RANGE}`);
  await inRange.settled();
  const other = await inRange.post("/scale/web", { value: 4 });
  expect(other.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "rejected" }] });
});

it("a no is over with the pool's cooldown, and not before five minutes", { timeout: TIMEOUT }, async () => {
  const start = Date.now();
  let aheadMs = 0;
  const clock = () => Date.now() + aheadMs;
  const { alice, post, settled } = await gatedPull({ internals: { clock } });
  await alice("PATCH", "/pulls/1", { state: "closed" });
  await settled();
  aheadMs = 290_000 - (Date.now() - start);
  const held = await post("/scale/web", { value: 8 });
  expect(held.results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "rejected" }] });
  aheadMs = 400_000;
  const { results } = await post("/scale/web", { value: 8 });
  expect(results[0]).toMatchObject({ kind: "scale", to: 8, pullRequest: 2 });
});

it("what we close ourselves is no no", { timeout: TIMEOUT }, async () => {
  const { github, nudge, post, pull, push } = await startPullStates({ files: GATE });
  await post("/scale/api", { value: 8 });
  // The value has come by itself, and goes again.
  await push("main", { [PLACE.path]: STACK_FILE.replace("apiCount: 2", "apiCount: 8") });
  await nudge("scale-approval/shop.prod/api");
  expect(await pull(1)).toMatchObject({ state: "closed", merged_at: null });
  await push("main", { [PLACE.path]: STACK_FILE });
  await github.webhooksIdle();
  const { results } = await post("/scale/api", { value: 8 });
  expect(results[0]).toMatchObject({ kind: "scale", from: 2, to: 8, pullRequest: 2 });
});

it("a pull request that is opened again is no no any more, and goes on", { timeout: TIMEOUT }, async () => {
  const { alice, post, settled, stackFile, unblock } = await inRangePull();
  await alice("PATCH", "/pulls/1", { state: "closed" });
  await settled();
  unblock();
  await alice("PATCH", "/pulls/1", { state: "open" });
  await eventually(stackFile, (text) => text === scaled(4));
  const { results } = await post("/scale/web", { value: 4 });
  expect(results[0]?.reasons[0]?.code).not.toBe("rejected");
});

it.each(["a review", "a command"])(
  "an approval by %s from before a pull request was closed and opened again merges nothing",
  { timeout: TIMEOUT },
  async (by) => {
    const { options, ahead } = movableClock();
    const { alice, block, github, nudge, settled, stackFile, unblock } = await gatedPull(options);
    const approve = () =>
      by === "a review"
        ? github.review(REPO, 1, { login: "bob", state: "APPROVED" })
        : github.comment(REPO, 1, { author: "bob", body: "/scale approve" });
    block();
    ahead(1);
    await approve();
    await settled();
    ahead(1);
    await github.comment(REPO, 1, { author: "bob", body: "/scale reject second thoughts" });
    await settled();
    unblock();
    await alice("PATCH", "/pulls/1", { state: "open" });
    await nudge(GATED);
    expect(await stackFile()).toBe(scaled(3));
    ahead(1);
    await approve();
    await eventually(stackFile, (text) => text === scaled(8));
    expect(github.violations).toEqual([]);
  },
);

it("a gated pull request that is opened again waits for its approval again", {
  timeout: TIMEOUT,
}, async () => {
  const { options, ahead } = movableClock();
  const { alice, github, post, settled, stackFile } = await gatedPull(options);
  await alice("PATCH", "/pulls/1", { state: "closed" });
  await settled();
  await alice("PATCH", "/pulls/1", { state: "open" });
  await settled();
  const { results } = await post("/scale/web", { value: 8 });
  expect(results[0]).toMatchObject({ kind: "hold", reasons: [{ code: "awaiting-approval" }] });
  ahead(1);
  await github.review(REPO, 1, { login: "bob", state: "APPROVED" });
  await eventually(stackFile, (text) => text === scaled(8));
});
