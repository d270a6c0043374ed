import { type AppCase, openAppCase } from "./app-case.ts";
import type { AppScenario } from "./app-scenarios.ts";
import { atOnce } from "./at-once.ts";
import { type Call, nameCalls, recordTwice } from "./call.ts";
import { type CallFault, faultsToTry } from "./call-faults.ts";
import type { CaseResult } from "./fault-table.ts";
import { injectFault } from "./inject-fault.ts";
import { readEnd } from "./read-end.ts";

/** So many worlds at once: the machine has two cores, and most of a case is waiting. */
const AT_ONCE = 8;
/** A call that came at another moment in one run is tried once more. */
const TRIES = 3;

/**
 * Runs a scenario once as it is, which names its calls, and then anew for each call and fault. `covered` are the names of calls
 * of which everything was tried before; those of this scenario are added.
 */
export async function runAppScenario(scenario: AppScenario, covered: Set<string>): Promise<CaseResult[]> {
  const calls = await recordTwice(() => recordCalls(scenario));
  const cases = calls.flatMap((call) => {
    const faults = faultsToTry(call, covered.has(call.name));
    covered.add(call.name);
    return faults.map((fault) => ({ call, fault }));
  });
  return atOnce(cases, AT_ONCE, ({ call, fault }) => runCase(scenario, call, fault));
}

/** The calls of a run in which nothing fails, between the start of `act` and the quiet after it. */
async function recordCalls(scenario: AppScenario): Promise<Call[]> {
  return inCase(scenario, "here", async (it) => {
    const { github } = it.world;
    const before = github.requests.length;
    await scenario.act(it);
    await it.quiet();
    const calls = nameCalls(github.requests.slice(before).filter(({ who }) => isOurs(who)));
    const end = await readEnd(it.world);
    if (!scenario.ends.includes(end))
      throw new Error(`${scenario.name}: without a fault it ends with: ${end}`);
    return calls;
  });
}

function isOurs(who: string): boolean {
  return who === "app scaler" || who === "scaler[bot]";
}

async function runCase(scenario: AppScenario, call: Call, fault: CallFault): Promise<CaseResult> {
  const isKill = fault.kind === "killed-before" || fault.kind === "killed-after";
  for (let tried = 1; ; tried++) {
    const result = await inCase(scenario, isKill ? "as-a-process" : "here", async (it) => {
      const injected = injectFault(it.world.github, call, fault, it.kill);
      await scenario.act(it);
      await it.quiet();
      if (!injected.hasHit()) return null;
      const { end, healed } = await healedEnd(scenario, it);
      const told = it.told.length === 0 ? "" : ` | sender: ${shorten(it.told)}`;
      return {
        call,
        fault: fault.name,
        end: `${end}${healed}${told}`,
        problem: problemOf(scenario, it, end),
      };
    });
    if (result !== null) return result;
    if (tried === TRIES) {
      // A read that two events asked for may be one read the next time.
      const problem = call.nth === 1 || call.writes ? "no such call" : null;
      return { call, fault: fault.name, end: "the call did not come again", problem };
    }
  }
}

/** The end state; where it is not right yet, after the sender's next alert, and then after the app's next start. */
async function healedEnd(scenario: AppScenario, it: AppCase): Promise<{ end: string; healed: string }> {
  const first = await readEnd(it.world);
  if (scenario.ends.includes(first)) return { end: first, healed: "" };
  it.advance(60);
  await it.send(scenario.repeat);
  await it.quiet();
  const second = await readEnd(it.world);
  if (scenario.ends.includes(second)) return { end: second, healed: ", with the next alert" };
  await it.stopApp();
  await it.quiet();
  return { end: await readEnd(it.world), healed: ", with the next start" };
}

function problemOf(scenario: AppScenario, { world, told }: AppCase, end: string): string | null {
  if (!scenario.ends.includes(end)) return `the end is not allowed: ${end}`;
  const bad = told.find(
    (said) => !/^(cut|503|200 (scale|hold duplicate|hold in-flight|hold awaiting-approval))$/.test(said),
  );
  if (bad !== undefined) return `the sender was told ${bad}`;
  if (told.length > 0 && !told.at(-1)?.startsWith("200")) return "the sender gave up";
  const [violation] = world.github.violations;
  return violation === undefined ? null : `the stand-in: ${violation.problem}`;
}

/** The answers that a sender got, runs of the same one counted. */
export function shorten(told: readonly string[]): string {
  const runs: { said: string; times: number }[] = [];
  for (const said of told) {
    const last = runs.at(-1);
    if (last?.said === said) last.times += 1;
    else runs.push({ said, times: 1 });
  }
  return runs.map(({ said, times }) => (times === 1 ? said : `${times} × ${said}`)).join(", ");
}

async function inCase<T>(
  scenario: AppScenario,
  where: "here" | "as-a-process",
  work: (it: AppCase) => Promise<T>,
): Promise<T> {
  const it = await openAppCase(scenario.world);
  try {
    await scenario.prepare?.(it);
    if (it.isRunning()) await it.quiet();
    if (where === "as-a-process") {
      const wasRunning = it.isRunning();
      if (wasRunning) await it.stopApp();
      it.nextIsProcess();
      if (wasRunning) await it.quiet();
    }
    it.told.length = 0;
    return await work(it);
  } finally {
    await it.close();
  }
}
