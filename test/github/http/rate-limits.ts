import type { RequestRecord } from "./request-log.ts";

export interface RateLimitOptions {
  readonly perHour: number;
  /** GitHub's is 80 content-creating requests a minute; null: none. */
  readonly contentPerMinute: number | null;
  readonly contentPerHour: number | null;
}

export interface RateLimitState {
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

export type RateResource = "core" | "graphql";

export interface RateLimits {
  read(who: string, resource: RateResource): RateLimitState;
  spend(who: string, resource: RateResource, points: number): RateLimitState;
  /** Seconds to wait before another content-creating request; null: it may go on, and is counted. */
  admitContent(who: string): number | null;
}

/** Counts per caller, on `now`. */
export function createRateLimits(options: RateLimitOptions, now: () => Date): RateLimits {
  const windows = new Map<string, { startedMs: number; used: number }>();
  const contents = new Map<string, number[]>();
  const hourMs = 3_600_000;

  const windowOf = (who: string, resource: RateResource): { startedMs: number; used: number } => {
    const key = `${resource} ${who}`;
    const known = windows.get(key);
    const nowMs = now().getTime();
    if (known !== undefined && nowMs < known.startedMs + hourMs) return known;
    const fresh = { startedMs: nowMs, used: 0 };
    windows.set(key, fresh);
    return fresh;
  };

  const stateOf = ({ startedMs, used }: { startedMs: number; used: number }): RateLimitState => ({
    limit: options.perHour,
    used,
    remaining: Math.max(0, options.perHour - used),
    resetSeconds: Math.ceil((startedMs + hourMs) / 1000),
  });

  return {
    read: (who, resource) => stateOf(windowOf(who, resource)),
    spend: (who, resource, points) => {
      const window = windowOf(who, resource);
      window.used += points;
      return stateOf(window);
    },
    admitContent: (who) => {
      const nowMs = now().getTime();
      const recent = (contents.get(who) ?? []).filter((atMs) => atMs > nowMs - hourMs);
      const spans = [
        { spanMs: 60_000, most: options.contentPerMinute },
        { spanMs: hourMs, most: options.contentPerHour },
      ];
      for (const { spanMs, most } of spans) {
        const within = recent.filter((atMs) => atMs > nowMs - spanMs);
        const oldest = within[0];
        if (most !== null && within.length >= most && oldest !== undefined) {
          return Math.max(1, Math.ceil((oldest + spanMs - nowMs) / 1000));
        }
      }
      contents.set(who, [...recent, nowMs]);
      return null;
    },
  };
}

/** The headers that tell a caller where it stands. */
export function formatRateHeaders(state: RateLimitState, resource: RateResource): Record<string, string> {
  return {
    "x-ratelimit-limit": String(state.limit),
    "x-ratelimit-remaining": String(state.remaining),
    "x-ratelimit-reset": String(state.resetSeconds),
    "x-ratelimit-resource": resource,
    "x-ratelimit-used": String(state.used),
  };
}

/** Whether a request makes something that people are told of, which GitHub limits further. */
export function createsContent(record: RequestRecord): boolean {
  return record.kind !== "git" && record.kind !== "page" && record.points === 5;
}
