import { expect, it } from "vitest";
import { accountFor, readMoves } from "./support/account-for.ts";
import { deliver, makeAlert } from "./support/alerts.ts";
import { openStormWorld } from "./support/open-storm-world.ts";

const POOLS = 450;

it("450 pools with long reasons are one commit, though a pull request's text has no room for them", {
  timeout: 120_000,
}, async () => {
  await using world = await openStormWorld({
    pools: POOLS,
    delivery: "pull-request",
    strategy: "incremental",
  });
  const [stack] = world.stacks;
  if (stack === undefined) throw new Error("there is no stack");
  const url = await world.startReplica();
  const summary = "the queue of this pool is longer than it was an hour ago ".repeat(5);
  const alerts = Array.from({ length: POOLS }, (_, pool) =>
    makeAlert(stack, pool, { pulumiscale_delta: "200", summary }),
  );
  const { status, told } = await deliver(url, alerts);
  expect(status).toBe(200);
  await world.untilQuiet();
  const moves = await readMoves(world.github, world.stacks);
  const answers = alerts.map(
    (alert, index) => ({ alert, told: told[index] ?? { kind: "again", to: null } }) as const,
  );
  expect(accountFor(answers, moves)).toMatchObject({ committed: POOLS, lost: [], doubled: [] });
  expect(new Set(moves.map(({ commit }) => commit)).size).toBe(1);
  const token = world.github.issueToken({ kind: "user", login: "alice" });
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${world.github.apiUrl}/repos/${stack.repo}/pulls/1`, { headers });
  const pull = (await response.json()) as { body: string };
  expect(pull.body.length).toBeLessThanOrEqual(65_536);
  expect(pull.body).toContain("the commit has all of it");
  expect(world.github.violations).toEqual([]);
});
