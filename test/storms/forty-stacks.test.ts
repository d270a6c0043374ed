import { expect, it } from "vitest";
import { accountFor, readMoves } from "./support/account-for.ts";
import { makeAlert, storm } from "./support/alerts.ts";
import { GITHUB_LIMITS, openStormWorld, START } from "./support/open-storm-world.ts";

const POOLS = 3;
const TIMEOUT = 480_000;

it.each([
  {
    name: "120 alerts for 40 stacks, within GitHub's limits",
    stacks: 10,
    replicas: 1,
    limits: GITHUB_LIMITS,
  },
  // Each replica has a budget of its own: it is GitHub that refuses, in the middle of a delivery too.
  {
    name: "24 alerts for 8 stacks, where GitHub itself refuses",
    stacks: 2,
    replicas: 2,
    limits: { contentPerMinute: 16 },
  },
])("$name: each alert is told, and each pool moves once", { timeout: TIMEOUT }, async (options) => {
  const { replicas, limits } = options;
  await using world = await openStormWorld({
    repositories: 4,
    stacks: options.stacks,
    pools: POOLS,
    delivery: "pull-request",
    strategy: "incremental",
    limits,
  });
  const urls: string[] = [];
  for (let index = 0; index < replicas; index++) urls.push(await world.startReplica());
  world.sendWebhooksTo(urls[0] ?? "");
  // Every fourth stack scales in.
  const change = (index: number) => (index % 4 === 3 ? -2 : 2);
  const deliveries = world.stacks.flatMap((stack, index) =>
    Array.from({ length: POOLS }, (_, pool) => ({
      url: urls[(index + pool) % urls.length] ?? "",
      alerts: [makeAlert(stack, pool, { pulumiscale_delta: String(change(index)) })],
    })),
  );
  const stormed = await storm(deliveries, world.pass);
  await world.untilQuiet();
  const answers = [...stormed.answers];
  let moves = await readMoves(world.github, world.stacks);
  // A pull request that GitHub let be opened and not be merged: Alertmanager's next repeat has it looked after.
  for (let repeats = 0; replicas > 1 && repeats < 5 && moves.length < deliveries.length; repeats++) {
    await world.pass(60);
    answers.push(...(await storm(deliveries, world.pass)).answers);
    await world.untilQuiet();
    moves = await readMoves(world.github, world.stacks);
  }
  const account = accountFor(answers, moves);
  expect(account).toEqual({ committed: deliveries.length, held: 0, replaced: 0, lost: [], doubled: [] });
  expect(moves.map(({ repo, alias, pool, from, to }) => [repo, alias, pool, from, to]).sort()).toEqual(
    world.stacks
      .flatMap(({ repo, alias }, index) =>
        Array.from({ length: POOLS }, (_, pool) => [
          repo,
          alias,
          `pool${pool}`,
          START,
          START + change(index),
        ]),
      )
      .sort(),
  );
  expect(stormed.refused).toBeGreaterThan(0);
  const limited = world.github.requests.filter(({ status }) => status === 403).length;
  if (replicas === 1) expect(limited).toBe(0);
  else expect(limited).toBeGreaterThan(0);
  expect(world.github.violations).toEqual([]);
});
