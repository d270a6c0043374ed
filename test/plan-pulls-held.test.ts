import { describe, expect, it } from "vitest";
import { z } from "zod";
import { REPO } from "./support/command-world.ts";
import { PLANS, type PlanPullWorld, startPlanPulls } from "./support/plan-pull-world.ts";

const TIMEOUT = 60_000;
const CheckRuns = z.object({
  check_runs: z.array(
    z.object({
      name: z.string(),
      conclusion: z.string().nullable(),
      output: z.object({ title: z.string().nullable() }),
    }),
  ),
});

/** An approved plan that waits, and what it says. */
async function held(world: PlanPullWorld): Promise<{ number: number; note: string }> {
  const number = await world.plan();
  await world.approve(number);
  expect(await world.onBase()).toBeNull();
  return { number, note: (await world.notes(number)).join() };
}

describe("an approved plan is held back, and says so, under", { timeout: TIMEOUT }, () => {
  it.each(["", " in", " out"])(
    "a pause of the whole repository, and merges when it is over (all%s)",
    async (direction) => {
      const world = await startPlanPulls();
      expect(await world.ask(`/scale pause all${direction} release day`)).toContain("paused");
      const { note } = await held(world);
      expect(note).toMatch(/It is held back: alice has paused .*the whole repository.*release day/);
      await world.ask("/scale resume all", "bob");
      await world.merged();
    },
  );

  it("`paused: true`, and merges when that is over", async () => {
    const path = ".github/pulumiscale.yml";
    const world = await startPlanPulls({ files: { [path]: "paused: true\n" } });
    expect((await held(world)).note).toContain("`paused: true` in .github/pulumiscale.yml holds all scaling");
    await world.push({ [path]: "paused: false\n" }, "alice", "main");
    await world.merged();
  });

  it("PULUMISCALE_PAUSED", async () => {
    const world = await startPlanPulls({ environment: { PULUMISCALE_PAUSED: "1" } });
    expect((await held(world)).note).toContain("PULUMISCALE_PAUSED");
  });

  it("a repository file that cannot be used", async () => {
    const world = await startPlanPulls({ files: { ".github/pulumiscale.yml": "paused: perhaps\n" } });
    expect((await held(world)).note).toContain(".github/pulumiscale.yml cannot be used: paused:");
  });

  it("pauses that cannot be read", async () => {
    const world = await startPlanPulls();
    await world.push({ "controls.json": "{" }, "alice", "pulumiscale");
    expect((await held(world)).note).toContain("controls.json with the pauses and pins cannot be read");
  });
});

it("a pause of one stack holds no plan", { timeout: TIMEOUT }, async () => {
  const world = await startPlanPulls();
  expect(await world.ask("/scale pause shop.prod")).toContain("paused");
  await world.approve(await world.plan());
  await world.merged();
});

it("the guard lets a plan pass, since it touches no pool's value", { timeout: TIMEOUT }, async () => {
  const { alice, github, plan } = await startPlanPulls();
  await plan();
  const head = await github.readRef(REPO, `refs/heads/${PLANS}`);
  const { check_runs } = CheckRuns.parse(await alice("GET", `/commits/${head}/check-runs`));
  expect(check_runs).toEqual([
    { name: "pulumiscale/guard", conclusion: "success", output: { title: "No pool's value is touched" } },
  ]);
});
