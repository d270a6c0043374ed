import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Run } from "./run.ts";
import { outcomes, type RunnerWorld, startRunnerWorld } from "./support/runner-world.ts";

let world: RunnerWorld;
beforeEach(async () => {
  world = await startRunnerWorld({
    times: { afterInterruptMs: 400, afterTerminateMs: 400, afterExitMs: 400 },
  });
});
afterEach(() => world[Symbol.asyncDispose]());

/** Resolves when `check` answers something else than undefined or an error. */
async function eventually<T>(check: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const answer = await Promise.resolve(check()).catch(() => undefined);
    if (answer !== undefined) return answer;
    await sleep(10);
  }
}
const isThere = (name: string) => eventually(() => readFile(join(world.folder, name), "utf8"));
const readPid = (name: string) => eventually(async () => Number(await isThere(name)) || undefined);
const running = (run: Run) => eventually(() => (run.status === "running" ? run : undefined));
const conclusions = () => world.runner.runs.map((run) => run.conclusion);

/** Each run writes `started-<n>` and then waits for a file `go`. */
const waiting = (concurrency: string) => `
  on: { push: { branches: [none] }, workflow_dispatch: {} }
  concurrency: ${concurrency}
  jobs:
    deploy:
      runs-on: ubuntu-latest
      steps:
        - run: |
            touch "$FOLDER/started-$GITHUB_RUN_NUMBER"
            until [ -e "$FOLDER/go" ]; do sleep 0.02; done
`;
const dispatch = () => world.runner.dispatch("octo/infra", "deploy.yml");

test("one run of a group runs and one waits; an older one that waited is cancelled", async () => {
  await world.seed(waiting(`deploy-\${{ github.ref_name }}`));
  await dispatch();
  await isThere("started-1");
  for (let n = 0; n < 3; n += 1) await dispatch();
  expect(world.runner.runs.map((run) => run.status)).toEqual(["running", "completed", "completed", "queued"]);
  await writeFile(join(world.folder, "go"), "");
  await world.runner.waitForIdle();
  expect(conclusions()).toEqual(["success", "cancelled", "cancelled", "success"]);
});

test("`queue: max` keeps all that wait, in their order", async () => {
  await world.seed(waiting("{ group: deploy, queue: max }"));
  await dispatch();
  await isThere("started-1");
  for (let n = 0; n < 3; n += 1) await dispatch();
  const order: number[] = [];
  world.runner.on("run", (run) => {
    if (run.status === "completed") order.push(run.number);
  });
  await writeFile(join(world.folder, "go"), "");
  await world.runner.waitForIdle();
  expect(conclusions()).toEqual(["success", "success", "success", "success"]);
  expect(order).toEqual([1, 2, 3, 4]);
});

test("`cancel-in-progress` ends the one that runs", async () => {
  await world.seed(waiting("{ group: deploy, cancel-in-progress: true }"));
  await dispatch();
  await isThere("started-1");
  await dispatch();
  await isThere("started-2");
  await writeFile(join(world.folder, "go"), "");
  await world.runner.waitForIdle();
  expect(conclusions()).toEqual(["cancelled", "success"]);
});

test("runs of other groups do not wait for each other", async () => {
  await world.seed(waiting(`deploy-\${{ github.run_number }}`));
  await dispatch();
  await dispatch();
  await Promise.all([isThere("started-1"), isThere("started-2")]);
});

/** A step whose process writes down the signals that it gets, and ends at the one named. */
const stubborn = (last: string) => `
  on: { workflow_dispatch: {} }
  jobs:
    deploy:
      runs-on: ubuntu-latest
      steps:
        - name: stubborn
          run: |
            exec node -e '
              const { appendFileSync, writeFileSync } = require("node:fs");
              for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {
                appendFileSync(process.env.FOLDER + "/signals", signal + "\\n");
                if (signal === "${last}") process.exit(1);
              });
              setInterval(() => {}, 1000);
              writeFileSync(process.env.FOLDER + "/pid", String(process.pid));
            '
        - { name: after, run: "true" }
        - { name: on failure, if: failure(), run: "true" }
        - { name: on cancellation, if: cancelled(), run: "true" }
        - { name: always, if: always(), run: "true" }
`;

test.each([
  ["SIGINT", "SIGINT\n"],
  ["SIGTERM", "SIGINT\nSIGTERM\n"],
  ["SIGKILL", "SIGINT\nSIGTERM\n"],
])("a cancelled step that ends only at %s has seen the signals before it", async (last, seen) => {
  await world.seed(stubborn(last));
  const run = await dispatch();
  const pid = await readPid("pid");
  await world.runner.cancel(run);
  expect(run).toMatchObject({ status: "completed", conclusion: "cancelled" });
  expect(await readFile(join(world.folder, "signals"), "utf8")).toBe(seen);
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  expect(outcomes(run)).toEqual([
    "stubborn: cancelled",
    "after: skipped",
    "on failure: skipped",
    "on cancellation: success",
    "always: success",
  ]);
});

test("an interruption reaches the step's own process, not its children", async () => {
  await world.seed(
    `
    on: { workflow_dispatch: {} }
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps: [{ uses: actions/checkout@v5 }, { run: exec node parent.mjs }]
    `,
    {
      "parent.mjs": `
        import { spawn } from "node:child_process";
        import { appendFileSync } from "node:fs";
        const child = spawn(process.execPath, ["child.mjs"], { stdio: "inherit" });
        process.on("SIGINT", () => {
          appendFileSync(process.env.FOLDER + "/signals", "parent\\n");
          // The child says whether it has heard of it too, and ends by this.
          child.kill("SIGUSR2");
        });
        child.on("exit", () => process.exit(1));
      `,
      "child.mjs": `
        import { appendFileSync, writeFileSync } from "node:fs";
        process.on("SIGINT", () => appendFileSync(process.env.FOLDER + "/signals", "child\\n"));
        process.on("SIGUSR2", () => process.exit());
        setInterval(() => {}, 1000);
        writeFileSync(process.env.FOLDER + "/ready", "");
      `,
    },
  );
  const run = await dispatch();
  await isThere("ready");
  await world.runner.cancel(run);
  expect(await readFile(join(world.folder, "signals"), "utf8")).toBe("parent\n");
});

test("a run that still waits for its turn can be cancelled", async () => {
  await world.seed(waiting("deploy"));
  await dispatch();
  await isThere("started-1");
  const second = await dispatch();
  await world.runner.cancel(second);
  expect(second.conclusion).toBe("cancelled");
  expect(second.jobs).toEqual([]);
});

test("nothing outlives its job, unless it was started without the tracking id", async () => {
  await world.seed(`
    on: { workflow_dispatch: {} }
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - run: |
              setsid sleep 600 > /dev/null 2>&1 &
              echo $! > "$FOLDER/tracked"
              RUNNER_TRACKING_ID= setsid sleep 600 > /dev/null 2>&1 &
              echo $! > "$FOLDER/free"
          - run: kill -0 "$(cat "$FOLDER/tracked")"
  `);
  const run = await dispatch();
  await world.runner.waitForIdle();
  expect(run.conclusion).toBe("success");
  const free = await readPid("free");
  const tracked = await readPid("tracked");
  try {
    await eventually(() => (isAlive(tracked) ? undefined : "gone"));
    expect(isAlive(free)).toBe(true);
  } finally {
    process.kill(free, "SIGKILL");
  }
});

test("no run outlives stop(): nothing more starts, not even always()", async () => {
  await world.seed(stubborn("SIGKILL"));
  const run = await dispatch();
  const pid = await readPid("pid");
  const second = await running(await dispatch());
  await world.runner.stop();
  expect(isAlive(pid)).toBe(false);
  expect([run.conclusion, second.conclusion]).toEqual(["cancelled", "cancelled"]);
  expect(outcomes(run).at(-1)).toBe("always: skipped");
  await world.github.commit("octo/infra", { files: { a: "b" }, message: "After the end" });
  expect(world.runner.runs).toHaveLength(2);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
