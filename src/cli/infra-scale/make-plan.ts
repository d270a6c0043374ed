import type { Clock } from "../../clock.ts";
import { renderPlanFile } from "../../kubernetes/plan-file.ts";
import { renderSummary } from "../../kubernetes/render-summary.ts";
import type { ScalePlan } from "../../kubernetes/scale-plan.ts";
import { formatTimeStamp } from "../../kubernetes/time-stamp.ts";
import { type Artifacts, writeArtifacts } from "./write-artifacts.ts";

/** A plan, its texts, and where they were written. */
export type MadePlan = {
  plan: ScalePlan;
  createdAtMs: number;
  planFile: string;
  summary: string;
  artifacts: Artifacts;
};

/** Makes a plan and writes it. Each has a time of its own, by which its folder is called. */
export async function makePlan(
  workDir: string,
  clock: Clock,
  planAt: (createdAtMs: number) => ScalePlan,
): Promise<MadePlan> {
  for (let createdAtMs = clock(); ; createdAtMs++) {
    const plan = planAt(createdAtMs);
    const [planFile, summary] = [renderPlanFile(plan), renderSummary(plan)];
    const artifacts = await writeArtifacts(workDir, formatTimeStamp(createdAtMs), planFile, summary);
    if (artifacts !== null) return { plan, createdAtMs, planFile, summary, artifacts };
  }
}
