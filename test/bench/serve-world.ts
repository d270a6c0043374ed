import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { askToScale, endOfOperation } from "../sidecar/support/ask-serve.ts";
import { openProgram } from "../sidecar/support/open-program.ts";
import type { Program } from "../sidecar/support/program.ts";
import { stateFolderOf } from "../sidecar/support/random-moments.ts";
import { descendantsOf } from "../sidecar/support/random-processes.ts";
import type { FixtureProgram } from "../sidecar/support/stack-texts.ts";
import type { Serve } from "../sidecar/support/start-serve.ts";

/** A program whose pools move as often as they are asked to: their cooldown is taken out of the contract, and it is up. */
export async function openServedProgram(fixture: FixtureProgram, git: boolean): Promise<Program> {
  const program = await openProgram({ program: fixture, git });
  try {
    for (const name of ["Pulumi.yaml", "index.js"]) {
      const path = join(program.workDir, name);
      const text = await readFile(path, "utf8").catch(() => null);
      if (text !== null) await writeFile(path, text.replaceAll("cooldown: 60", "cooldown: 0"));
    }
    if (git) await program.git("commit", "--quiet", "--all", "--message=feat: no cooldown");
    await program.pulumi("up", "--yes", "--skip-preview", "--stack", program.stack);
    return program;
  } catch (error) {
    await program.remove();
    throw error;
  }
}

/** When what was seen of one scale, in milliseconds from the request on. */
export type ScaleTimes = { committed: number; begun: number; updated: number; answered: number };

/** Scales a pool and waits until it is told what became of the apply. Throws unless it says that the value is applied. */
export async function timeScale(
  program: Program,
  serve: Serve,
  pool: string,
  value: number,
): Promise<ScaleTimes> {
  const records = join(stateFolderOf(program), "updates", `${program.project}.${program.stack}`);
  const before = await program.readStackFile();
  const times = { committed: 0, begun: 0, updated: 0 };
  const startedMs = performance.now();
  const reached = (name: keyof typeof times) => {
    if (times[name] === 0) times[name] = performance.now() - startedMs;
  };
  const look = async () => {
    if (times.committed === 0) {
      if ((await program.readStackFile()) !== before) reached("committed");
      return;
    }
    if (await hasRecord(records)) reached("begun");
    else if (times.begun !== 0) reached("updated");
  };
  let isOver = false;
  const watch = async () => {
    for (; !isOver; await delay(2)) await look();
  };
  const ask = async () => {
    try {
      const result = await askToScale(serve, `/scale/${pool}`, { value });
      // An answer waits for eight seconds at most; on a busy machine the apply may take longer. Each question asks Pulumi, and
      // would count as a process of the scale's own.
      const isLate = result.apply?.status === "under-way" && result.commit !== null;
      if (isLate) await untilIdle(serve);
      const end = isLate ? await endOfOperation(serve, result.commit ?? "") : result.apply;
      if (end?.status !== "applied") throw new Error(`this was to be applied: ${JSON.stringify(result)}`);
      return performance.now() - startedMs;
    } catch (error) {
      throw new Error(`serve said:\n${serve.lines.join("\n")}`, { cause: error });
    } finally {
      isOver = true;
    }
  };
  const [answered] = await Promise.all([ask(), watch()]);
  return { ...times, answered };
}

/** Waits until what follows an answer has ended: nothing of it is to fall on what is measured next. */
export async function untilIdle(serve: Serve): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    await delay(30);
    quiet = descendantsOf(serve.pid).length === 0 ? quiet + 1 : 0;
  }
}

async function hasRecord(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  return names.some((name) => name.endsWith(".json"));
}
