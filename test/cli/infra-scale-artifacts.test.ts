import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { makePlan } from "../../src/cli/infra-scale/make-plan.ts";
import { buildPlan } from "../../src/kubernetes/build-plan.ts";
import { parsePlanArguments } from "../../src/kubernetes/plan-arguments.ts";
import { infraScale, makeFolder, readArtifacts } from "../support/infra-scale-world.ts";

it("has a time and a folder of its own, also where two are made in one moment", async () => {
  const request = parsePlanArguments(["--workload=Deployment:web:6"]);
  if (request.kind !== "plan") throw new Error("That is no plan.");
  const folder = await makeFolder();
  const make = () =>
    makePlan(
      folder,
      () => Date.UTC(2025, 0, 15, 10, 20, 30, 999),
      (createdAtMs) => buildPlan(request.input, { createdAtMs, kubeContext: null }),
    );
  const made = await Promise.all([make(), make(), make()]);
  const times = made.map(({ plan }) => plan.metadata.createdAt).sort();
  expect(times).toEqual(["2025-01-15T10:20:30.999Z", "2025-01-15T10:20:31.000Z", "2025-01-15T10:20:31.001Z"]);
  for (const { artifacts, planFile } of made)
    expect(await readFile(artifacts.planFile, "utf8")).toBe(planFile);
});

it("are as small as they are said to be, for eight workloads with all that may be asked for", async () => {
  const names = ["web", "api", "cart", "mail", "queue", "report", "search", "worker"];
  const args = names.flatMap((name) => [
    ...[`--workload=Deployment:${name}:6`, `--req=${name}:cpu=500m,mem=1Gi`, `--lim=${name}:cpu=1,mem=2Gi`],
  ]);
  const folder = await makeFolder();
  await infraScale(folder, ["--namespace=assistant", "--hpa=min:4,max:12,cpu:65", ...args]);
  const { plan, summary } = await readArtifacts(folder);
  expect(plan.match(/- action: /g)).toHaveLength(3 * names.length);
  expect(plan.length).toBeLessThan(5_000);
  expect(summary.length).toBeLessThan(10_000);
});
