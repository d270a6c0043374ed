import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { authenticate } from "../auth/authenticate.ts";
import { type Caller, describeCaller } from "../auth/caller.ts";
import type { Fault, FaultQueue } from "../faults.ts";
import { GitHubError } from "../github-error.ts";
import { executeGraphql, type GraphqlRequest, parseGraphqlRequest } from "../graphql/execute.ts";
import { matchRoute, type RouteMatch } from "../openapi/routes.ts";
import { answerRestError, dispatchRest, type RestCall } from "../rest/dispatch.ts";
import { handlePage, isPage } from "../web/handle-page.ts";
import { findViewer } from "../web/page-call.ts";
import type { World } from "../world.ts";
import { type Answer, formatInternalError, jsonAnswer } from "./answer.ts";
import { enterpriseVersion, findApiPath } from "./enterprise.ts";
import { handleGit, matchGitPath } from "./handle-git.ts";
import { createsContent, formatRateHeaders, type RateLimits, type RateResource } from "./rate-limits.ts";
import { resolveNumber } from "./redirect.ts";
import type { RequestEvent, RequestRecord } from "./request-log.ts";

export interface ServeOptions {
  readonly world: World;
  readonly faults: FaultQueue;
  readonly rateLimits: RateLimits;
  readonly requests: RequestRecord[];
  readonly tell: (event: RequestEvent) => Promise<void>;
}

/** What a request is for, found out before anything is done. */
type Target =
  | { readonly kind: "git"; readonly git: NonNullable<ReturnType<typeof matchGitPath>> }
  | { readonly kind: "page" }
  | { readonly kind: "graphql"; readonly graphql: GraphqlRequest | Answer }
  | { readonly kind: "rest"; readonly match: RouteMatch | null };

interface Incoming {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  readonly target: Target;
  readonly record: RequestRecord;
}

export function createGitHubServer(options: ServeOptions): Server {
  return createServer((request, response) => {
    receive(options, request, response).catch((error: unknown) => {
      options.world.log(`GitHub stand-in: ${String(error)}`);
      response.destroy();
    });
  });
}

async function receive(
  options: ServeOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const incoming = await readIncoming(options.world, request);
  const { record } = incoming;
  options.requests.push(record);
  await options.tell({ phase: "received", request: record });
  const fault = options.faults.take({
    method: incoming.method,
    path: incoming.path,
    operations: record.operations,
  });
  const answer = await answerWithFault(options, incoming, fault);
  if (answer === "never") return;
  await options.tell({ phase: "done", request: record });
  if (answer === "cut") {
    response.destroy();
    return;
  }
  record.status = answer.status;
  options.world.log(
    `${record.method} ${record.path} ${record.operations.join(",")} ${record.who} → ${answer.status}`,
  );
  response.writeHead(answer.status, {
    ...answer.headers,
    ...versionHeader(options.world, record),
    "x-github-request-id": record.id,
  });
  response.end(incoming.method === "HEAD" ? undefined : answer.body);
}

/** How a client tells an Enterprise Server. */
function versionHeader({ enterprise }: World, record: RequestRecord): Record<string, string> {
  return enterprise === null || record.kind === "git" || record.kind === "page"
    ? {}
    : { "x-github-enterprise-version": enterprise.version ?? enterpriseVersion };
}

async function answerWithFault(
  options: ServeOptions,
  incoming: Incoming,
  fault: Fault | undefined,
): Promise<Answer | "never" | "cut"> {
  switch (fault?.kind) {
    case "status": {
      const status = fault.status ?? 500;
      return jsonAnswer(
        status,
        fault.body ?? { message: `Fault: ${status}`, status: String(status) },
        fault.headers,
      );
    }
    case "timeout":
      return "never";
    case "latency":
      await delay(fault.latencyMs ?? 1000);
      return answerOnce(options, incoming);
    case "lost-answer":
      await answerOnce(options, incoming);
      return "cut";
    case "duplicate":
      await answerOnce(options, incoming);
      return answerOnce(options, incoming);
    default:
      return answerOnce(options, incoming);
  }
}

async function answerOnce(options: ServeOptions, incoming: Incoming): Promise<Answer> {
  const { world } = options;
  const { target } = incoming;
  let call: RestCall | null = null;
  try {
    if (target.kind === "page") return await answerPage(world, incoming);
    const caller = await authenticate(world, incoming.headers.authorization);
    incoming.record.who = describeCaller(world, caller);
    if (target.kind === "git") return await handleGit(world, { ...incoming, ...target.git, caller });
    if (target.kind === "rest") call = callOf(incoming, target.match, caller);
    return await answerLimited(options, incoming, caller, call);
  } catch (error) {
    const known = error instanceof GitHubError ? error : formatInternalError(error);
    if (known.status >= 500) world.log(known.message);
    return answerRestError(world, call, known);
  }
}

function answerPage(world: World, { method, path, query, headers, body, record }: Incoming): Promise<Answer> {
  const viewer = findViewer(world, headers.cookie);
  record.who = viewer?.login ?? "anonymous";
  return handlePage(world, { method, path, query, form: new URLSearchParams(body.toString("utf8")), viewer });
}

/** The API proper, inside its rate limits. */
async function answerLimited(
  options: ServeOptions,
  incoming: Incoming,
  caller: Caller,
  call: RestCall | null,
): Promise<Answer> {
  const { world, rateLimits } = options;
  const { record, target } = incoming;
  const resource: RateResource = target.kind === "graphql" ? "graphql" : "core";
  const wait = createsContent(record) ? rateLimits.admitContent(record.who) : null;
  if (wait !== null) throw secondaryLimit(wait);
  if (rateLimits.read(record.who, resource).remaining === 0)
    throw primaryLimit(rateLimits, record.who, resource);
  const answer = await (async (): Promise<Answer> => {
    if (target.kind === "graphql") return answerGraphql(options, incoming, caller, target.graphql);
    if (call === null) throw new GitHubError(404, "Not Found");
    try {
      return await dispatchRest(world, call);
    } catch (error) {
      const known = error instanceof GitHubError ? error : formatInternalError(error);
      if (known.status >= 500) world.log(known.message);
      return answerRestError(world, call, known);
    }
  })();
  const tagged = withEtag(incoming, answer);
  const points =
    tagged.status === 304
      ? 0
      : target.kind === "graphql" && "cost" in target.graphql
        ? target.graphql.cost
        : 1;
  const state = rateLimits.spend(record.who, resource, points);
  return { ...tagged, headers: { ...formatRateHeaders(state, resource), ...tagged.headers } };
}

async function answerGraphql(
  { world, rateLimits }: ServeOptions,
  incoming: Incoming,
  caller: Caller,
  request: GraphqlRequest | Answer,
): Promise<Answer> {
  if ("status" in request) return request;
  if (caller.kind === "anonymous") {
    throw new GitHubError(401, "This endpoint requires you to be authenticated.");
  }
  if (caller.kind === "app") throw new GitHubError(403, "Resource not accessible by integration");
  return executeGraphql(request, {
    world,
    caller,
    cost: request.cost,
    rateLimit: () => rateLimits.read(incoming.record.who, "graphql"),
  });
}

/** Answers 304 to a reader that has the same already. */
function withEtag(incoming: Incoming, answer: Answer): Answer {
  if (incoming.method !== "GET" || answer.status !== 200) return answer;
  const etag = `W/"${createHash("sha256").update(answer.body).digest("hex")}"`;
  const known = String(incoming.headers["if-none-match"] ?? "").split(/\s*,\s*/);
  if (known.includes(etag)) return { status: 304, headers: { etag }, body: "" };
  return { ...answer, headers: { ...answer.headers, etag } };
}

function secondaryLimit(waitSeconds: number): GitHubError {
  return new GitHubError(
    403,
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    {
      headers: { "retry-after": String(waitSeconds) },
    },
  );
}

function primaryLimit(rateLimits: RateLimits, who: string, resource: RateResource): GitHubError {
  return new GitHubError(403, `API rate limit exceeded for ${who}.`, {
    headers: formatRateHeaders(rateLimits.read(who, resource), resource),
  });
}

function callOf(incoming: Incoming, match: RouteMatch | null, caller: Caller): RestCall | null {
  if (match === null) return null;
  const { query, body, headers } = incoming;
  return { match, caller, query, body, accept: headers.accept ?? "" };
}

async function readIncoming(world: World, request: IncomingMessage): Promise<Incoming> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks);
  const url = new URL(request.url ?? "/", "http://localhost");
  const found = findApiPath(url.pathname, world.enterprise);
  const apiPath = found === null ? null : resolveNumber(world, found);
  const path = apiPath ?? url.pathname;
  const method = request.method ?? "GET";
  const target = findTarget(world, method, url.pathname, apiPath, body);
  const operations = operationsOf(target);
  const writes =
    target.kind === "graphql"
      ? "operation" in target.graphql && target.graphql.operation.operation === "mutation"
      : method !== "GET" && method !== "HEAD";
  const startedMs = performance.now();
  const record: RequestRecord = {
    id: randomUUID(),
    at: world.now(),
    kind: target.kind,
    method,
    path: `${path}${url.search}`,
    operations,
    who: "anonymous",
    status: null,
    points: writes ? 5 : 1,
    durationMs: () => performance.now() - startedMs,
  };
  return { method, path, query: url.searchParams, headers: request.headers, body, target, record };
}

function findTarget(
  world: World,
  method: string,
  webPath: string,
  path: string | null,
  body: Buffer,
): Target {
  const git = matchGitPath(webPath);
  if (git !== null) return { kind: "git", git };
  if (isPage(method, webPath)) return { kind: "page" };
  if (path === null) return { kind: "rest", match: null };
  if (path === "/graphql" && method === "POST")
    return { kind: "graphql", graphql: parseGraphqlRequest(body) };
  const match = matchRoute(method === "HEAD" ? "GET" : method, path);
  const missing = world.enterprise?.missingOperations ?? [];
  const isMissing = match !== null && missing.includes(match.route.operation.operationId);
  return { kind: "rest", match: isMissing ? null : match };
}

function operationsOf(target: Target): readonly string[] {
  switch (target.kind) {
    case "git":
      return [target.git.service.slice(1)];
    case "page":
      return [];
    case "graphql":
      return "fields" in target.graphql ? target.graphql.fields : [];
    case "rest":
      return target.match === null ? [] : [target.match.route.operation.operationId];
  }
}
