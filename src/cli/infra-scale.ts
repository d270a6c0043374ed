#!/usr/bin/env node
import { systemClock } from "../clock.ts";
import { buildPlan } from "../kubernetes/build-plan.ts";
import { parsePlanArguments } from "../kubernetes/plan-arguments.ts";
import { makePlan } from "./infra-scale/make-plan.ts";
import { readKubeContext } from "./infra-scale/read-kube-context.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** `infra.scale`: answers the lines of its answer, the last of which says how it has ended. Throws where it failed. */
async function runInfraScale(args: readonly string[], environment: Environment): Promise<string[]> {
  const request = parsePlanArguments(args);
  if (request.kind === "help") return [(await import("./infra-scale/usage.ts")).renderUsage().trimEnd()];
  const kubeContext = await readKubeContext(environment);
  const planAt = (createdAtMs: number) => buildPlan(request.input, { createdAtMs, kubeContext });
  const made = await makePlan(process.cwd(), systemClock, planAt);
  if (request.mode === "apply") {
    const { openPlan } = await import("./infra-scale/open-plan.ts");
    const url = await openPlan(made, request.branch, environment, (line) => console.error(line));
    return [`outputs_uri=${url ?? ""}`, "awaiting_approval"];
  }
  const { folder, planFile, summaryFile } = made.artifacts;
  return [`artifacts_dir=${folder}`, `plan_yaml=${planFile}`, `summary_md=${summaryFile}`, "succeeded"];
}

try {
  const lines = await runInfraScale(process.argv.slice(2), process.env);
  console.log(lines.join("\n"));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.log("failed");
  process.exitCode = 1;
}
