import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { INFRA_SCALE, infraScale, makeFolder, startPlanWorld } from "../support/infra-scale-world.ts";

it("a run that was killed after it moved the branch leaves nothing that the next one does not put right", {
  timeout: 60_000,
}, async () => {
  const { github, environment, openPulls } = await startPlanWorld();
  const cwd = await makeFolder();
  const ask = (replicas: number) => [
    ...["--apply", "--branch=plans/nightly", `--workload=Deployment:web:${replicas}`],
  ];
  const onBranch = () =>
    github.readFile("your-org/your-repo", "ops/plans/infra-scale/prod/SUMMARY.md", "plans/nightly");
  expect((await infraScale(cwd, ask(4), environment)).code).toBe(0);

  const killed = spawn(process.execPath, [INFRA_SCALE, ...ask(8)], {
    ...{ cwd, stdio: "ignore" },
    env: { ...process.env, ...environment, HOME: cwd, KUBECONFIG: "" },
  });
  github.faults.add({ kind: "status", status: 502, match: { operation: "pulls/update" }, times: 1 });
  const unsubscribe = github.onRequest(({ phase, request }) => {
    if (phase === "received" && request.operations.includes("pulls/update")) killed.kill("SIGKILL");
  });
  onTestFinished(() => unsubscribe());
  expect(await once(killed, "close")).toEqual([null, "SIGKILL"]);
  unsubscribe();
  expect(await onBranch()).toContain("replicas: 8");
  expect((await openPulls())[0]?.body).toContain("replicas: 4");

  expect((await infraScale(cwd, ask(8), environment)).code).toBe(0);
  const [pull, ...more] = await openPulls();
  expect(more).toEqual([]);
  expect(pull?.body).toContain((await onBranch())?.trimEnd());
  expect(pull?.body).toContain("replicas: 8");
  expect(pull?.labels.map(({ name }) => name)).toEqual(["needs-approval"]);
});
