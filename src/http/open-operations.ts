import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock } from "../clock.ts";
import { sha256 } from "../domain/sha256.ts";
import type { Scaling, StackName } from "../workflows/scaling.ts";
import { bearerToken, unauthorized } from "./authenticate.ts";
import { describeApi } from "./describe-api.ts";
import { formatMetrics } from "./format-metrics.ts";
import { createPoolReader } from "./pool-reader.ts";
import { ANSWER_HEADERS, json, problem } from "./problem.ts";
import type { OpenOperation, Route } from "./routes.ts";
import { DEFAULT_RETRY_AFTER_SECONDS } from "./within-time.ts";

export type MetricsOptions = {
  /** The bearer token of whoever scrapes; not a stack's token, since it reads all of them. */
  token: string;
  stacks: () => readonly StackName[];
};

export type OpenOperationsOptions = {
  scaling: Scaling;
  metrics?: MetricsOptions;
  clock: Clock;
  version: string;
  routes: readonly Route[];
  answerWithinMs: number;
};

/** What the routes do that need no stack's credential. */
export function createOpenOperations(
  options: OpenOperationsOptions,
): Record<OpenOperation, (incoming: IncomingMessage) => Promise<Response>> {
  const { scaling, metrics, version } = options;
  const description = JSON.stringify(describeApi(version, options.routes));
  const reader = metrics === undefined ? null : createPoolReader({ ...options, stacks: metrics.stacks });
  const digest = metrics === undefined ? null : sha256(metrics.token);

  return {
    health: async () => json(200, { status: "ok" }),
    ready: async () => {
      const reasons = scaling.notReadyBecause();
      if (reasons.length === 0) return json(200, { status: "ok" });
      const wait = { "retry-after": String(DEFAULT_RETRY_AFTER_SECONDS) };
      return problem("not-ready", "The server cannot scale yet.", { reasons }, wait);
    },
    metrics: async ({ headers }) => {
      const given = bearerToken(headers.authorization);
      if (reader === null || digest === null || given === null || !timingSafeEqual(sha256(given), digest))
        return unauthorized();
      return text(formatMetrics(await reader()), "text/plain; version=0.0.4; charset=utf-8");
    },
    openapi: async () => text(description, "application/json"),
  };
}

function text(body: string, contentType: string): Response {
  return new Response(body, { headers: { "content-type": contentType, ...ANSWER_HEADERS } });
}
