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
import { commitOfScale } from "./commit-of-scale.ts";
import type { PreparedScale, ScaleDecision } from "./prepare-scale.ts";
import { renderCommit, renderPull } from "./render-scale.ts";
import { urgencyOf } from "./urgency-of.ts";

/** Opens the living in-range pull request of a stack, or makes the open one hold this scale instead. */
export function openInRangePull(
  forge: Forge,
  place: StackPlace,
  snapshot: Snapshot,
  prepared: PreparedScale,
  decisions: readonly ScaleDecision[],
  prefix: string,
): Promise<OpenedPull> {
  const target = { branch: inRangeBranch(place.alias), current: snapshot.inRange, gated: false };
  return openPull(forge, place, snapshot, prepared, decisions, prefix, target);
}

/**
 * Opens the gated pull request of the scale's one pool, labelled, or makes the open one hold this scale instead. It stops there: a
 * person approves it. `decisions` is empty where the scale was asked for before and is only made anew.
 */
export function openApprovalPull(
  forge: Forge,
  place: StackPlace,
  snapshot: Snapshot,
  prepared: PreparedScale,
  decisions: readonly ScaleDecision[],
  prefix: string,
): Promise<OpenedPull> {
  const [{ pool }] = prepared.commit.scales;
  const current = snapshot.gated.get(pool) ?? null;
  const target = { branch: approvalBranch(place.alias, pool), current, gated: true };
  return openPull(forge, place, snapshot, prepared, decisions, prefix, target);
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
  prepared: PreparedScale,
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
    const pool = prepared.pools.get(name);
    return pool === undefined ? [] : poolHistory(snapshot.history, pool, place, snapshotReader(snapshot));
  };
  const facts = { prefix, path: place.path, branch: place.branch, gated, historyOf };
  const pull = renderPull(prepared, decisions, facts);
  const urgency = gated ? "other" : urgencyOf(prepared.commit);
  const words = { urgency, ...renderCommit(prepared, decisions, prefix) };
  return forge.openPull(place, commitOfScale(place, snapshot, prepared, words), {
    ...pull,
    current,
    branch,
    repositoryNumber: snapshot.repositoryNumber,
    labels: gated ? [APPROVAL_LABEL] : [],
  });
}
