import { describe, expect, it } from "vitest";
import { DEPLOY_SCENARIOS } from "./deploy-scenarios.ts";
import { problemsOf, renderFaultTable } from "./fault-table.ts";
import { runDeployScenario } from "./run-deploy-scenario.ts";
import { runKilledJobs } from "./run-killed-jobs.ts";

const TIMEOUT = 900_000;

describe("each call of the Action × each fault ends as it may with the next run", () => {
  const covered = new Set<string>();
  const named = DEPLOY_SCENARIOS.map((scenario) => [scenario.name, scenario] as const);
  it.each(named)("%s", { timeout: TIMEOUT }, async (_name, scenario) => {
    const results = await runDeployScenario(scenario, covered);
    console.log(renderFaultTable(scenario.name, results));
    expect(problemsOf(results)).toEqual([]);
  });

  it.each(named)("%s, and dies", { timeout: TIMEOUT }, async (_name, scenario) => {
    const results = await runKilledJobs(scenario);
    console.log(renderFaultTable(`${scenario.name}, and dies`, results));
    expect(problemsOf(results)).toEqual([]);
  });
});
