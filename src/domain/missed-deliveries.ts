/** One attempt of GitHub to tell the App of an event. All attempts of one event share its `guid`. */
export type DeliveryAttempt = {
  id: string;
  guid: string;
  event: string;
  kind: "first" | "again";
  outcome: "accepted" | "failed";
  atMs: number;
};

/** What was to be done on an older event may not hold any more. */
export const MISSED_FOR_MS = 60 * 60_000;
/** An event that has failed as often as this, the first attempt included, fails for a reason of its own. */
const MOST_ATTEMPTS = 4;
/** After each attempt but the first, so much longer is waited. */
const WAIT_MS = 60_000;

/**
 * The first attempts of events of which every attempt has failed, to be sent once more: each of the last hour, each a few times at
 * most. What no listing would make up for comes first, then what is oldest. Pure.
 */
export function findMissed(attempts: readonly DeliveryAttempt[], nowMs: number): DeliveryAttempt[] {
  const events = Map.groupBy(attempts, ({ guid }) => guid);
  const missed = [...events.values()].flatMap((tries) => {
    const first = tries.find(({ kind }) => kind === "first");
    // Without its first attempt it is older than what was read.
    if (first === undefined || nowMs - first.atMs > MISSED_FOR_MS) return [];
    if (tries.some(({ outcome }) => outcome === "accepted") || tries.length >= MOST_ATTEMPTS) return [];
    const newestMs = Math.max(...tries.map(({ atMs }) => atMs));
    return nowMs - newestMs < WAIT_MS * (tries.length - 1) ? [] : [first];
  });
  return missed.toSorted((one, other) => rankOf(one) - rankOf(other) || one.atMs - other.atMs);
}

function rankOf({ event }: DeliveryAttempt): number {
  return event === "issue_comment" ? 0 : 1;
}
