import type { PoolView } from "../workflows/scaling.ts";
import type { StackReading } from "./pool-reader.ts";

type Gauge<T> = { name: string; help: string; value: (of: T) => number | null };

const STACK_GAUGES: readonly Gauge<StackReading>[] = [
  {
    name: "pulumiscale_stack_up",
    help: "1 if the stack's pools could be read, else 0.",
    value: ({ isUp }) => (isUp ? 1 : 0),
  },
  {
    name: "pulumiscale_stack_read_timestamp_seconds",
    help: "When the stack's pools were read.",
    value: ({ readAtMs }) => (readAtMs === null ? null : readAtMs / 1000),
  },
];

const POOL_GAUGES: readonly Gauge<PoolView>[] = [
  { name: "pulumiscale_pool_committed", help: "The value on the base branch.", value: (it) => it.committed },
  { name: "pulumiscale_pool_applied", help: "The value that was last applied.", value: (it) => it.applied },
  {
    name: "pulumiscale_pool_pending",
    help: "The value of an open scale pull request.",
    value: (it) => it.pending,
  },
  {
    name: "pulumiscale_pool_awaiting_approval",
    help: "The value that waits for approval.",
    value: (it) => it.awaitingApproval,
  },
  { name: "pulumiscale_pool_min", help: "The lower bound.", value: (it) => it.min },
  { name: "pulumiscale_pool_max", help: "The upper bound.", value: (it) => it.max },
  { name: "pulumiscale_pool_step", help: "How far an alert moves the pool.", value: (it) => it.step },
  {
    name: "pulumiscale_pool_cooldown_seconds",
    help: "The pool's cooldown.",
    value: (it) => it.cooldownSeconds,
  },
  {
    name: "pulumiscale_pool_cooldown_until_timestamp_seconds",
    help: "When the pool may move again; absent where it may now.",
    value: (it) => (it.cooldownUntil === null ? null : Date.parse(it.cooldownUntil) / 1000),
  },
  {
    name: "pulumiscale_pool_paused",
    help: "1 if the pool is paused, in one direction or in both, else 0.",
    value: (it) => (it.paused === null ? 0 : 1),
  },
  {
    name: "pulumiscale_pool_pinned",
    help: "The value that the pool is pinned at; absent where it is not.",
    value: (it) => it.pinned?.value ?? null,
  },
  {
    name: "pulumiscale_pool_problem",
    help: "1 if the pool's value in the stack file cannot be used, else 0.",
    value: (it) => (it.problem === null ? 0 : 1),
  },
];

/** Readings in Prometheus' text format. All are gauges of what git and the ledger say: a restart changes none of them. */
export function formatMetrics(readings: readonly StackReading[]): string {
  const stacks = readings.map((reading) => ({ of: reading, labels: stackLabels(reading) }));
  const pools = readings.flatMap((reading) =>
    reading.pools.map((pool) => ({ of: pool, labels: { ...stackLabels(reading), pool: pool.pool } })),
  );
  return [
    ...STACK_GAUGES.map((gauge) => formatGauge(gauge, stacks)),
    ...POOL_GAUGES.map((gauge) => formatGauge(gauge, pools)),
  ].join("");
}

type Labels = Readonly<Record<string, string>>;

function stackLabels({ stack: { owner, repo, alias } }: StackReading): Labels {
  return { owner, repo, stack: alias };
}

function formatGauge<T>(
  { name, help, value }: Gauge<T>,
  samples: readonly { of: T; labels: Labels }[],
): string {
  const lines = samples.flatMap(({ of, labels }) => {
    const number = value(of);
    return number === null ? [] : [`${name}{${formatLabels(labels)}} ${number}\n`];
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join("")}`;
}

function formatLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(
      ([name, text]) => `${name}="${text.replaceAll(/[\\"\n]/g, (it) => (it === "\n" ? "\\n" : `\\${it}`))}"`,
    )
    .join(",");
}
