import { afterEach, beforeEach, expect, test } from "vitest";
import { type RunnerWorld, startRunnerWorld } from "./support/runner-world.ts";

let world: RunnerWorld;
beforeEach(async () => {
  world = await startRunnerWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

test("a scheduled and a dispatched run have their own event; a re-run is the same once more", async () => {
  await world
    .push(`
    name: Deploy
    on:
      push: { branches: [other] }
      schedule: [{ cron: "*/10 * * * *" }]
      workflow_dispatch: { inputs: { stack: { type: string, default: dev }, note: { type: string } } }
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps: [{ run: "echo '\${{ github.event_name }} \${{ inputs.stack }}/\${{ github.event.inputs.note }}/\${{ github.event.schedule }} attempt \${{ github.run_attempt }}'" }]
  `)
    .catch(() => {});
  expect(world.runner.runs).toHaveLength(0);

  const [scheduled] = await world.runner.tick("octo/infra");
  await world.runner.dispatch("octo/infra", "deploy.yml", { note: "by hand" });
  const dispatched = await world.runner.dispatch("octo/infra", "Deploy");
  await world.runner.waitForIdle();
  await world.github.commit("octo/infra", { files: { a: "b" }, message: "Newer" });
  const again = world.runner.rerun(dispatched);
  await world.runner.waitForIdle();

  const said = world.runner.runs.map((run) => run.log.trim().split("\n").at(-1));
  expect(said).toEqual([
    "schedule //*/10 * * * * attempt 1",
    "workflow_dispatch dev/by hand/ attempt 1",
    "workflow_dispatch dev// attempt 1",
    "workflow_dispatch dev// attempt 2",
  ]);
  expect(scheduled?.event).toBe("schedule");
  expect(again).toMatchObject({ id: dispatched.id, attempt: 2, sha: dispatched.sha });
});

test("branch and path filters, and messages that skip", async () => {
  await world
    .push(`
    on: { push: { branches: [main], paths: ["infra/**", "!**/*.md"] } }
    jobs: { deploy: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }
  `)
    .catch(() => {});
  const commit = async (path: string, message: string, branch = "main") => {
    await world.github.commit("octo/infra", { files: { [path]: message }, message, branch });
    await world.runner.waitForIdle();
    return world.runner.runs.length;
  };
  expect(await commit("app/a.ts", "elsewhere")).toBe(0);
  expect(await commit("infra/README.md", "words")).toBe(0);
  expect(await commit("infra/a.ts", "other branch", "topic")).toBe(0);
  expect(await commit("infra/a.ts", "quiet [skip ci]")).toBe(0);
  expect(await commit("infra/a.ts", "loud")).toBe(1);
});

test("a file that GitHub would not accept is a run that fails and says why", async () => {
  const run = await world.push("on: push\njobs: { deploy: { steps: [{ run: a, users: b }] } }\n");
  expect(run).toMatchObject({ conclusion: "startup_failure" });
  expect(run.log).toContain("Unexpected value 'users'");
});

test("what this runner cannot do is refused, not left out", async () => {
  const run = await world.push(
    "on: push\njobs: { deploy: { runs-on: ubuntu-latest, services: { db: { image: db } }, steps: [{ run: a }] } }\n",
  );
  expect(run.log).toContain("services");
  expect(run.conclusion).toBe("startup_failure");
});
