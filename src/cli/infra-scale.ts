#!/usr/bin/env node
import { systemClock } from "../clock.ts";
import { buildPlan } from "../kubernetes/build-plan.ts";
import { fillPlan } from "../kubernetes/fill-plan.ts";
import { findKubeconfig } from "../kubernetes/find-kubeconfig.ts";
import type { Finding } from "../kubernetes/finding.ts";
import { parsePlanArguments } from "../kubernetes/plan-arguments.ts";
import { costOf, costRowsOf } from "../kubernetes/plan-cost.ts";
import { makePlan } from "./infra-scale/make-plan.ts";
import { readKubeContext } from "./infra-scale/read-kube-context.ts";
import { readPrices } from "./infra-scale/read-prices.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** `infra.scale`: answers the lines of its answer, the last of which says how it has ended. Throws where it failed. */
async function runInfraScale(args: readonly string[], environment: Environment): Promise<string[]> {
  if (args[0] === "history") {
    const { runHistory } = await import("./infra-scale/history.ts");
    return [await runHistory(args.slice(1), environment, (line) => console.error(line))];
  }
  const request = parsePlanArguments(args);
  if (request.kind === "help") return [(await import("./infra-scale/usage.ts")).renderUsage().trimEnd()];
  const { input, cluster } = request;
  const kubeconfig = findKubeconfig(cluster.kubeconfig, environment);
  const kubeContext = input.contexts[0] ?? (await readKubeContext(kubeconfig));
  const draftAt = (createdAtMs: number) => buildPlan(input, { createdAtMs, kubeContext });
  const isAsked = cluster.use === "required" || (cluster.use === "if-there-is-one" && kubeContext !== null);
  const asked = isAsked ? await import("./infra-scale/ask-clusters.ts") : null;
  const isStrict = cluster.onRisk === "fail";
  // What a strict run fails with tells of it.
  const tell = isStrict ? () => {} : (line: string) => console.error(line);
  const answers =
    (await asked?.askClusters(draftAt(systemClock()), input, cluster.use, kubeconfig, tell)) ?? null;
  const filledAt = (createdAtMs: number) =>
    answers === null ? draftAt(createdAtMs) : fillPlan(draftAt(createdAtMs), input, answers);
  const prices = await readPrices(process.cwd(), request.prices);
  const planAt = (createdAtMs: number) => {
    const plan = filledAt(createdAtMs);
    return prices === null
      ? plan
      : { ...plan, cost: costOf(costRowsOf(plan.actions, answers?.pods), prices) };
  };
  const made = await makePlan(process.cwd(), systemClock, planAt);
  const { folder, planFile, summaryFile } = made.artifacts;
  const written = [`artifacts_dir=${folder}`, `plan_yaml=${planFile}`, `summary_md=${summaryFile}`];
  const risks = (answers?.findings ?? []).filter(({ kind }) => kind === "risk");
  if (isStrict && risks.length > 0) {
    console.log(written.join("\n"));
    throw new Error(renderRisks(risks));
  }
  if (request.mode === "apply") {
    const { judgePlan } = await import("../kubernetes/apply/judge-plan.ts");
    const judged = judgePlan(made.planFile, made.plan.metadata.target);
    if (judged.kind === "bad")
      throw new Error(`Nobody would apply it: the plan ${judged.why}. It is in ${planFile}`);
    const { openPlan } = await import("./infra-scale/open-plan.ts");
    const url = await openPlan(made, request.branch, environment, (line) => console.error(line));
    return [`outputs_uri=${url ?? ""}`, "awaiting_approval"];
  }
  return [...written, "succeeded"];
}

/** Why a strict run fails. */
function renderRisks(risks: readonly Finding[]): string {
  const lines = risks.map(({ code, message }) => `- ${code}: ${message}`);
  return [
    `The plan is not proposed, since --strict takes no risk and there are ${risks.length}:`,
    ...lines,
  ].join("\n");
}

try {
  const lines = await runInfraScale(process.argv.slice(2), process.env);
  console.log(lines.join("\n"));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.log("failed");
  process.exitCode = 1;
}
