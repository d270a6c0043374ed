import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openProgram } from "./support/open-program.ts";
import type { Program } from "./support/program.ts";
import { findWrongs, readStandings } from "./support/random-findings.ts";
import { findLeftovers } from "./support/random-leftovers.ts";
import { PACE_POOLS, planRun } from "./support/random-plan.ts";
import { openRun, type RandomRun, runStep, settle } from "./support/random-run.ts";

/** `KILLS_SEED` repeats a run's decisions; a run prints its seed. */
const SEED = Number(process.env.KILLS_SEED ?? Math.floor(Math.random() * 2 ** 32));
const REQUESTS = Number(process.env.KILLS_REQUESTS ?? 200);

/** After about so many requests everything is let come to rest, and looked at. */
const QUIET_AFTER = 20;
const STARTED = { steady: 1, slow: 2, fragile: 3 };

test("SC-001 over 200 random requests with random kills, what is there is what is committed", async () => {
  const { program } = await runAtRandom(SEED, REQUESTS, true);
  expect(await program.git("status", "--porcelain")).toBe("");
  await program.git("fsck", "--strict");
}, 900_000);

test("SC-001 the same in a folder without git, over fewer of them", async () => {
  await runAtRandom(SEED + 1, Math.ceil(REQUESTS / 7), false);
}, 600_000);

async function runAtRandom(seed: number, requests: number, git: boolean): Promise<RandomRun> {
  console.log(`KILLS_SEED=${SEED}: ${requests} requests, ${git ? "in git" : "in a folder"}`);
  const program = await openOwnProgram(git);
  const run = await openRun(program);
  onTestFinished(() => void run.serve.stop());
  let [sent, looked] = [0, 0];
  try {
    for (const step of planRun(seed, requests)) {
      run.lines.push(`--- ${JSON.stringify(step)}`);
      await runStep(run, step);
      sent += step.requests.length;
      if (sent - looked < QUIET_AFTER && sent < requests) continue;
      looked = sent;
      await settle(run);
      await checkAtRest(run);
    }
    expect(await run.serve.stop()).toBe(0);
    run.lines.push(...run.serve.lines);
    expect(await findLeftovers(program)).toEqual([]);
  } catch (error) {
    const lines = [...run.lines, ...run.serve.lines].slice(-150).join("\n");
    throw new Error(`KILLS_SEED=${SEED} repeats it, after ${sent} requests. serve said:\n${lines}`, {
      cause: error,
    });
  }
  const counts = [run.answers, run.kills].map((map) => JSON.stringify(Object.fromEntries(map)));
  console.log(`answers ${counts[0]}, kills ${counts[1]}, ${run.personCommits} commits by a person`);
  return run;
}

async function checkAtRest(run: RandomRun): Promise<void> {
  const standings = await readStandings(run);
  const there = standings["what is there"];
  expect(standings).toEqual(Object.fromEntries(Object.keys(standings).map((where) => [where, there])));
  expect(Object.keys(there).toSorted()).toEqual([...PACE_POOLS].toSorted());
  expect(await findWrongs(run, STARTED)).toEqual([]);
}

/** With a folder for temporary files of its own, so that what is left there shows. */
async function openOwnProgram(git: boolean): Promise<Program> {
  const program = await openProgram({ program: "yaml-pace", git, ...(git ? { folder: "infra" } : {}) });
  onTestFinished(program.remove);
  const temporary = join(program.root, "tmp");
  mkdirSync(temporary);
  return { ...program, environment: { ...program.environment, TMPDIR: temporary } };
}
