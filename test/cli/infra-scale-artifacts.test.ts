import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { makePlan } from "../../src/cli/infra-scale/make-plan.ts";
import { buildPlan } from "../../src/kubernetes/build-plan.ts";
import { parsePlanArguments } from "../../src/kubernetes/plan-arguments.ts";
import { makeFolder } from "../support/infra-scale-world.ts";

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
