import { directCommit } from "../delivery/direct-commit.ts";
import { prepareScale } from "../delivery/prepare-scale.ts";
import { isFailure } from "../domain/receipt.ts";
import type { CommitForge } from "../forge/forge.ts";
import type { ApplyEnd } from "./apply-queue.ts";
import { readSituation, type StackContext } from "./read-situation.ts";
import { takeBack, whyNotYet } from "./take-back.ts";

/**
 * Commits the old value back of each pool that could not be applied and still stands at that value, as one scale commit. What a pause
 * or a pin holds back waits for the next try of the apply. Answers the commit; null where there is nothing to take back. Throws `ForgeError` and `TryAgainError`.
 */
export async function revertFailed(
  context: StackContext,
  forge: CommitForge,
  end: ApplyEnd,
): Promise<string | null> {
  if (end.kind !== "done" || end.receipt === null) return null;
  const failed = end.receipt.pools.filter(({ outcome }) => isFailure(outcome));
  if (failed.length === 0) return null;
  context.snapshots.invalidate();
  const snapshot = await context.snapshots.get();
  const situation = readSituation(context, snapshot);
  const nowMs = context.clock();
  const decisions = failed
    .flatMap((line) => takeBack(situation, line) ?? [])
    .filter((decision) => whyNotYet(situation, decision, nowMs) === null);
  if (decisions.length === 0) return null;
  const { alias, project } = context.place;
  const { contract, policy } = situation.record;
  const prepared = prepareScale(snapshot, { alias, project, contract }, decisions);
  if (prepared.kind === "unusable") return null;
  const { commit } = await directCommit(
    forge,
    context.place,
    snapshot,
    prepared.scale,
    decisions,
    policy.commitPrefix,
  );
  context.snapshots.invalidate();
  return commit;
}
