import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requireProgram } from "../setup/require-program.ts";
import { runCommand } from "../world/run-command.ts";
import { type Alertmanager, startAlertmanager } from "../world/start-alertmanager.ts";
import type { AppProcess } from "../world/start-app-process.ts";
import { describeRun, startWorld, until, type World } from "../world/start-world.ts";

const POOL = "worker-pool";

/** One world for the whole story: each test goes on where the one before it stopped. */
describe("from an alert to the applied resource", { timeout: 180_000 }, () => {
  let world: World;
  let app: AppProcess;

  beforeAll(async () => {
    // Alertmanager's repeats are told from its retries by time: as short here as its group_interval is.
    const files = { ".github/pulumiscale.yml": "defaults:\n  duplicateSeconds: 1\n" };
    world = await startWorld({ cooldownSeconds: 4, files });
    app = await world.startApp();
  }, 180_000);
  afterAll(() => world?.stop(), 60_000);

  const committed = async () =>
    /workerCount: "?(\d+)/.exec((await world.github.readFile(world.repository, world.stackFile)) ?? "")?.[1];
  const scaleCommits = async () =>
    (await world.github.readLog(world.repository, "main", world.stackFile)).filter(({ message }) =>
      message.startsWith("scale("),
    );
  const post = async (path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${world.token}`, "content-type": "application/json" };
    const response = await fetch(`${app.url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return {
      status: response.status,
      answer: (await response.json()) as { results: { kind: string; reasons: { code: string }[] }[] },
    };
  };

  it("starts with a full deploy that published the contract", async () => {
    const entry = await world.readLedger();
    expect(entry).toMatchObject({ project: "fleet", stack: "prod", dir: ".", applied: { [POOL]: 2 } });
    expect(entry?.tokenHashes).toHaveLength(1);
    expect(JSON.stringify(entry)).not.toContain(world.token);
    expect(world.countWorkers()).toBe(2);
  });

  it("climbs one step per cooldown to max while two Alertmanager peers keep firing and GitHub fails once", async ({
    skip,
  }) => {
    const program = requireProgram("alertmanager", skip);
    const url = `${app.url}/webhook/prometheus`;
    const peers: Alertmanager[] = [];
    try {
      for (const name of ["one", "two"]) {
        const directory = `${world.directory}/alertmanager-${name}`;
        peers.push(await startAlertmanager({ program, directory, url, token: world.token }));
      }
      // The first answer is 503, and Alertmanager's own retry brings the alert again.
      world.github.faults.add({ match: { path: /graphql/ }, times: 1, kind: "status", status: 502 });
      const startsAt = new Date();
      await Promise.all(peers.map((peer) => peer.fire({ alertname: "Busy", pool: POOL }, {}, startsAt)));
      await until(
        "max",
        () => world.countWorkers(),
        (count) => count === 6,
        150_000,
      );
      await world.runner.waitForIdle();
    } finally {
      for (const peer of peers) await peer.stop();
    }
    expect(app.process.lines.some((line) => line.includes('"status":503'))).toBe(true);
    const commits = await scaleCommits();
    const subjects = commits.map(({ message }) => message.split("\n")[0]).reverse();
    expect(subjects).toEqual([2, 3, 4, 5].map((from) => `scale(fleet.prod): ${POOL} ${from} → ${from + 1}`));
    const times = commits.map(({ committedAt }) => committedAt.getTime()).reverse();
    for (const [index, time] of times.entries()) {
      const before = times[index - 1];
      // Git's times are whole seconds.
      if (before !== undefined) expect(time - before).toBeGreaterThanOrEqual(3000);
    }
    expect(await committed()).toBe("6");
    expect((await world.readLedger())?.applied).toEqual({ [POOL]: 6 });
  });

  it("ran a targeted up for each scale commit, and no full one", () => {
    const [, ...afterFirst] = world.runner.runs;
    expect(afterFirst.length).toBeGreaterThanOrEqual(4);
    for (const run of afterFirst) {
      expect(run.conclusion, describeRun(run)).toBe("success");
      const fullUp = run.steps.find(({ name }) => name.includes("pulumi up"));
      expect(fullUp?.outcome, describeRun(run)).toBe("skipped");
    }
  });

  it("brings the receipt back to the commit and the ledger", async () => {
    const [newest] = await scaleCommits();
    const entry = await world.readLedger();
    expect(entry?.receipt).toMatchObject({
      outcome: "applied",
      pools: [{ pool: POOL, outcome: "applied", from: 5, to: 6 }],
      covers: [newest?.oid],
    });
    const token = world.github.issueToken({ kind: "user", login: "alice" });
    const response = await fetch(
      `${world.github.apiUrl}/repos/${world.repository}/commits/${newest?.oid}/check-runs`,
      {
        headers: { authorization: `Bearer ${token}` },
      },
    );
    const { check_runs } = (await response.json()) as { check_runs: { name: string; conclusion: string }[] };
    expect(
      check_runs.map(({ name, conclusion }) => [name.includes("pulumiscale/apply"), conclusion]),
    ).toContainEqual([true, "success"]);
  });

  it("holds at max", async () => {
    const { answer } = await post(`/webhook/${POOL}/delta`, { delta: 1 });
    expect(answer.results[0]).toMatchObject({ kind: "hold" });
    expect(world.countWorkers()).toBe(6);
  });

  it("scales down by a direct call, once its cooldown is over", async () => {
    await until(
      "the cooldown",
      () => post(`/scale/${POOL}`, { value: 3 }),
      ({ answer }) => answer.results[0]?.kind === "scale",
      30_000,
    );
    await until(
      "three workers",
      () => world.countWorkers(),
      (count) => count === 3,
      60_000,
    );
    await world.runner.waitForIdle();
  });

  it("is restored to the last scaled value by a plain pulumi up when the app is gone", async () => {
    await app.process.kill();
    const clone = `${world.directory}/clone`;
    await runCommand("git", [
      "clone",
      "--quiet",
      `${world.github.dataDirectory}/${world.repository}.git`,
      clone,
    ]);
    await runCommand("ln", ["-s", String(world.environment.NODE_MODULES), `${clone}/node_modules`]);
    const env = world.environment;
    await runCommand("pulumi", ["up", "--yes", "--skip-preview", "--stack", "prod"], { cwd: clone, env });
    expect(world.countWorkers()).toBe(3);
    const config = await runCommand("pulumi", ["config", "get", "workerCount", "--stack", "prod"], {
      cwd: clone,
      env,
    });
    expect(config.trim()).toBe("3");
  });

  it("made no call and gave no answer that GitHub's descriptions rule out", () => {
    expect(world.github.violations).toEqual([]);
  });
});
