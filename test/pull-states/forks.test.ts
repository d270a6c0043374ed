import { expect, it } from "vitest";
import { z } from "zod";
import { eventually } from "../support/app-world.ts";
import { asPerson } from "../support/as-person.ts";
import { readAnswers } from "../support/command-world.ts";
import {
  GATE,
  GATED,
  gatedPull,
  IN_RANGE,
  type PullStates,
  REPO,
  scaled,
  startPullStates,
} from "../support/pull-state-world.ts";
import { readNotes } from "../support/read-notes.ts";
import { PLACE, STACK_FILE } from "../support/shop-stack.ts";

const TIMEOUT = 60_000;
const approve = { login: "bob", state: "APPROVED" } as const;
const CheckRuns = z.object({
  check_runs: z.array(z.object({ name: z.string(), conclusion: z.string().nullable() })),
});

/** Mallory, who may only read, has a fork of the repository as it is now. */
async function forkOf({ github }: PullStates): Promise<string> {
  github.changeSettings(REPO, { private: false });
  github.createUser("mallory");
  return github.fork(REPO, "mallory");
}

/** A person may word a commit like one of ours. */
const FORGED = `scale(shop.prod): web 3 → 4

Pulumiscale-Stack: shop.prod
Pulumiscale-Scale: web 3 -> 4 requested=4 reason=requested source=direct event=0123456789abcdef`;

/** Her pull request from a branch of the fork. */
function openFrom({ github }: PullStates, fork: string, branch: string, files: Record<string, string>) {
  return github.openPull(REPO, { login: "mallory", from: fork, branch, title: "t", files });
}

it.each([
  ["in range", IN_RANGE],
  ["gated", GATED],
])(
  "a fork's pull request from a branch that is named like ours never counts, open or closed (%s)",
  {
    timeout: TIMEOUT,
  },
  async (_, branch) => {
    const world = await startPullStates({ files: GATE });
    const { alice, github, post, pull, settled, stackFile } = world;
    const fork = await forkOf(world);
    await github.commit(fork, { branch, message: FORGED, files: { [PLACE.path]: scaled(4) } });
    await asPerson(github, "mallory")("POST", "/pulls", {
      title: "t",
      head: `mallory:${branch}`,
      base: "main",
    });
    const number = 1;
    await alice("POST", `/issues/${number}/labels`, { labels: ["needs-approval"] });
    await github.review(REPO, number, approve);
    await settled();
    expect([await stackFile(), await readNotes(github, number)]).toEqual([STACK_FILE, []]);
    expect(await pull(number)).toMatchObject({ state: "open", merged_at: null });

    await github.close(REPO, number, "alice");
    await settled();
    const { results } = await post("/scale/web", { value: 4 });
    expect(results[0]).toMatchObject({ kind: "scale", to: 4 });
    await eventually(stackFile, (text) => text === scaled(4));
    expect(await github.readRef(fork, branch)).not.toBeNull();
    expect(github.violations).toEqual([]);
  },
);

it("a review and `/scale approve` on a fork's pull request of our own head approve nothing", {
  timeout: TIMEOUT,
}, async () => {
  const world = await gatedPull();
  const { github, alice, nudge, pull, settled, stackFile } = world;
  const fork = await forkOf(world);
  const ours = await github.readRef(REPO, GATED);
  expect(await github.readRef(fork, GATED)).toBe(ours);
  await asPerson(github, "mallory")("POST", "/pulls", { title: "t", head: `mallory:${GATED}`, base: "main" });
  expect((await pull(2)).head.sha).toBe(ours);

  await github.review(REPO, 2, approve);
  await github.comment(REPO, 2, { author: "bob", body: "/scale approve" });
  await settled();
  await nudge(GATED);
  expect(await stackFile()).toBe(STACK_FILE);
  expect(await readAnswers(github, 2)).toEqual([
    expect.stringContaining("This command is for an open scale pull request of PulumiScale"),
  ]);
  expect(await pull(1)).toMatchObject({ state: "open", merged_at: null });

  await alice("PATCH", "/pulls/2", { state: "closed" });
  await github.review(REPO, 1, approve);
  await eventually(stackFile, (text) => text === scaled(8));
  expect(github.violations).toEqual([]);
});

it("`/scale reject` on a fork's pull request leaves ours and theirs as they are", {
  timeout: TIMEOUT,
}, async () => {
  const world = await gatedPull();
  const { github, pull, settled } = world;
  const fork = await forkOf(world);
  const { number } = await openFrom(world, fork, GATED, { [PLACE.path]: scaled(9) });
  await github.comment(REPO, number, { author: "bob", body: "/scale reject too much" });
  await settled();
  expect(await readAnswers(github, number)).toEqual([
    expect.stringContaining("This command is for an open scale pull request of PulumiScale"),
  ]);
  expect([(await pull(1)).state, (await pull(number)).state]).toEqual(["open", "open"]);
});

it("a command of whoever has opened a fork's pull request is refused, and one of a writer's counts there as anywhere", {
  timeout: TIMEOUT,
}, async () => {
  const world = await startPullStates();
  const { github, settled, stackFile } = world;
  const fork = await forkOf(world);
  const { number } = await openFrom(world, fork, "notes", { "notes.md": "1" });
  await github.comment(REPO, number, { author: "mallory", body: "/scale web 9" });
  await settled();
  expect(await stackFile()).toBe(STACK_FILE);
  expect(await readAnswers(github, number)).toEqual([expect.stringContaining("write")]);
  await github.comment(REPO, number, { author: "bob", body: "/scale web 4" });
  await eventually(stackFile, (text) => text === scaled(4));
});

it("the guard judges a fork's pull request by its head, as any other", { timeout: TIMEOUT }, async () => {
  const world = await startPullStates({ files: GATE });
  const { alice, settled } = world;
  const fork = await forkOf(world);
  const conclusionOf = async (head: string): Promise<string | null | undefined> => {
    const { check_runs } = CheckRuns.parse(await alice("GET", `/commits/${head}/check-runs`));
    return check_runs.find(({ name }) => name === "pulumiscale/guard")?.conclusion;
  };
  const bad = await openFrom(world, fork, "more", { [PLACE.path]: scaled(99) });
  const harmless = await openFrom(world, fork, "notes", { "notes.md": "1" });
  await settled();
  expect([await conclusionOf(bad.head), await conclusionOf(harmless.head)]).toEqual(["failure", "success"]);
});
