import { setTimeout as delay } from "node:timers/promises";
import { StackBusyError } from "./pulumi-errors.ts";
import { isConcurrentUpdate } from "./targeted-update.ts";

/** How to wait between attempts; given by tests, real otherwise. */
export type RetryPace = {
  /** Waits for so many milliseconds; rejects when the signal aborts. */
  wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** A number from 0 to under 1. */
  random: () => number;
};

export const realPace: RetryPace = {
  wait: (milliseconds, signal) => delay(milliseconds, undefined, signal === undefined ? {} : { signal }),
  random: Math.random,
};

const MAX_RETRIES = 5;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

/**
 * Does the work, and up to five times again while another update holds the stack; any other error ends it at once.
 * Waits 2 s at first, twice as long each time, by half at random so that two waiting runs do not meet again.
 * Throws `StackBusyError` when the stack stayed busy.
 */
export async function retryConcurrent<T>(
  stack: string,
  work: () => Promise<T>,
  pace: RetryPace,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(await isConcurrentUpdate(error))) throw error;
      if (attempt === MAX_RETRIES) {
        const said = error instanceof Error ? error.message : "";
        throw new StackBusyError(stack, attempt + 1, said, { cause: error });
      }
      await pace.wait(waitMs(attempt, pace.random()), signal);
    }
  }
}

function waitMs(attempt: number, random: number): number {
  return Math.round(Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS) * (0.5 + random / 2));
}
