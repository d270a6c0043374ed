import { z } from "zod";
import {
  ControlsAnswer,
  HistoryAnswer,
  OperationAnswer,
  PoolAnswer,
  PoolsAnswer,
  ProblemAnswer,
  ScaleAnswer,
} from "./answers.ts";
import { PROBLEMS, type ProblemCode } from "./problem.ts";
import type { Route } from "./routes.ts";

type Json = { [key: string]: unknown };

/** The shapes that have a name of their own in the description. */
const NAMED = new Map<z.ZodType, string>([
  [ScaleAnswer, "ScaleAnswer"],
  [PoolsAnswer, "Pools"],
  [PoolAnswer, "Pool"],
  [ControlsAnswer, "ControlsAnswer"],
  [HistoryAnswer, "History"],
  [OperationAnswer, "Operation"],
  [ProblemAnswer, "Problem"],
]);

/** The description of the server's interface in OpenAPI 3.1, made from the route table and the schemas in it. */
export function describeApi(version: string, routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  return {
    openapi: "3.1.0",
    info: {
      title: "PulumiScale",
      version,
      description:
        "GitOps autoscaling for Pulumi: a metric alert becomes a clamped, reviewed, audited commit.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: Object.fromEntries(Array.from(NAMED, ([schema, name]) => [name, jsonSchema(schema)])),
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "A token of the stack." },
        tokenInUrl: {
          type: "apiKey",
          in: "query",
          name: "token",
          description: "For senders without headers.",
        },
        signature: {
          type: "apiKey",
          in: "header",
          name: "X-Pulumiscale-Signature",
          description: "`sha256=` and the hex HMAC-SHA-256 of the raw body.",
        },
        metricsToken: { type: "http", scheme: "bearer", description: "The server's metrics token." },
      },
    },
  };
}

function operation(route: Route): Json {
  return {
    operationId: operationId(route),
    summary: route.summary,
    security: security(route),
    parameters: [...pathParameters(route), ...headerParameters(route), ...queryParameters(route)],
    ...(route.body === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: jsonSchema(route.body) } },
          },
        }),
    responses: responses(route),
  };
}

/** `poolHistory`, `reposPoolHistory`: from the path, so that it is unique as the path is. */
function operationId({ method, path }: Route): string {
  const words = path.match(/[A-Za-z]+/g) ?? [];
  return words.reduce((id, word) => id + word.charAt(0).toUpperCase() + word.slice(1), method.toLowerCase());
}

function security(route: Route): Json[] {
  if (route.kind === "scaling") return [{ token: [] }, { tokenInUrl: [] }, { signature: [] }];
  return route.operation === "metrics" ? [{ metricsToken: [] }] : [];
}

function pathParameters({ path }: Route): Json[] {
  return Array.from(path.matchAll(/\{([a-z]+)\}/g), ([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function headerParameters(route: Route): Json[] {
  if (route.kind === "open" || !["count", "delta", "scale"].includes(route.operation)) return [];
  const description =
    "The same key for the same pool scales once; without one every call is an event of its own.";
  const schema = { type: "string", minLength: 1, maxLength: 255 };
  return [{ name: "Idempotency-Key", in: "header", description, schema }];
}

function queryParameters({ query }: Route): Json[] {
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...rest } = jsonSchema(z.object({ schema }).shape.schema);
    return {
      name,
      in: "query",
      required: false,
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function responses(route: Route): Json {
  const ok = {
    description: "The answer.",
    content:
      route.answer === null
        ? { "text/plain": { schema: { type: "string" } } }
        : { "application/json": { schema: reference(route.answer) } },
  };
  const answers: Json = { "200": ok };
  for (const code of problemsOf(route)) answers[PROBLEMS[code].status] ??= problemResponse(code);
  if (route.answer !== ScaleAnswer) return answers;
  const again = {
    ...problemResponse("try-again"),
    description: "Some of it may still work: send the same request again, what was done is not done twice.",
    content: {
      "application/json": { schema: reference(ScaleAnswer) },
      "application/problem+json": { schema: reference(ProblemAnswer) },
    },
  };
  return { ...answers, "503": again };
}

function problemsOf(route: Route): ProblemCode[] {
  if (route.kind === "scaling") {
    const always: ProblemCode[] = ["unauthorized", "unknown-stack", "unprocessable", "internal", "try-again"];
    if (route.operation === "cloudwatch") always.push("forbidden");
    return route.body === null ? always : [...always, "bad-request", "too-large"];
  }
  if (route.operation === "ready") return ["not-ready"];
  return route.operation === "metrics" ? ["unauthorized"] : [];
}

function problemResponse(code: ProblemCode): Json {
  const { status, title } = PROBLEMS[code];
  return {
    description: title,
    content: { "application/problem+json": { schema: reference(ProblemAnswer) } },
    ...(status === 503 ? { headers: { "Retry-After": { schema: { type: "integer" } } } } : {}),
  };
}

function reference(schema: z.ZodType): Json {
  const name = NAMED.get(schema);
  return name === undefined ? jsonSchema(schema) : { $ref: `#/components/schemas/${name}` };
}

function jsonSchema(schema: z.ZodType): Json {
  // What a sender may write, not what it becomes; OpenAPI 3.1 schemas are JSON Schema 2020-12.
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" });
  return rest;
}
