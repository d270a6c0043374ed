import { expect, it } from "vitest";
import { accountFor, readMoves, valuesIn } from "./support/account-for.ts";
import { makeAlert, storm } from "./support/alerts.ts";
import { GITHUB_LIMITS, openStormWorld, poolName, START } from "./support/open-storm-world.ts";

const POOLS = 100;
const TIMEOUT = 180_000;

it.each(["pull-request", "direct"] as const)(
  "1,000 alerts for 100 pools of one stack move each pool once, delivered by %s",
  { timeout: TIMEOUT },
  async (delivery) => {
    await using world = await openStormWorld({
      pools: POOLS,
      delivery,
      strategy: "incremental",
      limits: GITHUB_LIMITS,
    });
    const url = await world.startReplica();
    world.sendWebhooksTo(url);
    const [stack] = world.stacks;
    if (stack === undefined) throw new Error("there is no stack");
    const alerts = Array.from({ length: 1000 }, (_, index) =>
      makeAlert(stack, index % POOLS, { pulumiscale_delta: "2" }, Math.floor(index / POOLS)),
    );
    // Half of them one by one, half of them in groups of fifty.
    const single = alerts.filter((_, index) => index % 2 === 0).map((alert) => [alert]);
    const odd = alerts.filter((_, index) => index % 2 === 1);
    const groups = Array.from({ length: 10 }, (_, index) => odd.slice(index * 50, index * 50 + 50));
    const deliveries = [...groups, ...single].map((group) => ({ url, alerts: group }));
    const stormed = await storm(deliveries, world.pass);
    await world.untilQuiet();
    const moves = await readMoves(world.github, world.stacks);
    const account = accountFor(stormed.answers, moves);
    expect(account).toMatchObject({ lost: [], doubled: [], committed: POOLS, held: 900 });
    expect(moves.map(({ pool, from, to }) => [pool, from, to]).sort()).toEqual(
      Array.from({ length: POOLS }, (_, index) => [poolName(index), START, START + 2]).sort(),
    );
    const values = valuesIn((await world.github.readFile(stack.repo, stack.path)) ?? "");
    expect([...values.values()]).toEqual(Array.from({ length: POOLS }, () => START + 2));
    // Batches, not alerts: a commit for what was waiting each time.
    expect(new Set(moves.map(({ commit }) => commit)).size).toBeLessThanOrEqual(10);
    expect(world.github.requests.filter(({ status }) => status === 403)).toEqual([]);
    expect(world.github.violations).toEqual([]);
  },
);
