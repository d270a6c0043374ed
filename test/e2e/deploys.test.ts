import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "../actions/run.ts";
import { runCommand } from "../world/run-command.ts";
import type { AppProcess } from "../world/start-app-process.ts";
import { describeRun, startWorld, until, type World } from "../world/start-world.ts";

const POOL = "worker-pool";
const OTHER = 'import * as pulumi from "@pulumi/pulumi";\nnew pulumi.Stash("other", { input: 1 });\n';

/** Scale commits beside a team's own deploys. Each test goes on where the one before it stopped. */
describe("deploys", { timeout: 180_000 }, () => {
  let world: World;
  let app: AppProcess;

  beforeAll(async () => {
    const files = { ".github/pulumiscale.yml": "defaults:\n  duplicateSeconds: 1\n" };
    world = await startWorld({ cooldownSeconds: 0, files });
    app = await world.startApp();
  }, 180_000);
  afterAll(() => world?.stop(), 60_000);

  const scaleTo = async (value: number) => {
    const headers = { authorization: `Bearer ${world.token}` };
    const post = () =>
      fetch(`${app.url}/scale/${POOL}`, { method: "POST", headers, body: JSON.stringify({ value }) });
    await until(
      "a scale",
      async () => ((await (await post()).json()) as { results: { kind: string }[] }).results[0]?.kind,
      (kind) => kind === "scale",
      30_000,
    );
    await until(
      `${value} committed`,
      () => world.github.readFile(world.repository, world.stackFile),
      (text) => text?.includes(`workerCount: "${value}"`) === true,
      20_000,
    );
    const head = await world.github.readRef(world.repository, "main");
    await until(
      "the run",
      () => newest().sha,
      (sha) => sha === head,
      20_000,
    );
    await world.runner.waitForIdle();
    return newest();
  };
  const newest = (): Run => {
    const run = world.runner.runs.at(-1);
    if (run === undefined) throw new Error("there is no run");
    return run;
  };
  const ranFullUp = (run: Run) =>
    run.steps.find(({ name }) => name.includes("pulumi up"))?.outcome === "success";
  const indexFile = async () => (await world.github.readFile(world.repository, "index.ts")) ?? "";
  const resources = async () => {
    const state = await runCommand("pulumi", ["stack", "export", "--stack", "prod"], {
      cwd: `${world.directory}/seed`,
      env: world.environment,
    });
    return (JSON.parse(state) as { deployment: { resources: { urn: string }[] } }).deployment.resources.map(
      ({ urn }) => urn.split("::").at(-1),
    );
  };

  it("run no full up for a scale commit", async () => {
    const run = await scaleTo(3);
    expect(run.conclusion, describeRun(run)).toBe("success");
    expect(ranFullUp(run)).toBe(false);
    expect(world.countWorkers()).toBe(3);
  });

  it("run one full up for a change of the code, and publish it", async () => {
    const deployedBefore = (await world.readLedger())?.deployed;
    const files = { "index.ts": `${await indexFile()}\nexport const note = "a change";\n` };
    const oid = await world.github.commit(world.repository, {
      files,
      message: "feat: a note",
      login: "alice",
    });
    await until(
      "the run",
      () => world.runner.runs.at(-1)?.sha,
      (sha) => sha === oid,
      20_000,
    );
    await world.runner.waitForIdle();
    expect(ranFullUp(newest()), describeRun(newest())).toBe(true);
    expect(await world.readLedger()).toMatchObject({ deployed: oid, applied: { [POOL]: 3 } });
    expect(deployedBefore).not.toBe(oid);
  });

  it("take no older undeployed change along with a scale", async () => {
    const files = { "other.ts": OTHER, "index.ts": `import "./other";\n${await indexFile()}` };
    const deployed = (await world.readLedger())?.deployed;
    await world.github.commit(world.repository, {
      files,
      message: "feat: not deployed yet [skip ci]",
      login: "alice",
    });
    const run = await scaleTo(4);
    expect(run.conclusion, describeRun(run)).toBe("success");
    expect(ranFullUp(run)).toBe(false);
    expect(world.countWorkers()).toBe(4);
    expect(await resources()).not.toContain("other");
    expect(await world.readLedger()).toMatchObject({ deployed, applied: { [POOL]: 4 } });
  });

  it("never apply an old value when an old run is repeated", async () => {
    const old = world.runner.runs.find(
      (run) => run.event === "push" && run.sha !== newest().sha && !ranFullUp(run),
    );
    if (old === undefined) throw new Error("there is no old run");
    const again = world.runner.rerun(old);
    await world.runner.waitForIdle();
    expect(["success", "failure"]).toContain(again.conclusion);
    expect(world.countWorkers()).toBe(4);
    expect(await world.readLedger()).toMatchObject({ applied: { [POOL]: 4 } });
  });

  it("heal on the schedule what an event has missed", async () => {
    const text = (await world.github.readFile(world.repository, world.stackFile)) ?? "";
    const files = { [world.stackFile]: text.replace('workerCount: "4"', 'workerCount: "5"') };
    await world.github.commit(world.repository, { files, message: "five [skip ci]", login: "alice" });
    await world.runner.tick(world.repository);
    await world.runner.waitForIdle();
    expect(newest().conclusion, describeRun(newest())).toBe("success");
    expect(world.countWorkers()).toBe(5);
    expect(await world.readLedger()).toMatchObject({ applied: { [POOL]: 5 } });
  });
});
