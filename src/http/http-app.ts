import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { repositoryKey } from "../domain/repository-name.ts";
import { findStack, stackName } from "../domain/stack-name.ts";
import { type OperationReader, type Scaling, type StackName, TryAgainError } from "../workflows/scaling.ts";
import { authenticate, unauthorized } from "./authenticate.ts";
import { type Call, unprocessableAnswer, unreadable } from "./call.ts";
import type { SnsOptions } from "./cloudwatch-operation.ts";
import { errorFacts } from "./error-facts.ts";
import { createOpenOperations, type MetricsOptions } from "./open-operations.ts";
import { problem } from "./problem.ts";
import { parseQuery } from "./query.ts";
import type { ReadBody } from "./read-body.ts";
import { APP_ROUTES, methodReader, type Route, type ScalingRoute, WaitQuery } from "./routes.ts";
import { createScalingOperations, unknownPool } from "./scaling-operations.ts";
import { DEFAULT_RETRY_AFTER_SECONDS } from "./within-time.ts";

export type HttpAppOptions = {
  scaling: Scaling;
  /** The app's unless said otherwise. */
  routes?: readonly Route[];
  /** For routes that tell what became of a commit. */
  operations?: OperationReader;
  /** The stack that the routes without `/repos/…` are about. */
  defaultStack?: StackName;
  /** Without it `/metrics` is closed. */
  metrics?: MetricsOptions;
  /** AWS's own SNS unless said otherwise. */
  sns?: Partial<SnsOptions>;
  logger: Logger;
  clock: Clock;
  /** The version of the product, for `/openapi.json`. */
  version: string;
  /** At most this long until an answer, in milliseconds; the workflows' own limit is to be shorter. */
  answerWithinMs?: number;
  /** The same for a dry run; `answerWithinMs` unless said otherwise. */
  dryRunWithinMs?: number;
  bodyLimitBytes?: number;
};

export type HttpApp = Hono<NodeBindings>;
type NodeBindings = { Bindings: HttpBindings };
type NodeContext = Context<NodeBindings>;

/** The server's routes. A request without a credential learns nothing: not even which routes there are. */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  const {
    scaling,
    defaultStack,
    logger,
    clock,
    answerWithinMs = 9_000,
    dryRunWithinMs = answerWithinMs,
    routes = APP_ROUTES,
    bodyLimitBytes = 1_000_000,
  } = options;
  const onUnexpected = (error: unknown, stack?: StackName) =>
    logger.error({ error: errorFacts(error), stack: stack?.id }, "request failed");
  const operations = createScalingOperations({
    scaling,
    sns: { fetch, endpoint: null, ...options.sns },
    clock,
    answerWithinMs,
    dryRunWithinMs,
    operations: options.operations ?? null,
    onUnexpected,
  });
  const methodsOf = methodReader(routes);
  const openOperations = createOpenOperations({ ...options, routes, answerWithinMs });

  /** Runs a request to an answer, whatever happens, and logs one line of it: no token, no body, no query. */
  async function observe(
    c: NodeContext,
    route: string,
    run: (facts: Record<string, unknown>) => Promise<Response>,
  ): Promise<Response> {
    const startedAtMs = clock();
    const facts: Record<string, unknown> = {};
    let response: Response;
    try {
      response = await run(facts);
    } catch (error) {
      if (!(error instanceof TryAgainError)) onUnexpected(error);
      response = failure(error, c.req.path);
    }
    const { method } = c.env.incoming;
    logger.info({ method, route, status: response.status, ms: clock() - startedAtMs, ...facts }, "request");
    return response;
  }

  async function serveScaling(c: NodeContext, route: ScalingRoute, facts: Record<string, unknown>) {
    const { incoming } = c.env;
    const { path } = c.req;
    const { token, repeated, ...query } = parseQuery(incoming.url ?? "");
    const { opened, body } = await authenticate(incoming, token, scaling, bodyLimitBytes);
    if (opened.length === 0) return denied(body?.kind, path);
    const [stack, ...others] = stacksOf(c, route, opened);
    if (stack === undefined) return unknownStack(path);
    facts.stack = route.scope === "repository" ? `${stack.owner}/${stack.repo}` : stack.id;
    const pool = c.req.param("pool") ?? null;
    if (pool !== null && !scaling.hasPool(stack.id, pool)) return unknownPool(path);
    const [twice] = repeated;
    if (twice !== undefined)
      return unprocessableAnswer([{ path: `?${twice}`, message: "it is given more than once" }], path);
    const { wait, params } = takeWait(route, query.params);
    const waits = WaitQuery.safeParse(wait);
    if (!waits.success)
      return unprocessableAnswer([{ path: "?wait", message: "it is `true` or `false`" }], path);
    const call: Call = {
      incoming,
      path,
      params,
      mode: waits.data === "true" ? "commit" : "commit-only",
      stacks: [stack, ...others],
      scope:
        route.scope === "repository"
          ? { alias: null, pool }
          : { alias: stack.alias, formerAliases: stack.formerAliases, pool },
      operation: c.req.param("operation") ?? null,
      signedBody: body,
      bodyLimitBytes,
      facts,
    };
    return operations[route.operation](call);
  }

  /** No stack is open to the caller. While the stacks are being listed nobody knows, and a 401 would be final. */
  function denied(unread: ReadBody["kind"] | undefined, path: string): Response {
    if (unread !== undefined && unread !== "read") return unreadable(unread, bodyLimitBytes, path);
    if (scaling.mayListMore()) return notListedYet();
    return unauthorized();
  }

  function stacksOf(c: NodeContext, route: ScalingRoute, opened: readonly StackName[]): readonly StackName[] {
    const { owner: inOwner = "", repo: inRepo = "", alias = "" } = c.req.param();
    if (route.scope === "repository") {
      const repository = repositoryKey({ owner: inOwner, repo: inRepo });
      return opened.filter((name) => repositoryKey(name) === repository);
    }
    const wanted = route.scope === "stack" ? stackName(inOwner, inRepo, alias) : defaultStack;
    const stack = wanted === undefined ? undefined : findStack(opened, wanted);
    return stack === undefined ? [] : [stack];
  }

  function unknownStack(path: string): Response {
    if (scaling.mayListMore()) return notListedYet();
    const detail =
      defaultStack === undefined
        ? "No such stack is open to this credential, and the server has no default stack: use /repos/{owner}/{repo}/{alias}/…"
        : "No such stack is open to this credential.";
    return problem("unknown-stack", detail, { instance: path });
  }

  /** A path or a method that no route has: told to those alone who may know. */
  async function serveUnknown(c: NodeContext): Promise<Response> {
    const { incoming } = c.env;
    const { path } = c.req;
    const allowed = methodsOf(path);
    const isOpen = routes.some(
      (route) => route.kind === "open" && route.operation !== "metrics" && route.path === path,
    );
    if (!isOpen) {
      const { opened, body } = await authenticate(
        incoming,
        parseQuery(incoming.url ?? "").token,
        scaling,
        bodyLimitBytes,
      );
      if (opened.length === 0) return denied(body?.kind, path);
    }
    if (allowed.length === 0)
      return problem("unknown-route", "There is no such route; see /openapi.json.", { instance: path });
    const allow = allowed.join(", ");
    return problem("method-not-allowed", `The route has ${allow}.`, { instance: path }, { allow });
  }

  const serve = (c: NodeContext, route: Route, facts: Record<string, unknown>) =>
    route.kind === "scaling"
      ? serveScaling(c, route, facts)
      : openOperations[route.operation](c.env.incoming);

  const app: HttpApp = new Hono<NodeBindings>();
  for (const route of routes) {
    const honoPath = route.path.replaceAll(/\{([a-z]+)\}/g, ":$1");
    app.on(route.method, honoPath, (c) => observe(c, route.path, (facts) => serve(c, route, facts)));
  }
  app.notFound((c) => observe(c, "(none)", () => serveUnknown(c)));
  app.onError((error, c) => {
    onUnexpected(error);
    return failure(error, c.req.path);
  });
  return app;
}

/** Where a route knows `?wait`, it is apart from what its operation parses. */
function takeWait(
  { query }: ScalingRoute,
  params: Readonly<Record<string, string>>,
): { wait: string | undefined; params: Readonly<Record<string, string>> } {
  if (!("wait" in query.shape)) return { wait: undefined, params };
  const { wait, ...others } = params;
  return { wait, params: others };
}

function notListedYet(): Response {
  const wait = { "retry-after": String(DEFAULT_RETRY_AFTER_SECONDS) };
  return problem("try-again", "The server has just started and does not know all stacks yet.", {}, wait);
}

function failure(error: unknown, path: string): Response {
  if (!(error instanceof TryAgainError))
    return problem("internal", "Something failed that should not; the log says what.", { instance: path });
  const wait = { "retry-after": String(Math.ceil(error.retryAfterSeconds)) };
  return problem("try-again", error.message, { instance: path }, wait);
}
