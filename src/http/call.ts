import type { IncomingMessage } from "node:http";
import type { z } from "zod";
import type { UrlScope } from "../sources/demand.ts";
import { type Issue, type Parsed, parseWith } from "../sources/parsed.ts";
import type { StackName } from "../workflows/scaling.ts";
import { parseJson } from "./parse-json.ts";
import { problem } from "./problem.ts";
import { type ReadBody, readBody } from "./read-body.ts";
import { DEFAULT_RETRY_AFTER_SECONDS } from "./within-time.ts";

/** A request of someone who may make it, about a stack and pool that exist. */
export type Call = {
  incoming: IncomingMessage;
  /** The path, without the query. */
  path: string;
  params: Readonly<Record<string, string>>;
  /** The stacks that the URL leaves open, of those that the caller may scale: one unless the route is a repository's. */
  stacks: readonly [StackName, ...StackName[]];
  scope: UrlScope;
  /** The operation of a route that names one. */
  operation: string | null;
  /** Whether the answer may wait for what follows the commit. */
  mode: "commit" | "commit-only";
  /** The body where the credential was a signature over it. */
  signedBody: ReadBody | null;
  bodyLimitBytes: number;
  /** What the log is to say of the request beside method, route, status and duration. */
  facts: Record<string, unknown>;
};

/** Input that parsed, or the answer that says why it did not. */
export type Input<T> = { kind: "input"; value: T } | { kind: "answer"; response: Response };

/** Parses the query parameters with the schema of the route. */
export function parseParams<T>(call: Call, schema: z.ZodType<T>): Input<T> {
  return toInput(call, parseWith(schema, call.params, "?"));
}

/** Reads the body as JSON. */
export async function readJson(call: Call): Promise<Input<unknown>> {
  const read = call.signedBody ?? (await readBody(call.incoming, call.bodyLimitBytes));
  if (read.kind === "read") return toInput(call, parseJson(read.body));
  return { kind: "answer", response: unreadable(read.kind, call.bodyLimitBytes, call.path) };
}

/** The value, or the 422. */
export function toInput<T>(call: Call, parsed: Parsed<T>): Input<T> {
  if (parsed.kind === "parsed") return { kind: "input", value: parsed.value };
  return { kind: "answer", response: unprocessableAnswer(parsed.issues, call.path) };
}

/** The 422 for input that can never work as it is. */
export function unprocessableAnswer(issues: readonly [Issue, ...Issue[]], path: string): Response {
  const [{ path: where, message }, ...others] = issues;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return problem("unprocessable", `${where}: ${message}${more}`, { instance: path, errors: issues });
}

/** The answer to a body that was not read. The connection is closed: what is left of the body is in it. */
export function unreadable(
  kind: Exclude<ReadBody["kind"], "read">,
  limitBytes: number,
  path: string,
): Response {
  const close = { connection: "close" };
  switch (kind) {
    case "too-large":
      return problem("too-large", `A body has at most ${limitBytes} bytes.`, { instance: path }, close);
    case "broken":
      return problem("bad-request", "The body ended early.", { instance: path }, close);
    case "busy": {
      const again = { ...close, "retry-after": String(DEFAULT_RETRY_AFTER_SECONDS) };
      return problem("try-again", "Too many bodies arrive at once.", { instance: path }, again);
    }
  }
}
