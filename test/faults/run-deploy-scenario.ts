import { type Call, nameCalls, recordTwice } from "./call.ts";
import { type CallFault, faultsToTry, KILLS } from "./call-faults.ts";
import type { DeployWorld } from "./deploy-case.ts";
import { openDeployWorld } from "./deploy-case.ts";
import type { DeployScenario } from "./deploy-scenarios.ts";
import type { CaseResult } from "./fault-table.ts";
import { injectFault } from "./inject-fault.ts";

/** So many repositories at once, each for one case after the other: two cores. */
const WORLDS = 2;
const NO_KILL = () => Promise.reject(new Error("This job is no process."));

/** Runs a job once as it is, which names its calls, and then anew for each call and fault. `covered` as in `runAppScenario`. */
export async function runDeployScenario(
  scenario: DeployScenario,
  covered: Set<string>,
): Promise<CaseResult[]> {
  const worlds = await Promise.all(Array.from({ length: WORLDS }, openDeployWorld));
  try {
    const [first] = worlds;
    if (first === undefined) return [];
    const calls = await recordTwice(() => recordCalls(scenario, first));
    const cases = calls.flatMap((call) => {
      const faults = faultsToTry(call, covered.has(call.name)).filter((fault) => !KILLS.includes(fault));
      covered.add(call.name);
      return faults.map((fault) => ({ call, fault }));
    });
    const waiting = [...cases.entries()];
    const results: CaseResult[] = [];
    const work = async (world: DeployWorld) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, { call, fault }] = next;
        results[index] = await runCase(scenario, world, call, fault);
      }
    };
    await Promise.all(worlds.map(work));
    return results;
  } finally {
    await Promise.all(worlds.map(({ repository }) => repository.stop()));
  }
}

/** What a job asks of GitHub where nothing fails. */
export async function recordCalls(scenario: DeployScenario, world: DeployWorld): Promise<Call[]> {
  const { github } = world.repository;
  const updates = await world.countUpdates();
  const before = await scenario.prepare(world);
  const from = github.requests.length;
  await scenario.run(world, before);
  const calls = nameCalls(github.requests.slice(from));
  const end = await world.readEnd(updates);
  if (!scenario.ends.includes(end)) throw new Error(`${scenario.name}: without a fault it ends with: ${end}`);
  return calls;
}

async function runCase(
  scenario: DeployScenario,
  world: DeployWorld,
  call: Call,
  fault: CallFault,
): Promise<CaseResult> {
  const { github } = world.repository;
  const updates = await world.countUpdates();
  const before = await scenario.prepare(world);
  const injected = injectFault(github, call, fault, NO_KILL);
  const told = [await scenario.run(world, before).catch(codeOf)];
  injected.remove();
  // The next run: its own checkout of the newest head.
  await world.checkoutHead();
  told.push(await scenario.run(world, null).catch(codeOf));
  const end = await world.readEnd(updates);
  return { call, fault: fault.name, end: `${end} | runs: ${told.join(", then ")}`, problem: problem() };

  function problem(): string | null {
    if (!injected.hasHit()) return "the call never came";
    if (!scenario.ends.includes(end)) return `the end is not allowed: ${end}`;
    if (told[1] !== "nothing" && told[1] !== scenario.done) return `the next run: ${told[1]}`;
    const [violation] = github.violations;
    return violation === undefined ? null : `the stand-in: ${violation.problem}`;
  }
}

/** A run's failure, by its code. */
export function codeOf(error: unknown): string {
  const isTyped = error instanceof Error && "code" in error && typeof error.code === "string";
  return isTyped ? `failed as ${error.code}` : `failed: ${String(error)}`;
}
