import type { Snapshot } from "../domain/snapshot.ts";
import type { CommitForge, StackPlace } from "../forge/forge.ts";
import { commitOfPlan } from "./commit-of-plan.ts";
import { renderCommit } from "./render-scale.ts";
import type { ScaleDecision, ScalePlan } from "./scale-plan.ts";
import { urgencyOf } from "./urgency-of.ts";

/** What a delivery left behind. */
export type Delivered = {
  delivery: "direct" | "pull-request" | "needs-approval";
  commit: string;
  pullRequest: number | null;
};

/** Commits straight to the base branch: one call, a compare-and-swap on the snapshot's head. */
export async function directCommit(
  forge: CommitForge,
  place: StackPlace,
  snapshot: Snapshot,
  plan: ScalePlan,
  decisions: readonly ScaleDecision[],
  prefix: string,
): Promise<Delivered> {
  const words = { urgency: urgencyOf(plan.commit), ...renderCommit(plan, decisions, prefix) };
  const commit = await forge.commit(place, commitOfPlan(place, snapshot, plan, words));
  return { delivery: "direct", commit, pullRequest: null };
}
