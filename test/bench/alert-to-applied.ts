import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { parseContract } from "../../src/domain/contract.ts";
import { firingWith } from "../support/payloads.ts";
import { countWorkers } from "../world/count-workers.ts";
import { describeRun, startWorld, type World } from "../world/start-world.ts";
import { type BareStack, openBareStack } from "./bare-stack.ts";
import { interleave, ratioOf } from "./interleave.ts";
import type { Measurement } from "./measurement.ts";

const POOL = "worker-pool";
const LOW = 2;
const HIGH = 3;
const WORKERS = "workers";
const FIRST = { workerCount: LOW, minutes: 20 };

/**
 * The whole way: the alert's request, the decision, the pull request, its merge, the push, the deploy workflow with its
 * checkout, the Action, the update, the receipt. Against the bare update of the same program alone, which has a new home
 * directory each time because the job has one. Queues of a real Actions service and its runners' start are not in it: the
 * stand-in has none.
 */
export const alertToApplied: Measurement = {
  name: "alert-to-applied",
  about: "from the alert's request to the changed resource, and to the receipt, against the bare pulumi up",
  measure: async (pace, tell) => {
    tell("a world with its first deploy");
    const world = await startWorld({ cooldownSeconds: 0 });
    try {
      const app = await world.startApp();
      await using bare = await openBareStack("node-workers", (home) => ({
        ...FIRST,
        directory: join(home, WORKERS),
      }));
      const entry = z
        .looseObject({ pools: z.record(z.string(), z.unknown()) })
        .parse(await world.readLedger());
      const targetUrns = parseContract(entry.pools).contract.get(POOL)?.targetUrns ?? [];
      // The bare program's stack has another name, which is part of a URN.
      const bareUrns = targetUrns.map((urn) => urn.replace("urn:pulumi:prod::", "urn:pulumi:dev::"));
      const pairs = await interleave(
        (repetition) => scaleByAlert(world, app.url, valueIn(repetition)),
        (repetition) => scaleBare(bare, bareUrns, valueIn(repetition)),
        pace === "quick" ? 1 : 7,
      );
      const stage = (name: string, read: (way: Way) => number) => ({
        ...ratioOf(pairs, read),
        name,
        against: "the bare `pulumi up --target` with a new home, to the changed resource",
        aim: null,
      });
      return [
        stage("of it: alert to the app's answer", ({ answeredMs }) => answeredMs),
        stage("of it: alert to the merged commit", ({ mergedMs }) => mergedMs),
        {
          ...ratioOf(pairs, ({ changedMs }) => changedMs),
          name: "alert to changed resource",
          against: "the bare `pulumi up --target` with a new home, to the changed resource",
          aim: null,
        },
        {
          ...ratioOf(pairs, ({ endedMs }) => endedMs),
          name: "alert to receipt in the ledger",
          against: "the bare `pulumi up --target` with a new home, to its end",
          aim: null,
        },
      ];
    } finally {
      await world.stop();
    }
  },
};

/**
 * The milliseconds from the alert to each stage's end: the answer, the merge, the changed resource, the receipt. The bare
 * update has but the last two.
 */
type Way = {
  readonly answeredMs: number;
  readonly mergedMs: number;
  readonly changedMs: number;
  readonly endedMs: number;
};

function valueIn(repetition: number): number {
  return repetition % 2 === 0 ? HIGH : LOW;
}

const Results = z.object({ results: z.tuple([z.looseObject({ kind: z.literal("scale"), to: z.int() })]) });

async function scaleByAlert(world: World, url: string, value: number): Promise<Way> {
  const message = firingWith({
    labels: { alertname: "Busy", pool: POOL },
    annotations: { pulumiscale_value: String(value) },
    startsAt: new Date().toISOString(),
  });
  const merge = Promise.withResolvers<number>();
  const receipt = Promise.withResolvers<number>();
  const unsubscribe = world.github.onPush(({ ref }) => {
    if (ref === "refs/heads/main") merge.resolve(performance.now());
    if (ref === "refs/heads/pulumiscale") receipt.resolve(performance.now());
  });
  try {
    const startedMs = performance.now();
    const response = await fetch(`${url}/webhook/prometheus`, {
      method: "POST",
      headers: { authorization: `Bearer ${world.token}`, "content-type": "application/json" },
      body: JSON.stringify(message),
    });
    const answer: unknown = await response.json();
    const answeredMs = performance.now() - startedMs;
    if (!Results.safeParse(answer).success)
      throw new Error(`this was to scale: ${response.status} ${JSON.stringify(answer)}`);
    const changedMs = await timeUntil(() => world.countWorkers() === value);
    await world.runner.waitForIdle();
    await world.github.webhooksIdle();
    const run = world.runner.runs.at(-1);
    if (run?.conclusion !== "success") throw new Error(`the deploy did not succeed:\n${describeRun(run)}`);
    const mergedMs = (await merge.promise) - startedMs;
    const endedMs = (await receipt.promise) - startedMs;
    return { answeredMs, mergedMs, changedMs: changedMs - startedMs, endedMs };
  } finally {
    unsubscribe();
  }
}

async function scaleBare(bare: BareStack, targetUrns: readonly string[], value: number): Promise<Way> {
  const startedMs = performance.now();
  const [changedMs, endedMs] = await Promise.all([
    timeUntil(() => countWorkers(join(bare.home, WORKERS)) === value),
    bare.up({ workerCount: value }, targetUrns, "new-home"),
  ]);
  const toChange = changedMs - startedMs;
  return { answeredMs: toChange, mergedMs: toChange, changedMs: toChange, endedMs };
}

const LIMIT_MS = 60_000;

/** When it became so, as `performance.now()` has it. */
async function timeUntil(isSo: () => boolean): Promise<number> {
  const startedMs = performance.now();
  while (!isSo()) {
    if (performance.now() - startedMs > LIMIT_MS) throw new Error("the resource did not change within 60 s");
    await sleep(10);
  }
  return performance.now();
}
