import { expect, it } from "vitest";
import { eventually } from "../support/app-world.ts";
import {
  GATE,
  GATED,
  gatedPull,
  IN_RANGE,
  inRangePull,
  type PullStates,
  REPO,
  scaled,
  startPullStates,
} from "../support/pull-state-world.ts";
import { readNotes } from "../support/read-notes.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";

const TIMEOUT = 60_000;
const approve = { login: "bob", state: "APPROVED" } as const;

/** A person moves pull request #1 to another base branch. */
async function toRelease({ alice, github }: PullStates): Promise<void> {
  const files = { "notes.md": "1" };
  await github.commit(REPO, { branch: "release", files, message: "notes", login: "bob" });
  await alice("PATCH", "/pulls/1", { base: "release" });
}

it("an in-range pull request whose base was changed is none of ours: said once, not merged, and the next demand has another", {
  timeout: TIMEOUT,
}, async () => {
  const world = await inRangePull();
  const { github, nudge, post, pull, pulls, settled, stackFile, unblock } = world;
  await toRelease(world);
  await settled();
  unblock();
  await nudge(IN_RANGE);
  const said = (await readNotes(github, 1)).filter((note) => note.includes("Somebody has changed the base"));
  expect(said).toHaveLength(1);
  expect(await github.readFile(REPO, PLACE.path, "release")).toBe(STACK_FILE);
  const before = (await pull(1)).head.sha;
  const { results } = await post("/scale/web", { value: 5 });
  expect(results[0]).toMatchObject({ kind: "scale", from: 3, to: 5, pullRequest: 2 });
  await eventually(stackFile, (text) => text === scaled(5));
  expect(await pull(1)).toMatchObject({ state: "closed", merged_at: null, head: { sha: before } });
  expect((await readNotes(github, 1)).at(-1)).toContain("Its base was changed to `release`");
  expect(await pulls()).toEqual([]);
  expect(github.violations).toEqual([]);
});

it("a gated pull request whose base was changed is not merged on an approval, and the next demand has another", {
  timeout: TIMEOUT,
}, async () => {
  const world = await gatedPull();
  const { github, post, pull, settled, stackFile } = world;
  await toRelease(world);
  await github.review(REPO, 1, approve);
  await settled();
  expect(await github.readFile(REPO, PLACE.path, "release")).toBe(STACK_FILE);
  const { results } = await post("/scale/web", { value: 8 });
  expect(results[0]).toMatchObject({ kind: "scale", to: 8, delivery: "needs-approval", pullRequest: 2 });
  expect(await pull(1)).toMatchObject({ state: "closed", merged_at: null });
  await github.review(REPO, 2, approve);
  await eventually(stackFile, (text) => text === scaled(8));
});

it("a base that is set back makes it ours again", { timeout: TIMEOUT }, async () => {
  const world = await inRangePull();
  const { alice, settled, stackFile, unblock } = world;
  await toRelease(world);
  await settled();
  unblock();
  await alice("PATCH", "/pulls/1", { base: "main" });
  await eventually(stackFile, (text) => text === scaled(4));
});

it.each([
  ["in range", IN_RANGE],
  ["gated", GATED],
])(
  "a person's own pull request from a branch that is named like ours never counts (%s)",
  { timeout: TIMEOUT },
  async (_, branch) => {
    const { github, nudge, post, settled, stackFile } = await startPullStates({ files: GATE });
    await github.openPull(REPO, {
      login: "alice",
      branch,
      title: "t",
      body: "",
      files: { [PLACE.path]: scaled(9) },
    });
    await github.review(REPO, 1, approve);
    await nudge(branch);
    expect(await stackFile()).toBe(STACK_FILE);
    expect(await readNotes(github, 1)).toEqual([]);
    const { results } = await post("/scale/api", { value: 3 });
    await settled();
    expect(results[0]?.reasons[0]?.code).not.toBe("rejected");
  },
);
