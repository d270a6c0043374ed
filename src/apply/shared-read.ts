import type { Clock } from "../clock.ts";

/**
 * Lets whoever asks within `lifeMs` of a read's start have its answer, so that many who ask at once cost one read. One that fails is
 * not kept.
 */
export function sharedRead<T>(read: () => Promise<T>, clock: Clock, lifeMs: number): () => Promise<T> {
  let newest: { answer: Promise<T>; startedAtMs: number } | null = null;
  return () => {
    const nowMs = clock();
    if (newest !== null && nowMs - newest.startedAtMs < lifeMs) return newest.answer;
    const begun = { answer: read(), startedAtMs: nowMs };
    newest = begun;
    begun.answer.catch(() => {
      if (newest === begun) newest = null;
    });
    return begun.answer;
  };
}
