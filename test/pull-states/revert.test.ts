import { expect, it } from "vitest";
import type { Receipt } from "../../src/domain/receipt.ts";
import { eventually } from "../support/app-world.ts";
import { movableClock, readAnswers } from "../support/command-world.ts";
import type { AppWorldOptions } from "../support/open-app-world.ts";
import { type PullStates, REPO, scaled, startPullStates } from "../support/pull-state-world.ts";
import { readNotes } from "../support/read-notes.ts";
import { PLACE } from "../support/shop-stack.ts";

const TIMEOUT = 60_000;
const RUN = "https://github.com/acme/infra/actions/runs/7";
const receipt = (from: number, to: number, outcome: "failed" | "applied" = "failed"): Receipt => ({
  commit: "a".repeat(40),
  covers: [],
  startedAt: new Date(Date.now() - 1000).toISOString(),
  durationSeconds: 1,
  outcome,
  pools: [{ pool: "web", outcome, from, to, message: outcome === "failed" ? "quota of @team exceeded" : "" }],
  runUrl: RUN,
});
const settings = (onFailure: string) => ({
  ".github/pulumiscale.yml": `defaults:\n  onFailure: ${onFailure}\n`,
});

/** 3 → 4 is committed. */
async function committed(onFailure: string, options: AppWorldOptions = {}): Promise<PullStates> {
  const world = await startPullStates({ ...options, files: settings(onFailure) });
  await world.post("/scale/web", { value: 4 });
  await eventually(world.stackFile, (text) => text === scaled(4));
  await world.settled();
  return world;
}

/** 3 → 4 is committed, and its apply has failed. */
async function failed(onFailure: string, options: AppWorldOptions = {}): Promise<PullStates> {
  const world = await committed(onFailure, options);
  await fail(world);
  return world;
}

async function fail({ publish, settled }: PullStates): Promise<void> {
  await publish({ receipt: receipt(3, 4) });
  await settled();
}

async function control({ post, settled }: PullStates, path: string, body: object): Promise<void> {
  expect((await post(path, body)).status).toBe(200);
  await settled();
}

it("a failed apply is answered with a pull request that puts the old value back, and waits for a person", {
  timeout: TIMEOUT,
}, async () => {
  const { github, publish, pull, pulls, settled, stackFile } = await failed("open");
  await eventually(pulls, (open) => open.length === 1);
  const { body, labels, head } = await pull(2);
  expect(head.ref).toBe("scale-revert/shop.prod/web");
  expect(labels.map(({ name }) => name)).toEqual(["scale-revert"]);
  expect(body).toContain(`[The run](${RUN})`);
  expect(body).toContain("quota of team exceeded");
  expect(body).not.toContain("@");
  expect(await stackFile()).toBe(scaled(4));
  // The same once more opens no other.
  await publish({ receipt: receipt(3, 4) });
  await settled();
  expect(await pulls()).toHaveLength(1);
  await github.review(REPO, 2, { login: "bob", state: "APPROVED" });
  await eventually(stackFile, (text) => text === scaled(3));
  expect(github.violations).toEqual([]);
});

it("a failed apply is taken back by itself with `onFailure: revert`, and what was put back is never taken back", {
  timeout: TIMEOUT,
}, async () => {
  const { publish, pulls, settled, stackFile } = await failed("revert");
  await eventually(stackFile, (text) => text === scaled(3));
  await settled();
  await publish({ receipt: receipt(4, 3) });
  await settled();
  expect(await stackFile()).toBe(scaled(3));
  expect(await pulls("all")).toHaveLength(2);
});

it("a failed apply is left as it is with `onFailure: none`", { timeout: TIMEOUT }, async () => {
  const { pulls } = await failed("none");
  expect(await pulls()).toEqual([]);
});

it("a revert that waits for a person is approved by a command, too", { timeout: TIMEOUT }, async () => {
  const { options, ahead } = movableClock();
  const { github, pulls, settled, stackFile } = await failed("open", options);
  await eventually(pulls, (open) => open.length === 1);
  ahead(1);
  await github.comment(REPO, 2, { author: "bob", body: "/scale approve" });
  await settled();
  await eventually(stackFile, (text) => text === scaled(3));
  expect(await readAnswers(github, 2)).toEqual([expect.stringContaining("👍 web 4 → 3 is approved by bob")]);
  expect(github.violations).toEqual([]);
});

it("a revert is rejected by a command, too, and not opened again for the same failure", {
  timeout: TIMEOUT,
}, async () => {
  const { github, publish, pulls, settled, stackFile } = await failed("open");
  await eventually(pulls, (open) => open.length === 1);
  await github.comment(REPO, 2, { author: "bob", body: "/scale reject we want it" });
  await settled();
  expect(await readAnswers(github, 2)).toEqual([expect.stringContaining("🚫 Closed.")]);
  await publish({ receipt: receipt(3, 4) });
  await settled();
  expect(await pulls()).toEqual([]);
  expect(await stackFile()).toBe(scaled(4));
});

it("a revert is closed with a sentence once an apply succeeds", { timeout: TIMEOUT }, async () => {
  const { github, publish, pull, pulls, settled } = await failed("open");
  await eventually(pulls, (open) => open.length === 1);
  await publish({ receipt: receipt(3, 4, "applied"), applied: { web: 4, api: 2 } });
  await settled();
  await eventually(pulls, (open) => open.length === 0);
  expect(await pull(2)).toMatchObject({ merged_at: null });
  await eventually(
    () => readNotes(github, 2),
    (notes) => notes.some((note) => note.includes("4 is applied by now")),
  );
});

it("a revert is closed with a sentence once the value has moved on", { timeout: TIMEOUT }, async () => {
  const { github, nudge, pulls, push } = await failed("open");
  await eventually(pulls, (open) => open.length === 1);
  await push("main", { [PLACE.path]: scaled(5) });
  await nudge("scale-revert/shop.prod/web");
  await eventually(pulls, (open) => open.length === 0);
  await eventually(
    () => readNotes(github, 2),
    (notes) => notes.some((note) => note.includes("it is 5 now")),
  );
});

it("a revert that a person has closed is not opened again for the same failure", {
  timeout: TIMEOUT,
}, async () => {
  const { alice, pulls, publish, settled } = await failed("open");
  await eventually(pulls, (open) => open.length === 1);
  await alice("PATCH", "/pulls/2", { state: "closed" });
  await settled();
  await publish({ receipt: { ...receipt(3, 4), startedAt: new Date(Date.now() - 60_000).toISOString() } });
  await settled();
  expect(await pulls()).toEqual([]);
});

const AGAINST = [
  ["a pause of its pool", "/pause", { pool: "web" }],
  ["a pause of the stack", "/pause", {}],
  ["a pause of scaling in", "/pause", { direction: "in" }],
  ["a pin at another value", "/pin", { pool: "web", value: 4 }],
] as const;
const NOT_AGAINST = [
  ["a pause of scaling out", "/pause", { direction: "out" }],
  ["a pin at the old value", "/pin", { pool: "web", value: 3 }],
  ["a pause of another pool", "/pause", { pool: "api" }],
] as const;

it.each(AGAINST)(
  "a failed apply is not taken back under %s, and is when that is over",
  {
    timeout: TIMEOUT,
  },
  async (_, path, body) => {
    const world = await committed("revert");
    await control(world, path, body);
    await fail(world);
    expect(await world.pulls()).toEqual([]);
    expect(await world.stackFile()).toBe(scaled(4));
    await control(world, "/resume", "pool" in body ? { pool: "web" } : {});
    await eventually(world.stackFile, (text) => text === scaled(3));
  },
);

it.each(AGAINST)(
  "a revert that is open is held back by %s, says so, and goes on when that is over",
  {
    timeout: TIMEOUT,
  },
  async (_, path, body) => {
    const world = await committed("revert");
    world.block();
    await fail(world);
    await eventually(world.pulls, (open) => open.length === 1);
    await control(world, path, body);
    world.unblock();
    await world.nudge("scale-revert/shop.prod/web");
    expect(await world.stackFile()).toBe(scaled(4));
    expect((await readNotes(world.github, 2)).at(-1)).toMatch(
      /It is held back: an API call has (paused|pinned) .* until somebody resumes it/,
    );
    await control(world, "/resume", "pool" in body ? { pool: "web" } : {});
    await eventually(world.stackFile, (text) => text === scaled(3));
  },
);

it.each(NOT_AGAINST)(
  "a failed apply is taken back under %s all the same",
  {
    timeout: TIMEOUT,
  },
  async (_, path, body) => {
    const world = await committed("revert");
    await control(world, path, body);
    await fail(world);
    await eventually(world.stackFile, (text) => text === scaled(3));
  },
);

it("a failed apply is not taken back while everything is paused, and is when that is over", {
  timeout: TIMEOUT,
}, async () => {
  const world = await committed("revert");
  const paused = (yes: boolean) => ({
    ".github/pulumiscale.yml": `paused: ${yes}\ndefaults:\n  onFailure: revert\n`,
  });
  await world.push("main", paused(true));
  await world.settled();
  await fail(world);
  expect(await world.pulls("all")).toHaveLength(1);
  expect(await world.stackFile()).toBe(scaled(4));
  await world.push("main", paused(false));
  await eventually(world.stackFile, (text) => text === scaled(3));
});
