import { cooldownSeconds, type Pool } from "./contract.ts";
import { isCalled, type StackNames } from "./names.ts";
import { isNamed } from "./pool-history.ts";
import type { Rejection } from "./pool-state.ts";
import { parseScaleCommit } from "./scale-commit.ts";
import type { RejectedPull } from "./snapshot.ts";

/** A cooldown may be none at all, and a "no" has to last longer than the next repeat of an alert. */
const LEAST_SECONDS = 300;

/** The moves of a pool that were said "no" to. Pure: what a closed pull request asked for stands in its own commit. */
export function rejectionsOf(rejected: readonly RejectedPull[], pool: Pool, stack: StackNames): Rejection[] {
  return rejected.flatMap(({ number, by, closedAtMs, commitMessage }) => {
    const commit = parseScaleCommit(commitMessage);
    if (commit === undefined || !isCalled(stack, commit.alias)) return [];
    return commit.scales
      .filter((scale) => isNamed(pool, scale.pool))
      .map(({ from, to }) => ({ from, to, by, atMs: closedAtMs, pullRequest: number }));
  });
}

/**
 * The newest "no" to just this move that still holds, and until when: for the pool's cooldown in that direction, and no less than five
 * minutes. Null where the move may be asked for.
 */
export function rejectionInForce(
  rejections: readonly Rejection[],
  pool: Pool,
  move: { from: number; to: number },
  nowMs: number,
): { rejection: Rejection; untilMs: number } | null {
  const seconds = Math.max(cooldownSeconds(pool, move.to > move.from ? "up" : "down"), LEAST_SECONDS);
  const newest = rejections
    .filter(({ from, to }) => from === move.from && to === move.to)
    .reduce<Rejection | null>((best, one) => (best === null || one.atMs > best.atMs ? one : best), null);
  if (newest === null) return null;
  const untilMs = newest.atMs + seconds * 1000;
  return nowMs < untilMs ? { rejection: newest, untilMs } : null;
}
