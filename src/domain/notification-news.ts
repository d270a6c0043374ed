import type { Notification } from "./notification.ts";

/** What has been seen of a stack, by id: told, or taken for told since it was so before anybody could look. */
export type Seen = ReadonlyMap<string, "told" | "silent">;

/** Since when nobody may have told of what was opened or waits, and of what was applied or has failed: in milliseconds. */
export type UntoldSince = { openMs: number; endMs: number };

export type News = { news: Notification[]; seen: Seen };

/** What is older than this before the look began never is news: a history that was read further back holds it too. */
const OLD_MS = 24 * 60 * 60_000;
/** What is seen no more is forgotten, the oldest first. */
const MOST_SEEN = 2000;

/**
 * What is news in a reading of a stack, oldest first, and what is seen with it. Pure.
 *
 * `seen` null: this is the first look. What became so before `since` has been told by whoever ran before; from then on it is news.
 * With later looks all that was not seen is news, and what was only taken for told as well, where `since` has moved back.
 */
export function decideNews(seen: Seen | null, reading: readonly Notification[], since: UntoldSince): News {
  const next = new Map(seen ?? []);
  const news: Notification[] = [];
  for (const notification of reading.toSorted(byTime)) {
    const { id, atMs, kind } = notification;
    const sinceMs = kind === "opened" || kind === "waiting" ? since.openMs : since.endMs;
    const known = next.get(id);
    const isNews =
      known === "told"
        ? false
        : known === "silent" || seen === null
          ? atMs >= sinceMs
          : atMs >= sinceMs - OLD_MS;
    if (isNews) news.push(notification);
    // What is still so is forgotten last.
    next.delete(id);
    next.set(id, isNews || known === "told" ? "told" : "silent");
  }
  for (const id of next.keys()) {
    if (next.size <= MOST_SEEN) break;
    next.delete(id);
  }
  return { news, seen: next };
}

function byTime(one: Notification, other: Notification): number {
  return one.atMs - other.atMs;
}
