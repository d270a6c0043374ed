import { expect, it } from "vitest";
import { readMoves } from "./support/account-for.ts";
import { deliver, makeAlert } from "./support/alerts.ts";
import {
  GITHUB_LIMITS,
  openStormWorld,
  type StormStack,
  type StormWorld,
} from "./support/open-storm-world.ts";

const TIMEOUT = 120_000;

/** Scales one stack after the other until one has to wait; answers which went, and what the last was told. */
async function scaleUntilRefused(url: string, stacks: readonly StormStack[], delta: string) {
  const done: StormStack[] = [];
  for (const stack of stacks) {
    const { status, retryAfterSeconds } = await deliver(url, [
      makeAlert(stack, 0, { pulumiscale_delta: delta }),
    ]);
    if (status === 503) return { done, refused: stack, retryAfterSeconds };
    done.push(stack);
  }
  throw new Error("none was refused");
}

async function openPulls({ github }: StormWorld, { repo }: StormStack): Promise<number> {
  const token = github.issueToken({ kind: "user", login: "alice" });
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${github.apiUrl}/repos/${repo}/pulls?state=open`, { headers });
  const pulls: unknown = await response.json();
  return Array.isArray(pulls) ? pulls.length : Number.NaN;
}

it("spends the budget on scale-outs first, starts nothing that it could not end, and refuses before GitHub does", {
  timeout: TIMEOUT,
}, async () => {
  await using world = await openStormWorld({
    stacks: 40,
    pools: 1,
    delivery: "pull-request",
    strategy: "incremental",
    limits: GITHUB_LIMITS,
  });
  const { github, stacks } = world;
  const [first] = stacks;
  if (first === undefined) throw new Error("there is no stack");
  const url = await world.startReplica();

  // Of 80 writes 40 are for anyone: 13 pull requests of three writes.
  const ins = await scaleUntilRefused(url, stacks.slice(0, 20), "-1");
  expect(ins.done).toHaveLength(13);
  // 30 more are for scale-outs: 10 pull requests.
  const outs = await scaleUntilRefused(url, stacks.slice(20), "1");
  expect(outs.done).toHaveLength(10);
  for (const { retryAfterSeconds } of [ins, outs]) {
    expect(retryAfterSeconds).toBeGreaterThan(5);
    expect(retryAfterSeconds).toBeLessThanOrEqual(60);
  }
  await world.untilQuiet();

  // What was begun is merged, what was refused has left nothing, and GitHub has refused nothing.
  const moved = (await readMoves(github, stacks)).map(({ alias }) => alias);
  expect(moved.sort()).toEqual([...ins.done, ...outs.done].map(({ alias }) => alias).sort());
  expect(await openPulls(world, first)).toBe(0);
  const branches = await github.listBranches(first.repo);
  expect(branches).not.toContain(`scale/${ins.refused.alias}`);
  expect(branches).not.toContain(`scale/${outs.refused.alias}`);
  expect(github.requests.filter(({ status }) => status === 403)).toEqual([]);

  await world.pass(60);
  for (const [stack, delta] of [
    [ins.refused, "-1"],
    [outs.refused, "1"],
  ] as const)
    expect((await deliver(url, [makeAlert(stack, 0, { pulumiscale_delta: delta })])).status).toBe(200);
  await world.untilQuiet();
  expect(await readMoves(github, [ins.refused, outs.refused])).toHaveLength(2);
});
