import { z } from "zod";
import { AlertQuery } from "../sources/alert-query.ts";
import { AlertmanagerMessage } from "../sources/alertmanager.ts";
import { PauseBody, PinBody, ResumeBody } from "../sources/controls-body.ts";
import { CountBody, DeltaBody, ScaleBody } from "../sources/direct.ts";
import { SnsMessage } from "../sources/sns-message.ts";
import {
  ControlsAnswer,
  HistoryAnswer,
  OperationAnswer,
  PoolAnswer,
  PoolsAnswer,
  ScaleAnswer,
  StatusAnswer,
} from "./answers.ts";

/** Routes that need a credential. */
export type ScalingOperation =
  | ControlOperation
  | "alerts"
  | "cloudwatch"
  | "count"
  | "delta"
  | "scale"
  | "pools"
  | "pool"
  | "history"
  | "operation";

/** Those of them that hold pools back, or let them go. */
export type ControlOperation = "pause" | "pin" | "resume";

/** Routes that tell nothing of any stack without a credential of their own. */
export type OpenOperation = "health" | "ready" | "metrics" | "openapi";

/**
 * Which stacks a path is about: the app's default stack, the one that the path names, or those of a repository that
 * the alerts name.
 */
export type StackScope = "default-stack" | "stack" | "repository";

type RouteBase = {
  method: "GET" | "POST";
  /** As OpenAPI writes it: `/pools/{pool}`. */
  path: string;
  summary: string;
  query: z.ZodObject;
  body: z.ZodType | null;
  /** The shape of the JSON answer; null for text. */
  answer: z.ZodType | null;
};
export type ScalingRoute = RouteBase & { kind: "scaling"; operation: ScalingOperation; scope: StackScope };
export type OpenRoute = RouteBase & { kind: "open"; operation: OpenOperation };
export type Route = ScalingRoute | OpenRoute;

/** No parameter is known: one that is given may be a wish that would not be honoured. */
export const NoQuery = z.strictObject({});

/** `?dryRun=true` decides and writes nothing. */
export const ScaleQuery = z.strictObject({
  dryRun: z
    .enum(["true", "false"])
    .default("false")
    .describe("`true`: decide and show the diff, write nothing."),
});

type ScalingRow = Omit<ScalingRoute, "kind" | "scope">;

const ALERTS = {
  operation: "alerts",
  method: "POST",
  query: AlertQuery,
  body: AlertmanagerMessage,
  answer: ScaleAnswer,
} as const;

const STACK_ROWS: readonly ScalingRow[] = [
  { ...ALERTS, path: "/webhook/prometheus", summary: "Alertmanager's alerts; each names its pool." },
  { ...ALERTS, path: "/webhook/{pool}/prometheus", summary: "Alertmanager's alerts for one pool." },
  {
    operation: "cloudwatch",
    method: "POST",
    path: "/webhook/{pool}/cloudwatch",
    summary: "CloudWatch's alarms for one pool, as SNS delivers them.",
    query: AlertQuery,
    body: SnsMessage,
    answer: ScaleAnswer,
  },
  {
    operation: "count",
    method: "POST",
    path: "/webhook/{pool}/count",
    summary: "Sets a pool to a value.",
    query: NoQuery,
    body: CountBody,
    answer: ScaleAnswer,
  },
  {
    operation: "delta",
    method: "POST",
    path: "/webhook/{pool}/delta",
    summary: "Moves a pool by a difference.",
    query: NoQuery,
    body: DeltaBody,
    answer: ScaleAnswer,
  },
  {
    operation: "scale",
    method: "POST",
    path: "/scale/{pool}",
    summary: "Sets or moves a pool, or tells what that would do.",
    query: ScaleQuery,
    body: ScaleBody,
    answer: ScaleAnswer,
  },
  {
    operation: "pause",
    method: "POST",
    path: "/pause",
    summary: "Pauses the stack or one pool of it, for a while or until it is resumed.",
    query: NoQuery,
    body: PauseBody,
    answer: ControlsAnswer,
  },
  {
    operation: "pin",
    method: "POST",
    path: "/pin",
    summary: "Asks for a pool's value, and lets no other through until it is over.",
    query: NoQuery,
    body: PinBody,
    answer: ControlsAnswer,
  },
  {
    operation: "resume",
    method: "POST",
    path: "/resume",
    summary:
      "Ends the stack's pause, or the pauses and the pin of one pool, as far as calls of this API have said them.",
    query: NoQuery,
    body: ResumeBody,
    answer: ControlsAnswer,
  },
  {
    operation: "pools",
    method: "GET",
    path: "/pools",
    summary: "The pools of the stack as they stand.",
    query: NoQuery,
    body: null,
    answer: PoolsAnswer,
  },
  {
    operation: "pool",
    method: "GET",
    path: "/pools/{pool}",
    summary: "One pool as it stands.",
    query: NoQuery,
    body: null,
    answer: PoolAnswer,
  },
  {
    operation: "history",
    method: "GET",
    path: "/pools/{pool}/history",
    summary: "The changes of a pool's value, newest first.",
    query: NoQuery,
    body: null,
    answer: HistoryAnswer,
  },
];

const OPEN = { kind: "open", method: "GET", query: NoQuery, body: null, answer: null } as const;

const DEFAULT_ROUTES = STACK_ROWS.map(
  (row): ScalingRoute => ({ ...row, kind: "scaling", scope: "default-stack" }),
);

const OPEN_ROUTES: readonly Route[] = [
  { ...OPEN, operation: "health", path: "/healthz", summary: "The process runs.", answer: StatusAnswer },
  { ...OPEN, operation: "ready", path: "/readyz", summary: "The server can scale.", answer: StatusAnswer },
  { ...OPEN, operation: "metrics", path: "/metrics", summary: "The pools as Prometheus reads them." },
  {
    ...OPEN,
    operation: "openapi",
    path: "/openapi.json",
    summary: "This description.",
    answer: z.looseObject({}),
  },
];

/** Every route of the app, but GitHub's own webhooks. The server, its description and a test are made from it. */
export const APP_ROUTES: readonly Route[] = [
  ...DEFAULT_ROUTES,
  ...STACK_ROWS.map(
    (row): Route => ({
      ...row,
      kind: "scaling",
      scope: "stack",
      path: `/repos/{owner}/{repo}/{alias}${row.path}`,
    }),
  ),
  {
    ...ALERTS,
    kind: "scaling",
    scope: "repository",
    path: "/repos/{owner}/{repo}/webhook/prometheus",
    summary: "Alertmanager's alerts; each names its stack and its pool.",
  },
  ...OPEN_ROUTES,
];

/** What the sidecar's answers may be asked to do: `?wait=false` on every route that scales. */
export const WaitQuery = z
  .enum(["true", "false"])
  .default("true")
  .describe("`false`: answer once the change is committed, without waiting for its apply.");

/** Every route of the sidecar: one stack, and the apply at hand. */
export const SIDECAR_ROUTES: readonly Route[] = [
  ...DEFAULT_ROUTES.map((route) =>
    route.method === "POST" && !isControl(route.operation)
      ? { ...route, query: route.query.safeExtend({ wait: WaitQuery }) }
      : route,
  ),
  {
    kind: "scaling",
    scope: "default-stack",
    operation: "operation",
    method: "GET",
    path: "/operations/{operation}",
    summary: "What became of a scale commit.",
    query: NoQuery,
    body: null,
    answer: OperationAnswer,
  },
  ...OPEN_ROUTES,
];

function isControl(operation: ScalingOperation): operation is ControlOperation {
  return operation === "pause" || operation === "pin" || operation === "resume";
}

/** Answers the methods that these routes have for a path, for `Allow`; none where no route has the path. */
export function methodReader(routes: readonly Route[]): (path: string) => string[] {
  const patterns = routes.map(({ method, path }) => ({
    method,
    pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{[a-z]+\}/g, "[^/]+")}$`),
  }));
  return (path) =>
    patterns
      .filter(({ pattern }) => pattern.test(path))
      .flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
}
