import { openRandom, type RandomNumbers } from "./random-numbers.ts";
import { recordingAlerts } from "./recording-alerts.ts";

/** The pools of fixtures/programs/yaml-pace, whose groups have the same names. */
export const PACE_POOLS = ["steady", "slow", "fragile"] as const;
export type PacePool = (typeof PACE_POOLS)[number];
/** What each of them may be. */
export const PACE_RANGE = { min: 0, max: 20 };

export type PlannedRequest = {
  path: string;
  body: unknown;
  idempotencyKey: string | null;
  /** What a whole answer has: a decision (200, or 503 where it may still work), or one certain status. */
  expects: "decision" | "dry-run" | 401 | 404 | 422;
};

/**
 * When a kill comes, told from what is to be seen of the work on the first of the requests:
 * - `sent`: at once; the edit is on its way
 * - `committed`: the branch has moved, or the folder's journal has grown
 * - `recorded`: an update is on record, about to begin
 * - `begun`: an operation of a group has begun
 * - `counted`: an operation has ended, which Pulumi is about to write down
 */
export type Moment = "sent" | "committed" | "recorded" | "begun" | "counted";

export type Kill = {
  moment: Moment;
  /** So many milliseconds later. */
  delayMs: number;
  /**
   * - `serve`: its process alone, and Pulumi goes on
   * - `tree`: its process and all that it has started, Pulumi with its plugins
   * - `pulumi`: Pulumi with its plugins, then `serve`
   * - `stop`: SIGTERM, and the end of it is waited for
   */
  whom: "serve" | "tree" | "pulumi" | "stop";
};

export type Step = {
  /** Sent all at once. */
  requests: readonly PlannedRequest[];
  /** The group whose operations fail meanwhile. */
  fails: PacePool | null;
  /** The group whose operations wait for so long, counted from the requests. */
  holds: { group: PacePool; ms: number } | null;
  /** A person commits a file of their own meanwhile, after so many milliseconds. */
  personMs: number | null;
  kill: Kill | null;
};

/** Decides all of a run beforehand: at least so many requests, in steps. Pure. */
export function planRun(seed: number, requests: number): Step[] {
  const random = openRandom(seed);
  const earlier: PlannedRequest[] = [];
  const steps: Step[] = [];
  while (earlier.length < requests) {
    const amount = random.pick([1, 1, 1, 1, 2, 2, 3, 5]);
    const planned = Array.from({ length: Math.min(amount, requests - earlier.length) }, () => {
      const request = planRequest(random, earlier);
      earlier.push(request);
      return request;
    });
    steps.push(planStep(random, planned));
  }
  return steps;
}

function planStep(random: RandomNumbers, requests: readonly PlannedRequest[]): Step {
  const kill = random.chance(0.3) ? planKill(random) : null;
  return {
    requests,
    kill,
    fails: random.chance(0.06) ? random.pick(PACE_POOLS) : null,
    // A kill inside an operation needs one that takes a while.
    holds: random.chance(kill?.moment === "begun" ? 0.6 : 0.1)
      ? { group: random.pick(PACE_POOLS), ms: random.integer(300, 1500) }
      : null,
    personMs: random.chance(0.12) ? random.integer(0, 300) : null,
  };
}

function planKill(random: RandomNumbers): Kill {
  const moment = random.pick<Moment>([
    ...["sent", "sent", "sent", "committed", "committed", "recorded", "begun", "begun", "counted"],
  ] as [Moment, ...Moment[]]);
  return {
    moment,
    delayMs: moment === "sent" ? random.integer(0, 250) : random.integer(0, 60),
    whom: random.pick(["serve", "serve", "tree", "tree", "pulumi", "stop"]),
  };
}

/** Sometimes one that was sent already, to the letter: a sender's retry. */
function planRequest(random: RandomNumbers, earlier: readonly PlannedRequest[]): PlannedRequest {
  const retried = earlier.slice(-6).filter(isRetried)[random.integer(0, 5)];
  if (retried !== undefined && random.chance(0.35)) return retried;
  const pool = random.pick(PACE_POOLS);
  const request = planNew(random, pool, `event-${earlier.length}`);
  const waits = !random.chance(0.35);
  const mark = request.path.includes("?") ? "&" : "?";
  const isDecided = request.expects === "decision";
  return waits || !isDecided ? request : { ...request, path: `${request.path}${mark}wait=false` };
}

function isRetried({ expects, idempotencyKey, path }: PlannedRequest): boolean {
  return expects === "decision" && (idempotencyKey !== null || path.includes("prometheus"));
}

type Kind = "count" | "value" | "delta" | "change" | "alert" | "alerts" | "dry-run" | "invalid";

function planNew(random: RandomNumbers, pool: PacePool, event: string): PlannedRequest {
  const kind = random.pick<Kind>([
    "count",
    "count",
    "value",
    "delta",
    "delta",
    "change",
    "alert",
    "alert",
    "alerts",
    "dry-run",
    "invalid",
  ]);
  // Now and then more than the range allows, on both sides.
  const value = random.integer(PACE_RANGE.min - 2, PACE_RANGE.max + 4);
  const delta = random.integer(-4, 7);
  const idempotencyKey = random.chance(0.5) ? event : null;
  const scale = { idempotencyKey, expects: "decision" } as const;
  switch (kind) {
    case "count":
      return { ...scale, path: `/webhook/${pool}/count`, body: { value } };
    case "value":
      return { ...scale, path: `/scale/${pool}`, body: { value } };
    case "delta":
      return { ...scale, path: `/webhook/${pool}/delta`, body: { delta } };
    case "change":
      return { ...scale, path: `/scale/${pool}`, body: { delta } };
    case "alert":
      return { ...scale, ...alertsFor([pool], event, value, delta), idempotencyKey: null };
    case "alerts":
      return { ...scale, ...alertsFor(PACE_POOLS, event, value, delta), idempotencyKey: null };
    case "dry-run": {
      const body = random.chance(0.5) ? { value } : { delta };
      return { path: `/scale/${pool}?dryRun=true`, body, idempotencyKey, expects: "dry-run" };
    }
    case "invalid":
      return random.pick(invalidRequests(pool));
  }
}

function alertsFor(pools: readonly PacePool[], event: string, value: number, delta: number) {
  const alerts = pools.map((pool) => ({
    labels: { pool, event },
    annotations:
      pool === "fragile" ? { pulumiscale_value: String(value) } : { pulumiscale_delta: String(delta) },
  }));
  return { path: "/webhook/prometheus", body: recordingAlerts(...alerts) };
}

function invalidRequests(pool: PacePool): [PlannedRequest, ...PlannedRequest[]] {
  const request = { path: `/scale/${pool}`, idempotencyKey: null };
  return [
    { ...request, body: { value: "many" }, expects: 422 },
    { ...request, body: { value: 3, delta: 1 }, expects: 422 },
    { ...request, body: '{"value":', expects: 422 },
    { ...request, body: { value: 3 }, path: "/scale/nobody", expects: 404 },
    { ...request, body: { value: 3 }, expects: 401 },
  ];
}
