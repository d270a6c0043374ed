import { describe, expect, it } from "vitest";
import { requireProgram } from "../setup/require-program.ts";
import { eventually } from "../support/app-world.ts";
import { TOKEN } from "../support/open-app-world.ts";
import { startAlertmanager } from "../world/start-alertmanager.ts";
import { startAppProcess } from "../world/start-app-process.ts";
import { accountFor, readMoves, valuesIn } from "./support/account-for.ts";
import { makeAlert, storm } from "./support/alerts.ts";
import { openStormWorld, poolName, START } from "./support/open-storm-world.ts";

const POOLS = 4;
const TIMEOUT = 120_000;

const CASES = ([2, 3, 4] as const).flatMap((replicas) =>
  (["pull-request", "direct"] as const).flatMap((delivery) =>
    (["incremental", "absolute"] as const).map((strategy) => ({ replicas, delivery, strategy })),
  ),
);

function absent(note: string): never {
  throw new Error(note);
}

describe("a split Alertmanager pair", () => {
  it.each(CASES)(
    "moves each pool once through $replicas replicas, $strategy pools, by $delivery",
    { timeout: TIMEOUT },
    async ({ replicas, delivery, strategy }) => {
      await using world = await openStormWorld({ pools: POOLS, delivery, strategy });
      const [stack] = world.stacks;
      if (stack === undefined) throw new Error("there is no stack");
      const urls = await Promise.all(Array.from({ length: replicas }, () => world.startReplica()));
      world.sendWebhooksTo(urls[0] ?? "");
      const amount = strategy === "incremental" ? { pulumiscale_delta: "2" } : { pulumiscale_value: "7" };
      const alerts = Array.from({ length: POOLS }, (_, pool) => makeAlert(stack, pool, amount));
      // Both peers send every alert at the same time, each to another replica; and later again, as a repeat.
      const deliveries = alerts.flatMap((alert, index) =>
        [0, 1].map((peer) => ({ url: urls[(index + peer) % replicas] ?? "", alerts: [alert] })),
      );
      const first = await storm(deliveries, world.pass);
      await world.untilQuiet();
      await world.pass(400);
      const repeated = await storm([...deliveries].reverse(), world.pass);
      await world.untilQuiet();
      const moves = await readMoves(world.github, world.stacks);
      const account = accountFor([...first.answers, ...repeated.answers], moves);
      expect(account).toEqual({ committed: POOLS, held: 0, replaced: 0, lost: [], doubled: [] });
      expect(moves.map(({ pool, from, to }) => [pool, from, to]).sort()).toEqual(
        alerts.map(({ pool }) => [pool, START, START + 2]),
      );
      expect(world.github.violations).toEqual([]);
    },
  );

  it.each([2, 4])(
    "moves each pool once through %i processes, each with a real Alertmanager that knows of no other",
    {
      timeout: TIMEOUT,
    },
    async (replicas) => {
      const program = requireProgram("alertmanager", absent);
      await using world = await openStormWorld({
        pools: POOLS,
        delivery: "pull-request",
        strategy: "incremental",
      });
      const [stack] = world.stacks;
      if (stack === undefined) throw new Error("there is no stack");
      await using started = new AsyncDisposableStack();
      const apps = await Promise.all(
        Array.from({ length: replicas }, async () => {
          const app = await startAppProcess(world.environment);
          started.defer(() => app.process.stop());
          return app;
        }),
      );
      world.sendWebhooksTo(apps[0]?.url ?? "");
      // One peer for each replica; no peer knows of another.
      const peers = await Promise.all(
        apps.map(async (app, index) => {
          const peer = await startAlertmanager({
            program,
            directory: `${world.github.dataDirectory}/alertmanager-${index}`,
            url: `${app.url}/repos/${stack.repo}/webhook/prometheus`,
            token: TOKEN,
          });
          started.defer(() => peer.stop());
          return peer;
        }),
      );
      const startsAt = new Date();
      await Promise.all(
        peers.flatMap((peer) =>
          Array.from({ length: POOLS }, (_, pool) =>
            peer.fire(
              { alertname: "Busy", pool: poolName(pool), pulumiscale_stack: stack.alias },
              {},
              startsAt,
            ),
          ),
        ),
      );
      const values = async () => valuesIn((await world.github.readFile(stack.repo, stack.path)) ?? "");
      await eventually(values, (found) => [...found.values()].every((value) => value === START + 1), 60_000);
      // Every peer repeats every alert at least twice: each is answered by a process that has read of the others' commits.
      const answered = () =>
        apps.map(
          ({ process: app }) => app.lines.filter((line) => line.includes("webhook/prometheus")).length,
        );
      await eventually(answered, (counts) => counts.every((count) => count >= POOLS * 2), 60_000);
      await world.untilQuiet();
      const moves = await readMoves(world.github, world.stacks);
      expect(moves.map(({ pool, from, to }) => [pool, from, to]).sort()).toEqual(
        Array.from({ length: POOLS }, (_, pool) => [poolName(pool), START, START + 1]),
      );
      expect(moves.every(({ events }) => events.length === 1)).toBe(true);
    },
  );
});
