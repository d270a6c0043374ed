import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseContract } from "../../src/domain/contract.ts";
import { type DeployRepository, makeDeployRepository, REPO } from "../apply/support/deploy-repository.ts";
import { openBareStack } from "./bare-stack.ts";
import { watchGitHub } from "./github-busy.ts";
import { interleave, ratioOf } from "./interleave.ts";
import { type Aim, atMost, type Figure, type Measurement, type Pace } from "./measurement.ts";
import { BUNDLE, type PushedRun, runAction } from "./run-action.ts";

/**
 * What the Action's apply costs beyond the update itself: the bundle as a process, from its start to its end, with
 * everything it does (GitHub read, the stack's contract, the update, the ledger, the report), against the bare CLI.
 */
export const actionUp: Measurement = {
  name: "action-up",
  about: "the Action's apply against the bare pulumi up, its processes, its bundle",
  measure: async (pace, tell) => {
    const figures: Figure[] = [];
    for (const program of PROGRAMS) {
      tell(`the program ${program.fixture}`);
      figures.push(...(await measureProgram(program, pace)));
    }
    const { size } = await stat(BUNDLE);
    const bundle = { value: size, unit: "bytes", against: "action/dist/index.js", spread: null } as const;
    return [...figures, { ...bundle, name: "the Action's bundle", aim: null }];
  },
};

type Program = {
  readonly fixture: string;
  readonly title: string;
  readonly project: string;
  readonly pool: string;
  readonly key: string;
  /** Config besides the pool's value. `home` is a folder of the stack's own. */
  readonly config: (home: string) => Record<string, string | number>;
  readonly aim: Aim | null;
};

const PROGRAMS: readonly Program[] = [
  {
    fixture: "node-workers",
    title: "Node.js program",
    project: "fleet",
    pool: "worker-pool",
    key: "workerCount",
    config: (home) => ({ directory: join(home, "workers"), minutes: 10 }),
    aim: atMost(1.25),
  },
  {
    fixture: "yaml-stash",
    title: "YAML program",
    project: "shop",
    pool: "web",
    key: "webCount",
    config: () => ({ queueCount: 1, idleCount: 1 }),
    aim: null,
  },
];

const LOW = 2;
const HIGH = 3;

async function measureProgram(program: Program, pace: Pace): Promise<Figure[]> {
  const { title } = program;
  await using ours = await openDeployed(program);
  await using bare = await openBareStack(program.fixture, (home) => ({
    [program.key]: LOW,
    ...program.config(home),
  }));
  const turns = {
    ours: async (repetition: number) => {
      const run = await ours.push(valueIn(repetition));
      using busy = watchGitHub(ours.repository.github);
      const elapsedMs = await runAction(ours.repository, run, ours.repository.stack.environment);
      return { elapsedMs, besideGitHubMs: elapsedMs - busy.readMs() };
    },
    bare: async (repetition: number) => {
      const elapsedMs = await bare.up({ [program.key]: valueIn(repetition) }, ours.targetUrns, "same-home");
      return { elapsedMs, besideGitHubMs: elapsedMs };
    },
  };
  const repetitions = pace === "quick" ? 1 : 9;
  const pairs = await interleave(turns.ours, turns.bare, repetitions);
  const counts = await ours.count(valueIn(repetitions + 1));
  const against = "the bare `pulumi up --target --skip-preview --yes`";
  return [
    {
      ...ratioOf(pairs, ({ besideGitHubMs }) => besideGitHubMs),
      name: `apply, ${title}, without GitHub's own time`,
      against,
      aim: program.aim,
    },
    { ...ratioOf(pairs, ({ elapsedMs }) => elapsedMs), name: "… with it", against, aim: null },
    {
      name: "… processes",
      value: counts.processes.length,
      unit: "processes",
      against: counts.processes.join(", "),
      spread: null,
      aim: atMost(2),
    },
    {
      name: "… API calls",
      value: counts.calls.length,
      unit: "calls",
      against: counts.calls.join(", "),
      spread: null,
      aim: null,
    },
  ];
}

/** The pool goes up and down, on both sides in step. */
function valueIn(repetition: number): number {
  return repetition % 2 === 0 ? HIGH : LOW;
}

/** A published stack in a repository, whose pool is changed by scale commits. */
async function openDeployed({ fixture, project, pool, key, config }: Program) {
  const home = await mkdtemp(join(tmpdir(), "pulumiscale-bench-"));
  const values = Object.entries({ [key]: LOW, ...config(home) });
  const repository: DeployRepository = await makeDeployRepository(
    fixture,
    Object.fromEntries(values.map(([name, value]) => [`${project}:${name}`, value])),
  );
  const { contract } = parseContract((await repository.entry()).pools);
  const targetUrns = contract.get(pool)?.targetUrns ?? [];
  let current = LOW;
  const push = async (value: number): Promise<PushedRun> => {
    const before = (await repository.github.readRef(REPO, "main")) ?? "";
    const after = await repository.scale(pool, `${project}:${key}`, current, value);
    current = value;
    await repository.checkout(after);
    return { before, after };
  };
  return {
    repository,
    targetUrns,
    push,
    /** What one more apply starts and asks of GitHub. */
    count: async (value: number) => {
      const run = await push(value);
      await repository.pulumiProcesses();
      const before = repository.github.requests.length;
      await runAction(repository, run, repository.environment);
      const { applied } = await repository.entry();
      if (applied[pool] !== value) throw new Error(`${pool} is not applied: ${JSON.stringify(applied)}`);
      return {
        processes: await repository.pulumiProcesses(),
        calls: repository.github.requests.slice(before).map(({ operations }) => operations.join(" + ")),
      };
    },
    [Symbol.asyncDispose]: async () => {
      await repository.stop();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
