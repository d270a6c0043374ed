import { TryAgainError } from "../workflows/scaling.ts";

/** When to come back where nothing better is known. */
export const DEFAULT_RETRY_AFTER_SECONDS = 5;

/**
 * The outcome of `work`, or a `TryAgainError` after `limitMs`. The backstop behind the workflows' own limits: a sender
 * that is cut off by its own time-out learns nothing. What was begun goes on.
 */
export function withinTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  // Held decisions are answered by the ten thousand a second: no race, no async function, one promise.
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new TryAgainError("It was not finished in time.", DEFAULT_RETRY_AFTER_SECONDS));
    }, limitMs);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
