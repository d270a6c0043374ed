import { APPROVAL_LABEL } from "../domain/labels.ts";
import { poolHistory } from "../domain/pool-history.ts";
import type { ScaleBranch, Snapshot } from "../domain/snapshot.ts";
import { snapshotReader } from "../domain/snapshot-reader.ts";
import {
  approvalBranch,
  type Forge,
  ForgeError,
  inRangeBranch,
  type OpenedPull,
  type StackPlace,
} from "../forge/forge.ts";
import { commitOfPlan } from "./commit-of-plan.ts";
import { renderCommit, renderPull } from "./render-scale.ts";
import type { ScaleDecision, ScalePlan } from "./scale-plan.ts";
import { urgencyOf } from "./urgency-of.ts";

/** Opens the living in-range pull request of a stack, or makes the open one hold this plan instead. */
export function openInRangePull(
  forge: Forge,
  place: StackPlace,
  snapshot: Snapshot,
  plan: ScalePlan,
  decisions: readonly ScaleDecision[],
  prefix: string,
): Promise<OpenedPull> {
  const target = { branch: inRangeBranch(place.alias), current: snapshot.inRange, gated: false };
  return openPull(forge, place, snapshot, plan, decisions, prefix, target);
}

/**
 * Opens the gated pull request of the plan's one pool, labelled, or makes the open one hold this plan instead. It stops there: a
 * person approves it. `decisions` is empty where the plan was asked for before and is only made anew.
 */
export function openApprovalPull(
  forge: Forge,
  place: StackPlace,
  snapshot: Snapshot,
  plan: ScalePlan,
  decisions: readonly ScaleDecision[],
  prefix: string,
): Promise<OpenedPull> {
  const [{ pool }] = plan.commit.scales;
  const current = snapshot.gated.get(pool) ?? null;
  const target = { branch: approvalBranch(place.alias, pool), current, gated: true };
  return openPull(forge, place, snapshot, plan, decisions, prefix, target);
}

/** A branch without a pull request is somebody's who is about to open it, until it is old enough to be a dead process's. */
const CLAIM_MS = 30_000;

function isClaimed({ pull, astray, isFinished, committedAtMs }: ScaleBranch, nowMs: number): boolean {
  return pull === null && astray === null && !isFinished && nowMs - committedAtMs < CLAIM_MS;
}

type Target = { branch: string; current: ScaleBranch | null; gated: boolean };

function openPull(
  forge: Forge,
  place: StackPlace,
  snapshot: Snapshot,
  plan: ScalePlan,
  decisions: readonly ScaleDecision[],
  prefix: string,
  { branch, current, gated }: Target,
): Promise<OpenedPull> {
  if (current !== null && isClaimed(current, snapshot.readAtMs)) {
    throw new ForgeError(
      "conflict",
      `Another process is opening the pull request of ${branch} at this moment.`,
    );
  }
  const historyOf = (name: string) => {
    const pool = plan.pools.get(name);
    return pool === undefined ? [] : poolHistory(snapshot.history, pool, place, snapshotReader(snapshot));
  };
  const facts = { prefix, path: place.path, branch: place.branch, gated, historyOf };
  const pull = renderPull(plan, decisions, facts);
  const urgency = gated ? "other" : urgencyOf(plan.commit);
  const words = { urgency, ...renderCommit(plan, decisions, prefix) };
  return forge.openPull(place, commitOfPlan(place, snapshot, plan, words), {
    ...pull,
    current,
    branch,
    repositoryNumber: snapshot.repositoryNumber,
    labels: gated ? [APPROVAL_LABEL] : [],
  });
}
