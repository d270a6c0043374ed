import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Call, recordTwice } from "./call.ts";
import { type CallFault, KILLS } from "./call-faults.ts";
import { type DeployWorld, openDeployWorld } from "./deploy-case.ts";
import type { DeployScenario } from "./deploy-scenarios.ts";
import type { CaseResult } from "./fault-table.ts";
import { makeFaultyPulumi, PULUMI_FAULTS, type PulumiFault } from "./faulty-pulumi.ts";
import { injectFault } from "./inject-fault.ts";
import { codeOf, recordCalls } from "./run-deploy-scenario.ts";
import { startDeployJob } from "./start-deploy-job.ts";

/** What is struck: the job at a call of GitHub's, or at one of its Pulumi processes. */
type Case =
  | { kind: "call"; call: Call; fault: CallFault }
  | { kind: "pulumi"; call: Call; nth: number; fault: PulumiFault };

/** Runs the Action as a process, once as it is, and then anew for each moment at which it may die, or Pulumi under it. */
export async function runKilledJobs(scenario: DeployScenario): Promise<CaseResult[]> {
  const worlds = await Promise.all([openDeployWorld(), openDeployWorld()]);
  try {
    const waiting = [...(await listCases(scenario, worlds[0])).entries()];
    const results: CaseResult[] = [];
    const work = async (world: DeployWorld) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, one] = next;
        results[index] = await runCase(scenario, world, one);
      }
    };
    await Promise.all(worlds.map(work));
    return results;
  } finally {
    await Promise.all(worlds.map(({ repository }) => repository.stop()));
  }
}

async function listCases(scenario: DeployScenario, world: DeployWorld): Promise<Case[]> {
  const { repository } = world;
  const calls = await recordTwice(() => recordCalls(scenario, world));
  await repository.pulumiProcesses();
  await recordCalls(scenario, world);
  const names = await repository.pulumiProcesses();
  const processes = names.map((name, index) => ({
    nth: index + 1,
    locks: name === "up",
    call: pulumiCall(name, names, index),
  }));
  return [
    ...calls.flatMap((call) => KILLS.map((fault): Case => ({ kind: "call", call, fault }))),
    ...processes.flatMap(({ nth, locks, call }) =>
      PULUMI_FAULTS.filter((fault) => locks || !fault.endsWith("in the middle")).map(
        (fault): Case => ({ kind: "pulumi", call, nth, fault }),
      ),
    ),
  ];
}

/** A Pulumi process as a row of the table. */
function pulumiCall(name: string, names: readonly string[], index: number): Call {
  const nth = names.slice(0, index + 1).filter((other) => other === name).length;
  return { name: `pulumi ${name}`, nth, kind: "rest", writes: false };
}

async function runCase(scenario: DeployScenario, world: DeployWorld, one: Case): Promise<CaseResult> {
  const { repository } = world;
  const { stack } = repository;
  const updates = await world.countUpdates();
  const before = await scenario.prepare(world);
  const faulty = one.kind === "pulumi" ? await makeFaultyPulumi(world, one.nth, one.fault) : null;
  const started: { kill: () => Promise<void> }[] = [];
  const kill = async () => {
    for (const job of started) await job.kill();
  };
  const injected = one.kind === "call" ? injectFault(repository.github, one.call, one.fault, kill) : null;
  const job = await startDeployJob(world, scenario.command, before, faulty);
  started.push(job);
  const { child } = job;
  if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  const said = child.signalCode === null ? `exit ${child.exitCode}` : "killed";
  injected?.remove();
  const hasHit = injected?.hasHit() ?? (faulty !== null && existsSync(faulty.hitFile));
  const isPulumiKilled = one.kind === "pulumi" && one.fault.startsWith("pulumi killed");
  // What the dead job's Pulumi is doing it finishes by itself.
  if (!isPulumiKilled) while (await stack.isLocked()) await sleep(20);

  await world.checkoutHead();
  const told = [said];
  const next = await scenario.run(world, null).catch(codeOf);
  told.push(next);
  if (next !== "nothing" && next !== scenario.done && (await stack.isLocked())) {
    // What the run's own sentence asks a person for.
    await stack.pulumi("cancel", "--yes", "--stack", "dev");
    told.push("pulumi cancel", await scenario.run(world, null).catch(codeOf));
  }
  const end = await world.readEnd(updates);
  const last = told.at(-1) ?? "";
  // A killed Pulumi records no update, though it may have made it.
  const ends = isPulumiKilled
    ? [...scenario.ends, ...scenario.ends.map((it) => it.replace("updated 1 ×", "updated 0 ×"))]
    : scenario.ends;
  const problem = () => {
    if (!hasHit) return "it never came to that";
    if (!ends.includes(end)) return `the end is not allowed: ${end}`;
    if (last !== "nothing" && last !== scenario.done) return `the next run: ${last}`;
    return told.includes("pulumi cancel") && !isPulumiKilled ? "a person had to free the lock" : null;
  };
  return {
    call: one.call,
    fault: one.kind === "call" ? one.fault.name : one.fault,
    end: `${end} | runs: ${told.join(", then ")}`,
    problem: problem(),
  };
}
