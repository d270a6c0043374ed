import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseContract } from "../../src/domain/contract.ts";
import type { Program } from "../sidecar/support/program.ts";
import { stateFolderOf } from "../sidecar/support/random-moments.ts";
import { startServe } from "../sidecar/support/start-serve.ts";
import { type BareStack, openBareStack } from "./bare-stack.ts";
import { openCountingPath } from "./counting-path.ts";
import { interleave, type Pair, ratioOf } from "./interleave.ts";
import { type Aim, atMost, type Figure, type Measurement, type Pace } from "./measurement.ts";
import { openServedProgram, type ScaleTimes, timeScale, untilIdle } from "./serve-world.ts";

/**
 * What a scale through `serve` costs beyond the update itself: from the request to the answer that says what the apply did, against
 * the bare CLI; where the time goes; and what is started and left on the disk for it.
 */
export const sidecarUp: Measurement = {
  name: "sidecar-up",
  about: "a scale through `serve` against the bare pulumi up, by stage, its processes",
  measure: async (pace, tell) => {
    const figures: Figure[] = [];
    for (const program of PROGRAMS) {
      tell(`the program ${program.fixture}`);
      figures.push(...(await measureProgram(program, pace)));
    }
    return figures;
  },
};

type BenchProgram = {
  readonly fixture: "node-pools" | "yaml-stash";
  readonly title: string;
  readonly pool: string;
  readonly key: string;
  /** Config besides the pool's value. */
  readonly config: Readonly<Record<string, number>>;
  readonly aim: Aim;
};

const PROGRAMS: readonly BenchProgram[] = [
  {
    fixture: "node-pools",
    title: "Node.js program",
    pool: "steady",
    key: "steadyCount",
    config: { fragileCount: 2, slowCount: 2, tierCount: 2, goneCount: 2 },
    aim: atMost(1.35),
  },
  {
    fixture: "yaml-stash",
    title: "YAML program",
    pool: "web",
    key: "webCount",
    config: { queueCount: 1, idleCount: 1 },
    aim: atMost(2),
  },
];

const BARE = "the bare `pulumi up --target --skip-preview --yes`";
/** None of them is what the pool starts with. */
const LOW = 4;
const HIGH = 5;
/** The pool goes up and down, on both sides in step. */
const valueIn = (repetition: number) => (repetition % 2 === 0 ? HIGH : LOW);

async function measureProgram(program: BenchProgram, pace: Pace): Promise<Figure[]> {
  await using bare = await openBareStack(program.fixture, () => ({ [program.key]: LOW, ...program.config }));
  const inGit = await measureMode(program, "git", bare, pace);
  // What a folder costs beside git is the same for each program: the small one shows it best.
  const inFolder = program.fixture === "yaml-stash" ? await measureMode(program, "folder", bare, pace) : [];
  return [...inGit, ...inFolder];
}

type Mode = "git" | "folder";
type Timed = ScaleTimes & { elapsedMs: number };

async function measureMode(bench: BenchProgram, mode: Mode, bare: BareStack, pace: Pace): Promise<Figure[]> {
  const program = await openServedProgram(bench.fixture, mode === "git");
  try {
    const repetitions = pace === "quick" ? 1 : 7;
    const title = `scale, ${bench.title}, ${mode === "git" ? "git" : "no git"}`;
    const pairs = await timePairs(bench, program, bare, repetitions);
    const counts = await countScale(bench, program, valueIn(repetitions + 1));
    const stages = mode === "git" ? stageFigures(pairs) : [];
    return [
      { ...ratioOf(pairs, ({ elapsedMs }) => elapsedMs), name: title, against: BARE, aim: bench.aim },
      ...stages,
      ...countFigures(counts),
    ];
  } finally {
    await program.remove();
  }
}

async function timePairs(
  bench: BenchProgram,
  program: Program,
  bare: BareStack,
  repetitions: number,
): Promise<Pair<Timed>[]> {
  const targets = await targetsOf(program, bench.pool);
  const serve = await startServe(program);
  try {
    await untilIdle(serve);
    const ours = async (repetition: number): Promise<Timed> => {
      const times = await timeScale(program, serve, bench.pool, valueIn(repetition));
      await untilIdle(serve);
      return { ...times, elapsedMs: times.answered };
    };
    const baseline = async (repetition: number): Promise<Timed> => {
      const elapsedMs = await bare.up({ [bench.key]: valueIn(repetition) }, targets, "same-home");
      // Every stage is told as a share of the whole bare update.
      return { elapsedMs, committed: elapsedMs, begun: elapsedMs, updated: elapsedMs, answered: elapsedMs };
    };
    return await interleave(ours, baseline, repetitions);
  } finally {
    await serve.stop();
  }
}

function stageFigures(pairs: readonly Pair<Timed>[]): Figure[] {
  const stages: [string, (times: Timed) => number][] = [
    ["decided and committed", ({ committed }) => committed],
    ["what is pending, the contract", ({ committed, begun }) => begun - committed],
    ["the update", ({ begun, updated }) => updated - begun],
    ["the ledger, the answer", ({ updated, answered }) => answered - updated],
  ];
  return stages.map(([name, quantity]) => ({
    ...ratioOf(
      pairs.map(({ ours, baseline }) => ({ ours: quantity(ours), baseline: baseline.elapsedMs })),
      (value) => value,
    ),
    name: `… of it: ${name}`,
    against: BARE,
    aim: null,
  }));
}

type Counts = { scale: string[]; after: string[]; idle: string[]; stateBytes: number };

/** What one more scale starts until its answer, and after it; and what `serve` starts when nothing happens. */
async function countScale(bench: BenchProgram, program: Program, value: number): Promise<Counts> {
  const counting = await openCountingPath(program.root, program.environment.PATH ?? "", ["git", "pulumi"]);
  const serve = await startServe(program, [], { PATH: counting.PATH });
  try {
    await untilIdle(serve);
    await counting.take();
    await timeScale(program, serve, bench.pool, value);
    const scale = await counting.take();
    await untilIdle(serve);
    const after = await counting.take();
    await delay(POLLED_MS);
    const idle = await counting.take();
    return { scale, after, idle, stateBytes: await bytesBelow(stateFolderOf(program)) };
  } finally {
    await serve.stop();
  }
}

/** `serve` looks for commits each five seconds. */
const POLLED_MS = 5_500;

function countFigures({ scale, after, idle, stateBytes }: Counts): Figure[] {
  const of = (program: string, started: readonly string[]) =>
    started.filter((line) => line.startsWith(`${program} `));
  const processes = (name: string, started: readonly string[], aim: Aim | null): Figure => ({
    ...{ name: `… ${name}`, value: started.length, unit: "processes", against: tally(started), spread: null },
    aim,
  });
  return [
    processes("Pulumi processes", of("pulumi", scale), atMost(2)),
    processes("git processes", of("git", scale), null),
    processes("Pulumi processes after the answer", of("pulumi", after), null),
    processes("Pulumi processes while nothing is pending", of("pulumi", idle), atMost(0)),
    {
      name: "… state",
      value: stateBytes,
      unit: "bytes",
      against: "what stands beside the program",
      spread: null,
      aim: null,
    },
  ];
}

/** `git rev-parse ×3, git log`, in the order in which they came first. */
function tally(started: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const line of started) counts.set(line, (counts.get(line) ?? 0) + 1);
  return [...counts].map(([line, count]) => (count === 1 ? line : `${line} ×${count}`)).join(", ");
}

async function targetsOf(program: Program, pool: string): Promise<readonly string[]> {
  const outputs: unknown = JSON.parse(
    await program.pulumi("stack", "output", "--json", "pulumiscale", "--stack", program.stack),
  );
  return parseContract(outputs).contract.get(pool)?.targetUrns ?? [];
}

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
