import { describe, expect, it } from "vitest";
import { APP_SCENARIOS } from "./app-scenarios.ts";
import { problemsOf, renderFaultTable } from "./fault-table.ts";
import { runAppScenario } from "./run-app-scenario.ts";

const TIMEOUT = 900_000;

describe("each call of the app × each fault ends as it may", () => {
  const covered = new Set<string>();
  const named = APP_SCENARIOS.map((scenario) => [scenario.name, scenario] as const);
  it.each(named)("%s", { timeout: TIMEOUT }, async (_name, scenario) => {
    const results = await runAppScenario(scenario, covered);
    console.log(renderFaultTable(scenario.name, results));
    expect(problemsOf(results)).toEqual([]);
  });
});
