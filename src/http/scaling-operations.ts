import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { Clock } from "../clock.ts";
import { eventIdentity } from "../domain/event-identity.ts";
import type { Ask, Intent } from "../domain/intent.ts";
import { reason } from "../domain/reasons.ts";
import { AlertQuery } from "../sources/alert-query.ts";
import { parseAlertmanager } from "../sources/alertmanager.ts";
import { CountBody, DeltaBody, ScaleBody, toAsk } from "../sources/direct.ts";
import { parseWith } from "../sources/parsed.ts";
import type { OperationReader, ScaleMode, ScaleResult, Scaling, StackName } from "../workflows/scaling.ts";
import { type Call, parseParams, readJson, toInput, unprocessableAnswer } from "./call.ts";
import { createCloudwatchOperation, type SnsOptions } from "./cloudwatch-operation.ts";
import { createControlOperations } from "./control-operations.ts";
import { json, problem } from "./problem.ts";
import { NoQuery, ScaleQuery, type ScalingOperation } from "./routes.ts";
import { mayStillWork, scaleDemands } from "./scale-demands.ts";
import { DEFAULT_RETRY_AFTER_SECONDS, withinTime } from "./within-time.ts";

export type ScalingOperationsOptions = {
  scaling: Scaling;
  sns: SnsOptions;
  clock: Clock;
  answerWithinMs: number;
  /** A person waits for a dry run, and it may start a preview. */
  dryRunWithinMs: number;
  /** Where the apply is near; null elsewhere. */
  operations: OperationReader | null;
  /** Told of what nobody expected of a stack in a batch. */
  onUnexpected: (error: unknown, stack: StackName) => void;
};

export type ScalingOperations = Record<ScalingOperation, (call: Call) => Promise<Response>>;

/** What each route does once it is known who calls. Throws `TryAgainError`. */
export function createScalingOperations(options: ScalingOperationsOptions): ScalingOperations {
  const { scaling, operations, answerWithinMs, dryRunWithinMs } = options;

  async function alerts(call: Call): Promise<Response> {
    const query = parseParams(call, AlertQuery);
    if (query.kind === "answer") return query.response;
    const body = await readJson(call);
    if (body.kind === "answer") return body.response;
    const batch = toInput(call, parseAlertmanager(body.value, call.scope, query.value));
    if (batch.kind === "answer") return batch.response;
    const { demands, truncatedAlerts } = batch.value;
    const { results, retryAfterSeconds } = await scaleDemands(demands, call.stacks, call.mode, options);
    if (truncatedAlerts === 0) return answer(call, results, retryAfterSeconds);
    call.facts.truncatedAlerts = truncatedAlerts;
    const why = reason("truncated-alerts", `Alertmanager left ${truncatedAlerts} alerts out of its message.`);
    const told = results.map((result) => ({ ...result, reasons: [...result.reasons, why] }));
    return answer(call, told, retryAfterSeconds);
  }

  async function direct<T extends Parameters<typeof toAsk>[0]>(
    call: Call,
    source: "count" | "delta" | "scale",
    schema: z.ZodType<T>,
    mode: ScaleMode,
  ): Promise<Response> {
    const body = await readJson(call);
    if (body.kind === "answer") return body.response;
    const parsed = toInput(call, parseWith(schema, body.value, "$"));
    if (parsed.kind === "answer") return parsed.response;
    const key = call.incoming.headers["idempotency-key"];
    if (key !== undefined && (typeof key !== "string" || key.length === 0 || key.length > MAX_KEY_LENGTH))
      return unprocessableAnswer(
        [{ path: "Idempotency-Key", message: `it has 1 to ${MAX_KEY_LENGTH} characters` }],
        call.path,
      );
    const [stack] = call.stacks;
    const intent = directIntent(source, toAsk(parsed.value), stack, poolOf(call), key);
    const withinMs = mode === "dry-run" ? dryRunWithinMs : answerWithinMs;
    const results = await withinTime(scaling.scale(stack.id, [intent], mode), withinMs);
    return answer(call, results, results.some(mayStillWork) ? DEFAULT_RETRY_AFTER_SECONDS : null);
  }

  async function read(call: Call, toAnswer: (stack: StackName) => Promise<Response>): Promise<Response> {
    const query = parseParams(call, NoQuery);
    return query.kind === "answer" ? query.response : withinTime(toAnswer(call.stacks[0]), answerWithinMs);
  }

  return {
    ...createControlOperations(options),
    alerts,
    cloudwatch: createCloudwatchOperation(options, (call, { results, retryAfterSeconds }) =>
      answer(call, results, retryAfterSeconds),
    ),
    count: async (call) => {
      const query = parseParams(call, NoQuery);
      return query.kind === "answer" ? query.response : direct(call, "count", CountBody, call.mode);
    },
    delta: async (call) => {
      const query = parseParams(call, NoQuery);
      return query.kind === "answer" ? query.response : direct(call, "delta", DeltaBody, call.mode);
    },
    scale: async (call) => {
      const query = parseParams(call, ScaleQuery);
      if (query.kind === "answer") return query.response;
      return direct(call, "scale", ScaleBody, query.value.dryRun === "true" ? "dry-run" : call.mode);
    },
    pools: (call) => read(call, async ({ id }) => json(200, { pools: await scaling.readPools(id) })),
    pool: (call) =>
      read(call, async ({ id }) => {
        const [view] = await scaling.readPools(id, poolOf(call));
        return view === undefined ? unknownPool(call.path) : json(200, view);
      }),
    history: (call) =>
      read(call, async ({ id }) => json(200, { history: await scaling.readHistory(id, poolOf(call)) })),
    operation: (call) =>
      read(call, async () => {
        const found = await operations?.readOperation(call.operation ?? "");
        return found == null ? unknownOperation(call.path) : json(200, found);
      }),
  };
}

/** The 404 for a pool that the stack does not have. */
export function unknownPool(path: string): Response {
  return problem("unknown-pool", "The stack has no pool of that name.", { instance: path });
}

function unknownOperation(path: string): Response {
  return problem("unknown-operation", "The stack has no scale commit of that name.", { instance: path });
}

const MAX_KEY_LENGTH = 255;

/** The pool of a route that names one. */
function poolOf(call: Call): string {
  return call.scope.pool ?? "";
}

function directIntent(
  source: "count" | "delta" | "scale",
  ask: Ask,
  stack: StackName,
  pool: string,
  idempotencyKey: string | undefined,
): Intent {
  // Without a key every call is an event of its own: two people may both ask for one more.
  const event =
    idempotencyKey === undefined
      ? randomBytes(8).toString("hex")
      : eventIdentity(["direct", source, stack.id, pool, idempotencyKey]);
  const wish =
    ask.kind === "value" ? `to ${ask.value}` : ask.kind === "delta" ? `by ${ask.delta}` : "by a step";
  return { pool, ask, source, requestedBy: source, event, summary: `${source} call ${wish}` };
}

function answer(call: Call, results: readonly ScaleResult[], retryAfterSeconds: number | null): Response {
  const kinds: Record<string, number> = {};
  for (const { kind } of results) kinds[kind] = (kinds[kind] ?? 0) + 1;
  call.facts.results = kinds;
  if (retryAfterSeconds === null) return json(200, { results });
  return json(503, { results }, { "retry-after": String(Math.ceil(retryAfterSeconds)) });
}
