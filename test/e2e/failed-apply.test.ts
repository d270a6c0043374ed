import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { asPerson } from "../support/as-person.ts";
import { readAnswers } from "../support/command-world.ts";
import { describeRun, startWorld, until, type World } from "../world/start-world.ts";

const POOL = "worker-pool";
const Issues = z.array(
  z.object({ title: z.string(), body: z.string().nullable(), pull_request: z.unknown().optional() }),
);

/** One world for the whole story: each test goes on where the one before it stopped. */
describe("an apply that fails", { timeout: 180_000 }, () => {
  let world: World;
  let issue: number;
  let quota: string;

  beforeAll(async () => {
    world = await startWorld({
      cooldownSeconds: 0,
      files: { ".github/pulumiscale.yml": "defaults:\n  onFailure: open\n" },
    });
    quota = join(world.directory, "workers/quota");
    await world.startApp();
    issue = await world.github.openIssue(world.repository, { author: "alice", title: "Scaling" });
  }, 180_000);
  afterAll(() => world?.stop(), 60_000);

  /** Alice says it, and has an answer that says that. */
  const ask = async (body: string, text: RegExp): Promise<string> => {
    await world.github.comment(world.repository, issue, { author: "alice", body });
    const answers = await until(
      `an answer with ${text}`,
      () => readAnswers(world.github, issue),
      (all) => all.some((answer) => answer.includes(`\`${body}\``) && text.test(answer)),
    );
    await world.runner.waitForIdle();
    return answers.findLast((answer) => answer.includes(`\`${body}\``)) ?? "";
  };
  const newest = () => world.runner.runs.at(-1);
  const openPulls = async () => {
    const open = Issues.parse(await asPerson(world.github, "alice")("GET", "/issues"));
    return open.filter(({ pull_request }) => pull_request !== undefined);
  };

  it("is told in the answer to its comment and in the ledger, and has a pull request that takes it back", async () => {
    writeFileSync(quota, "3");
    const answer = await ask(`/scale ${POOL} 4`, /❌/);
    expect(newest()).toMatchObject({ event: "push", conclusion: "failure" });
    expect(world.countWorkers()).toBe(2);
    expect(await world.readLedger()).toMatchObject({
      applied: { [POOL]: 2 },
      receipt: { outcome: "failed", pools: [{ pool: POOL, outcome: "failed", from: 2, to: 4 }] },
    });
    expect(answer).toContain("no quota for 4 workers");
    expect(answer).toContain(`/${world.repository}/actions/runs/${newest()?.id}`);
    expect(answer).toContain("`/scale retry` tries it again.");
    const [revert, ...others] = await until("a revert", openPulls, (open) => open.length > 0);
    expect(others).toEqual([]);
    expect(revert?.title).toBe(`scale(fleet.prod): ${POOL} 4 → 2`);
    expect(revert?.body).toContain("no quota for 4 workers");
  });

  it("holds its pool for as long as nothing is mended", async () => {
    expect(await ask(`/scale ${POOL} 5`, /stays/)).toContain("the last apply failed");
    await ask(`/scale retry ${POOL}`, /is asked to apply/);
    await until("a run", newest, (run) => run?.event === "repository_dispatch");
    await world.runner.waitForIdle();
    expect(newest()?.conclusion).toBe("failure");
    expect(await openPulls()).toHaveLength(1);
  });

  it("is tried again by a command once its cause is mended, after which its pool scales again", async () => {
    const before = world.runner.runs.length;
    rmSync(quota);
    await ask(`/scale retry fleet.prod/${POOL}`, /is asked to apply/);
    await until(
      "a run",
      () => world.runner.runs.length,
      (count) => count > before,
    );
    await world.runner.waitForIdle();
    const run = newest();
    expect(run?.event).toBe("repository_dispatch");
    expect(run?.conclusion, describeRun(run)).toBe("success");
    expect(world.countWorkers()).toBe(4);
    expect(await world.readLedger()).toMatchObject({
      applied: { [POOL]: 4 },
      receipt: { outcome: "applied", pools: [{ pool: POOL, outcome: "applied", to: 4 }] },
    });
    await until("no revert", openPulls, (open) => open.length === 0);
    expect(await ask(`/scale ${POOL} 6`, /✅/)).toContain("4 → **6**");
    expect(world.countWorkers()).toBe(6);
    expect(world.github.violations).toEqual([]);
  });
});
