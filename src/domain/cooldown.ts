import { cooldownSeconds, type Pool } from "./contract.ts";
import type { Change } from "./pool-state.ts";

/**
 * When a move of the pool in this direction may come, in milliseconds since the epoch. Runs from the newest change
 * of the value on the base branch, by whomever; null where no change is known, or where the move goes up and may
 * interrupt the cooldown of a move down.
 */
export function cooldownEndsAtMs(
  pool: Pool,
  lastChange: Change | null,
  direction: "up" | "down",
): number | null {
  if (lastChange === null) return null;
  const wentDown = lastChange.from !== null && lastChange.to !== null && lastChange.to < lastChange.from;
  if (wentDown && direction === "up") return null;
  return lastChange.atMs + cooldownSeconds(pool, direction) * 1000;
}

/** The longest `duplicateSeconds` that a repository may set. */
export const MAX_DUPLICATE_SECONDS = 3600;

/**
 * For how long an event's identity stays a duplicate, in milliseconds. Alertmanager's repeats are byte-identical to its
 * retries, so a demand that lasts must count again once the cooldown has passed. `duplicateSeconds`: for how long a sender
 * may retry, which is Alertmanager's group_interval.
 */
export function duplicateWindowMs(pool: Pool, duplicateSeconds: number): number {
  return Math.max(pool.cooldownSeconds, pool.scaleInCooldownSeconds, duplicateSeconds) * 1000;
}
