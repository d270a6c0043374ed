import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGitHubHost } from "../actions/github-host.ts";
import { toJson } from "../actions/json.ts";
import { runWithAct } from "../actions/run-with-act.ts";
import { deployRun } from "../oidc/format-claims.ts";
import { requireProgram } from "../setup/require-program.ts";
import { runCommand } from "../world/run-command.ts";
import { ACTION_ROOT } from "../world/seed-infra.ts";
import { startWorld, until, type World } from "../world/start-world.ts";

/** The same path with the real `act` in place of our runner: the README's workflow, the bundled Action, the real engine. */
describe("the deploy workflow under act", { timeout: 180_000 }, () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  }, 180_000);
  afterAll(() => world?.stop(), 60_000);

  it("applies a merged scale commit and brings the receipt back", async ({ skip }) => {
    const act = requireProgram("act", skip);
    const app = await world.startApp();
    await world.runner.stop();
    const pushes: unknown[] = [];
    world.github.onEvent(({ name, payload }) => {
      if (name === "push" && payload.ref === "refs/heads/main") pushes.push(payload);
    });
    const headers = { authorization: `Bearer ${world.token}` };
    await fetch(`${app.url}/scale/worker-pool`, { method: "POST", headers, body: '{"value": 4}' });
    await until(
      "the merge",
      () => pushes.length,
      (count) => count === 1,
      20_000,
    );

    const token = world.github.issueToken({
      kind: "workflow",
      repo: world.repository,
      permissions: { contents: "write", checks: "write", metadata: "read" },
    });
    const workspace = join(world.directory, "workspace");
    await runCommand("git", [
      "clone",
      "--quiet",
      "--depth=1",
      `file://${world.github.dataDirectory}/${world.repository}.git`,
      workspace,
    ]);
    const found = await createGitHubHost(world.github).findRepository(world.repository);
    const { GITHUB_TOKEN: _, ...noToken } = { GITHUB_TOKEN: "", ...world.environment };
    // Act gives no OIDC tokens itself.
    const env = { ...noToken, ...world.issuer.openJob(deployRun(found)) };
    // Only what a user's runner would use: act copies the whole folder.
    const product = join(world.directory, "product");
    cpSync(join(ACTION_ROOT, "action"), join(product, "action"), { recursive: true });
    const run = await runWithAct({
      act,
      workspace,
      workflow: ".github/workflows/deploy.yml",
      event: { name: "push", payload: toJson(pushes[0]) },
      server: world.github,
      repository: found,
      actor: "alice",
      env,
      secrets: { GITHUB_TOKEN: token, PULUMI_ACCESS_TOKEN: "none" },
      localActions: {
        "actions/setup-node@v6": join(ACTION_ROOT, "test/world/setup-node"),
        "pulumiscale/pulumiscale@v0": product,
      },
    });
    expect(run.exitCode, run.log.slice(-4000)).toBe(0);
    expect(world.countWorkers()).toBe(4);
    expect(await world.readLedger()).toMatchObject({
      applied: { "worker-pool": 4 },
      receipt: { outcome: "applied", pools: [{ pool: "worker-pool", outcome: "applied", from: 2, to: 4 }] },
    });
  });
});
