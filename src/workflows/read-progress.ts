import { isFailure } from "../domain/receipt.ts";
import type { Progress } from "../domain/reply.ts";
import { parseScaleCommit } from "../domain/scale-commit.ts";
import type { ScaleBranch } from "../domain/snapshot.ts";
import type { Situation } from "./read-situation.ts";

/** What git and the ledger say of an event's change of a pool. Pure. */
export function readProgress({ snapshot, record }: Situation, event: string): Progress {
  const commit = snapshot.history.find(({ message }) => asks(message, event));
  if (commit !== undefined) {
    const scale = parseScaleCommit(commit.message)?.scales.find((line) => line.event === event);
    const { receipt, applied } = record.facts;
    const line = receipt?.covers.includes(commit.oid)
      ? receipt.pools.find(({ pool, to }) => pool === scale?.pool && to === scale.to)
      : undefined;
    if (line !== undefined && isFailure(line.outcome)) {
      const { outcome, message } = line;
      const runUrl = receipt?.runUrl ?? null;
      return { kind: "failed", commit: commit.oid, message: `${outcome}: ${message}`, runUrl };
    }
    const isApplied = line !== undefined || (scale !== undefined && applied[scale.pool] === scale.to);
    return { kind: isApplied ? "applied" : "committed", commit: commit.oid };
  }
  const inRange = openPullOf(snapshot.inRange, event);
  if (inRange !== null) return { kind: "open", pullRequest: inRange };
  for (const branch of snapshot.gated.values()) {
    const gated = openPullOf(branch, event);
    if (gated !== null) return { kind: "needs-approval", pullRequest: gated };
  }
  return { kind: "gone" };
}

function openPullOf(branch: ScaleBranch | null, event: string): number | null {
  return branch !== null && branch.pull !== null && asks(branch.headMessage, event)
    ? branch.pull.number
    : null;
}

function asks(message: string, event: string): boolean {
  return parseScaleCommit(message)?.scales.some((scale) => scale.event === event) ?? false;
}
