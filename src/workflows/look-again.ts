import type { Background } from "./background.ts";

export type LookAgainOptions = {
  background: Background;
  /** Lists all repositories; `part` where something was not listed that may be the next time. */
  listAll: (stopping: AbortSignal) => Promise<"whole" | "part">;
  /** Looks for what neither an event nor a listing shows. */
  sweep: (stopping: AbortSignal) => Promise<void>;
};

/** In milliseconds. */
export type LookAgainWaits = {
  /** How soon a listing that failed as a whole is tried again. */
  listAgainMs: number;
  /** From the first listing to the first sweep. */
  sweepFirstMs: number;
  /** From one sweep to the next. */
  sweepEveryMs: number;
};

/** GitHub delivers no event twice by itself: what one has missed is found at the next listing. */
const LIST_EVERY_MS = 5 * 60_000;
/** How soon a listing that failed as a whole is tried again: after a start nobody is served before. */
const LIST_AGAIN_MS = 5_000;
/** How often what neither an event nor a listing shows is looked for. */
const SWEEP_EVERY_MS = 5 * 60_000;
/** The first time after the first listing: a load balancer may take this long to send us what is asked for. */
const SWEEP_FIRST_MS = 30_000;

/** Lists everything at once and then every few minutes, and sweeps beside it, in the background. Ends with `stop`. */
export function lookAgain(
  { background, ...look }: LookAgainOptions,
  {
    listAgainMs = LIST_AGAIN_MS,
    sweepFirstMs = SWEEP_FIRST_MS,
    sweepEveryMs = SWEEP_EVERY_MS,
  }: Partial<LookAgainWaits> = {},
): { stop: () => void } {
  const stopping = new AbortController();
  let listTimer: NodeJS.Timeout | undefined;
  let sweepTimer: NodeJS.Timeout | undefined;
  const sweepIn = (ms: number) => {
    if (!stopping.signal.aborted) sweepTimer = setTimeout(() => background.start("sweep", sweepOnce), ms);
  };
  const sweepOnce = () => look.sweep(stopping.signal).finally(() => sweepIn(sweepEveryMs));
  const listAll = async () => {
    let nextInMs = listAgainMs;
    try {
      const extent = await look.listAll(stopping.signal);
      nextInMs = extent === "whole" ? LIST_EVERY_MS : listAgainMs * 6;
      if (sweepTimer === undefined) sweepIn(sweepFirstMs);
    } finally {
      if (!stopping.signal.aborted) listTimer = setTimeout(startListing, nextInMs);
    }
  };
  const startListing = () => background.start("list all", listAll);
  startListing();
  return {
    stop: () => {
      stopping.abort();
      clearTimeout(listTimer);
      clearTimeout(sweepTimer);
    },
  };
}
