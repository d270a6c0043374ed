import type { Approval, Pool } from "./contract.ts";
import { duplicateWindowMs } from "./cooldown.ts";
import { approvalNeeded } from "./guardrails.ts";
import { isNamed } from "./pool-history.ts";
import type { ReadPoolState } from "./read-pool-state.ts";
import { parseScaleCommit, type Scale } from "./scale-commit.ts";
import type { ScaleBranch } from "./snapshot.ts";

export type RestSituation = {
  pool: Pool;
  read: Extract<ReadPoolState, { kind: "state" }>;
  /** The stack's in-range branch, and its alias. */
  inRange: ScaleBranch | null;
  alias: string;
  approvals: readonly Approval[];
  duplicateSeconds: number;
  nowMs: number;
};

/** The part of a move that a person has yet to be asked for. `sinceMs`: when the first part was committed. */
export type Rest = { scale: Scale; requestedBy: string; sinceMs: number };

/** True where the reasons say that the pool stopped at a threshold on the way to what was asked. */
export function isPartial({ to, requested, reasons }: Pick<Scale, "to" | "requested" | "reasons">): boolean {
  return reasons.includes("over-threshold") && to !== requested;
}

/**
 * What is left of the newest move, where it stopped at a threshold and nobody was asked for the rest yet. Pure: the scale commit
 * itself says what was asked, in the open pull request or on the base branch. A move from long ago has no rest any more: what lasts
 * is demanded anew.
 */
export function restToAskFor(situation: RestSituation): Rest | null {
  const { pool, read, approvals, duplicateSeconds, nowMs } = situation;
  const { committed, awaitingApproval } = read.state;
  if (
    awaitingApproval !== null ||
    read.state.handsOff.gated !== null ||
    !approvals.some(({ partial }) => partial === true)
  )
    return null;
  const first = openPart(situation) ?? mergedPart(situation);
  if (first === null || !isPartial(first.scale)) return null;
  const windowMs = duplicateWindowMs(pool, duplicateSeconds);
  if (nowMs - first.sinceMs >= windowMs) return null;
  const to = Math.min(Math.max(first.scale.requested, pool.min), pool.max);
  if (to === first.scale.to || approvalNeeded(approvals, pool, committed, to) === null) return null;
  // What a person has closed stays closed, wherever the move would start from by now.
  if (read.state.rejections.some((no) => no.to === to && nowMs - no.atMs < windowMs)) return null;
  return { ...first, scale: { ...first.scale, pool: pool.name, from: committed, to } };
}

/** The part that an open pull request is about to bring. */
function openPart({ pool, read, inRange, alias }: RestSituation): Rest | null {
  if (inRange === null || read.state.pending === null) return null;
  const commit = parseScaleCommit(inRange.headMessage);
  const scale = commit?.alias === alias ? commit.scales.find((line) => isNamed(pool, line.pool)) : undefined;
  if (commit === undefined || scale === undefined) return null;
  return { scale, requestedBy: commit.requestedBy, sinceMs: inRange.committedAtMs };
}

/**
 * The part that the base branch has. Whoever has opened or merged its pull request may have worded the commit, so they have asked for the
 * rest as much as those whom it names; and they come first, since a line of names may be cut.
 */
function mergedPart({ read }: RestSituation): Rest | null {
  const [newest] = read.history;
  if (newest?.scale == null || read.state.committed !== newest.scale.to) return null;
  const requesters = [...new Set([...(newest.people ?? []), newest.author])];
  return { scale: newest.scale, requestedBy: requesters.join(", "), sinceMs: newest.atMs };
}
