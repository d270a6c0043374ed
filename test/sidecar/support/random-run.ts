import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PoolsAnswer } from "../../../src/http/answers.ts";
import { type Result, resultsOf } from "./ask-serve.ts";
import { breakGroup, countOf, hold } from "./pace-files.ts";
import { readBackendValues } from "./pool-values.ts";
import type { Program } from "./program.ts";
import { momentOf } from "./random-moments.ts";
import type { Kill, PlannedRequest, Step } from "./random-plan.ts";
import { descendantsOf, killAll } from "./random-processes.ts";
import { type Answer, type Serve, startServe } from "./start-serve.ts";

/** A run under way, and what it has met so far. */
export type RandomRun = {
  readonly program: Program;
  serve: Serve;
  /** What every `serve` of this run has printed. */
  readonly lines: string[];
  /** What was answered with 2xx and a decision; dry runs left out. */
  readonly results: Result[];
  /** How often each kind of answer came: `200`, `503`, `lost`. */
  readonly answers: Map<string, number>;
  readonly kills: Map<string, number>;
  personCommits: number;
};

type Moved = { pool: string; committed: number | null };

export async function openRun(program: Program): Promise<RandomRun> {
  const serve = await startServe(program);
  return {
    ...{ program, serve },
    lines: [],
    results: [],
    answers: new Map(),
    kills: new Map(),
    personCommits: 0,
  };
}

/** Does one step. Throws where an answer is none that the request may have, or where `serve` does not start again. */
export async function runStep(run: RandomRun, step: Step): Promise<void> {
  const { program } = run;
  const broken =
    step.fails === null ? null : breakGroup(program, step.fails, `no more of ${step.fails} today`);
  const held = step.holds === null ? null : hold(program, step.holds.group);
  const release = step.holds === null ? Promise.resolve() : delay(step.holds.ms).then(() => held?.release());
  try {
    // Looked for from before the first request on.
    const answered = Promise.withResolvers<void>();
    const moment = step.kill === null ? null : momentOf(program, step.kill.moment, answered.promise);
    const asked = Promise.all(step.requests.map((request) => ask(run, request)));
    asked.then(() => answered.resolve(), answered.reject);
    const committed = step.personMs === null ? null : delay(step.personMs).then(() => commitByPerson(run));
    if (step.kill !== null) {
      await moment;
      await delay(step.kill.delayMs);
      await kill(run, step.kill, asked);
    }
    const answers = await asked;
    for (const [index, request] of step.requests.entries())
      note(run, request, answers[index] ?? null, step.kill !== null);
    if (step.kill !== null) run.serve = await startServe(program);
    await committed;
    await release;
  } finally {
    held?.release();
    broken?.mend();
  }
}

/**
 * Waits until everything is applied; what has failed is tried again by a new start. `applied` is what the last apply has
 * recorded: after a kill it may have moved further, until the apply that every start begins with has looked.
 */
export async function settle(run: RandomRun): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const pools = await readPools(run);
    const isDone = pools.every(
      ({ pool, committed, applied, problem }) =>
        committed === applied && committed === countOf(run.program, pool) && problem === null,
    );
    if (isDone && (await isInBackend(run, pools))) return;
    if (tries % 40 === 0) await restart(run);
    if (tries === 400) throw new Error(`this does not come to an end: ${JSON.stringify(pools)}`);
    await delay(100);
    if (pools.some(({ problem }) => problem !== null)) await restart(run);
  }
}

/** A killed update may have moved a pool and not have noted it, or the other way about. */
async function isInBackend({ program }: RandomRun, pools: readonly Moved[]): Promise<boolean> {
  const values = await readBackendValues(
    program,
    pools.map(({ pool }) => pool),
  );
  return pools.every(({ pool, committed }) => values[pool] === committed);
}

async function restart(run: RandomRun): Promise<void> {
  const exitCode = await run.serve.stop();
  if (exitCode !== 0) throw new Error(`serve ended with ${exitCode} on SIGTERM`);
  run.lines.push(...run.serve.lines);
  run.serve = await startServe(run.program);
}

export async function readPools(run: RandomRun) {
  const answer = await run.serve.request("GET", "/pools");
  const parsed = PoolsAnswer.safeParse(answer.json);
  if (!parsed.success) throw new Error(`no pools in the answer: ${answer.status} ${answer.text}`);
  return parsed.data.pools;
}

/** Null where the connection broke before a whole answer was there. */
async function ask({ program, serve }: RandomRun, request: PlannedRequest): Promise<Answer | null> {
  const { path, body, expects, idempotencyKey } = request;
  const headers = {
    authorization: `Bearer ${expects === 401 ? "somebody-else" : program.secret}`,
    ...(idempotencyKey === null ? {} : { "idempotency-key": idempotencyKey }),
  };
  return serve.request("POST", path, body, headers).catch(() => null);
}

function note(run: RandomRun, request: PlannedRequest, answer: Answer | null, isKilled: boolean): void {
  const { expects, path } = request;
  count(run.answers, answer === null ? "lost" : String(answer.status));
  if (answer === null) {
    if (isKilled) return;
    throw new Error(`${path} was not answered though nobody was killed`);
  }
  const isGood = typeof expects === "number" ? answer.status === expects : [200, 503].includes(answer.status);
  if (!isGood) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  if (expects === "decision" && answer.status === 200) run.results.push(...resultsOf(answer));
}

async function kill(run: RandomRun, { whom, moment }: Kill, asked: Promise<unknown>): Promise<void> {
  const { serve } = run;
  count(run.kills, `${whom} ${moment}`);
  switch (whom) {
    case "serve":
      serve.kill("SIGKILL");
      break;
    case "tree": {
      const others = descendantsOf(serve.pid);
      serve.kill("SIGKILL", "group");
      killAll(others);
      break;
    }
    case "pulumi":
      killAll(descendantsOf(serve.pid, (command) => /^pulumi\b/.test(command)));
      await asked;
      serve.kill("SIGTERM");
      break;
    case "stop":
      serve.kill("SIGTERM");
      break;
  }
  await serve.ended;
  run.lines.push(...serve.lines, `(${whom} was killed: ${moment})`);
}

/** As people do, again where somebody else holds git's lock for a moment. */
async function commitByPerson(run: RandomRun): Promise<void> {
  const { git, repository } = run.program;
  if (!existsSync(join(repository, ".git"))) return;
  run.personCommits += 1;
  const name = `note-${run.personCommits}.md`;
  await writeFile(join(repository, name), `Note ${run.personCommits}.\n`);
  for (let tries = 1; ; tries += 1) {
    try {
      await git("add", name);
      await git("commit", "--quiet", `--message=docs: ${name}`, "--", name);
      return;
    } catch (error) {
      if (tries === 300) throw error;
      await delay(100);
    }
  }
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}
