import { directCommit } from "../delivery/direct-commit.ts";
import { planScale, type ScaleDecision } from "../delivery/scale-plan.ts";
import { eventIdentity } from "../domain/event-identity.ts";
import { findPool } from "../domain/pool-history.ts";
import { reason } from "../domain/reasons.ts";
import { isFailure, type PoolReceipt } from "../domain/receipt.ts";
import type { CommitForge } from "../forge/forge.ts";
import type { ApplyEnd } from "./apply-queue.ts";
import { readSituation, type Situation, type StackContext } from "./read-situation.ts";

/**
 * Commits the old value back of each pool that could not be applied and still stands at that value, as one scale commit. Answers
 * the commit; null where there is nothing to take back. Throws `ForgeError` and `TryAgainError`.
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
  const decisions = failed.flatMap((line) => takenBack(situation, line));
  if (decisions.length === 0) return null;
  const { alias, project } = context.place;
  const { contract, policy } = situation.record;
  const planned = planScale(snapshot, { alias, project, contract }, decisions);
  if (planned.kind === "unusable") return null;
  const { commit } = await directCommit(
    forge,
    context.place,
    snapshot,
    planned.plan,
    decisions,
    policy.commitPrefix,
  );
  context.snapshots.invalidate();
  return commit;
}

function takenBack({ snapshot, record, readState }: Situation, line: PoolReceipt): ScaleDecision[] {
  const pool = findPool(record.contract, line.pool);
  const read = pool === undefined ? undefined : readState(pool);
  if (pool === undefined || read?.kind !== "state") return [];
  const { from: to, to: from } = line;
  const isInRange = to !== null && to >= pool.min && to <= pool.max;
  if (!isInRange || to === from || read.state.committed !== from) return [];
  const event = eventIdentity(["revert", pool.name, snapshot.headOid]);
  const why = reason("apply-failed", `${from} could not be applied (${line.outcome}), so ${to} is put back`);
  const intent = {
    pool: pool.name,
    ask: { kind: "value", value: to },
    source: "revert",
    requestedBy: "pulumiscale",
    event,
    summary: "",
  } as const;
  return [{ kind: "scale", intent, from, to, requested: to, reasons: [why], gated: false }];
}
