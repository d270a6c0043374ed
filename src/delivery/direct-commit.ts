import type { Snapshot } from "../domain/snapshot.ts";
import type { CommitForge, StackPlace } from "../forge/forge.ts";
import { commitOfScale } from "./commit-of-scale.ts";
import type { PreparedScale, ScaleDecision } from "./prepare-scale.ts";
import { renderCommit } from "./render-scale.ts";
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
  prepared: PreparedScale,
  decisions: readonly ScaleDecision[],
  prefix: string,
): Promise<Delivered> {
  const words = { urgency: urgencyOf(prepared.commit), ...renderCommit(prepared, decisions, prefix) };
  const commit = await forge.commit(place, commitOfScale(place, snapshot, prepared, words));
  return { delivery: "direct", commit, pullRequest: null };
}
