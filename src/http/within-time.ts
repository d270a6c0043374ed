import { TryAgainError } from "../workflows/scaling.ts";

/** When to come back where nothing better is known. */
export const DEFAULT_RETRY_AFTER_SECONDS = 5;

/**
 * The outcome of `work`, or a `TryAgainError` after `limitMs`. The backstop behind the workflows' own limits: a sender
 * that is cut off by its own time-out learns nothing. What was begun goes on.
 */
export async function withinTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new TryAgainError("It was not finished in time.", DEFAULT_RETRY_AFTER_SECONDS));
  }, limitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
