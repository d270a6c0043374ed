import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { HistoryAnswer } from "../../../src/http/answers.ts";
import { countOf } from "./pace-files.ts";
import { readBackendValues } from "./pool-values.ts";
import type { Program } from "./program.ts";
import { stateFolderOf } from "./random-moments.ts";
import { PACE_POOLS, PACE_RANGE } from "./random-plan.ts";
import { type RandomRun, readPools } from "./random-run.ts";

/** One pool's line of a scale commit, as the repository itself has it. */
type Line = { commit: string; atMs: number; pool: string; from: number; to: number; event: string };

/** Where the values stand of a run that has come to rest: all of these are to be the same. */
export async function readStandings({ program, ...run }: RandomRun) {
  const pools = await readPools({ program, ...run });
  const valuesOf = (read: (pool: (typeof pools)[number]) => number | null) =>
    Object.fromEntries(
      PACE_POOLS.map((name) => [
        name,
        readOne(
          pools.find(({ pool }) => pool === name),
          read,
        ),
      ]),
    );
  return {
    "the stack file": valuesIn(await program.readStackFile()),
    ...((await isGit(program))
      ? {
          "the stack file at HEAD": valuesIn(
            await program.git("show", `HEAD:${relative(program.repository, program.stackFile)}`),
          ),
        }
      : {}),
    "the backend's state": await readBackendValues(program, PACE_POOLS),
    "what is there": Object.fromEntries(PACE_POOLS.map((pool) => [pool, countOf(program, pool)])),
    "committed, by GET /pools": valuesOf(({ committed }) => committed),
    "applied, by GET /pools": valuesOf(({ applied }) => applied),
  };
}

function readOne<T>(found: T | undefined, read: (one: T) => number | null): number | null {
  return found === undefined ? null : read(found);
}

/** What is wrong with the commits of a run, in sentences; none where all is well. */
export async function findWrongs(
  run: RandomRun,
  started: Readonly<Record<string, number>>,
): Promise<string[]> {
  const lines = await readLines(run.program);
  const wrongs: string[] = [];
  const expect = (isRight: boolean, wrong: string) => {
    if (!isRight) wrongs.push(wrong);
  };
  for (const pool of PACE_POOLS) {
    let value = started[pool];
    for (const { commit, from, to, pool: named } of lines) {
      if (named !== pool) continue;
      expect(from === value, `${commit}: ${pool} ${from} → ${to}, though it stood at ${value}`);
      expect(
        to >= PACE_RANGE.min && to <= PACE_RANGE.max,
        `${commit}: ${pool} ${from} → ${to} is out of range`,
      );
      value = to;
    }
    const own = lines
      .filter((line) => line.pool === pool)
      .map(({ commit, from, to }) => ({ commit, from, to }));
    const told = await readHistory(run, pool);
    const same = JSON.stringify(told.toReversed()) === JSON.stringify(own);
    expect(
      same,
      `${pool}: GET history says ${JSON.stringify(told)}, the commits ${JSON.stringify(own.toReversed())}`,
    );
  }
  for (const [index, line] of lines.entries()) {
    const again = lines
      .slice(index + 1)
      .find(({ event, pool }) => event === line.event && pool === line.pool);
    const isRetry = again !== undefined && again.atMs - line.atMs < RETRIED_MS;
    expect(!isRetry, `the event ${line.event} scaled ${line.pool} twice: ${line.commit}, ${again?.commit}`);
  }
  for (const { commit, pool, from, to } of run.results) {
    if (commit === null) continue;
    const isThere = lines.some(
      (line) => line.commit === commit && line.pool === pool && line.from === from && line.to === to,
    );
    expect(isThere, `${pool} ${from} → ${to} was answered with ${commit}, which says nothing of it`);
  }
  return wrongs;
}

/** An event counts as a repetition for five minutes. */
const RETRIED_MS = 5 * 60_000;

async function readHistory(run: RandomRun, pool: string) {
  const answer = await run.serve.request("GET", `/pools/${pool}/history`);
  const { history } = HistoryAnswer.parse(answer.json);
  // A value that a person has put there comes from nowhere.
  return history.flatMap(({ commit, from, to }) => (from === null ? [] : [{ commit, from, to }]));
}

/** The lines of all scale commits, oldest first. */
async function readLines(program: Program): Promise<Line[]> {
  if (!(await isGit(program))) return readJournalLines(program);
  const log = await program.git("log", "--reverse", "--format=%H %ct%n%B%x00", "--", program.stackFile);
  return log.split("\0").flatMap((text) => {
    const [commit = "", seconds] = text.trimStart().split(/[ \n]/, 2);
    return linesIn(text, commit, Number(seconds) * 1000);
  });
}

const Journal = z.object({
  records: z.array(z.object({ id: z.string(), message: z.string(), atMs: z.number() })),
});

async function readJournalLines(program: Program): Promise<Line[]> {
  const text = await readFile(join(stateFolderOf(program), "journal/pace.dev.json"), "utf8");
  const { records } = Journal.parse(JSON.parse(text));
  return records.flatMap(({ id, message, atMs }) => linesIn(message, id, atMs));
}

function linesIn(message: string, commit: string, atMs: number): Line[] {
  const trailers = message.matchAll(/^Pulumiscale-Scale: (\w+) (\d+) -> (\d+) .*event=([0-9a-f]{16})$/gm);
  return [...trailers].map(([, pool = "", from, to, event = ""]) => ({
    ...{ commit, atMs, pool, event },
    from: Number(from),
    to: Number(to),
  }));
}

function valuesIn(text: string): Record<string, number> {
  const { config } = z.object({ config: z.record(z.string(), z.unknown()) }).parse(parse(text));
  return Object.fromEntries(PACE_POOLS.map((pool) => [pool, Number(config[`pace:${pool}Count`])]));
}

async function isGit({ git }: Program): Promise<boolean> {
  return git("rev-parse", "--git-dir").then(
    () => true,
    () => false,
  );
}
