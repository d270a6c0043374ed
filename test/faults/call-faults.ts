import { listOperations } from "../github/openapi/description.ts";
import type { Call } from "./call.ts";

/** What goes wrong with one call. `answer`: GitHub does nothing and says so. */
export type CallFault =
  | { kind: "answer"; name: string; status: number; body: unknown; headers: () => Record<string, string> }
  | { kind: "never-answered"; name: string }
  /** The connection is cut before anything is done, or after it. */
  | { kind: "reset"; name: string }
  | { kind: "lost-answer"; name: string }
  | { kind: "done-twice"; name: string }
  /** SIGKILL of the caller, before anything is done, or after it. */
  | { kind: "killed-before"; name: string }
  | { kind: "killed-after"; name: string };

/** How long GitHub asks to wait, in seconds. */
const WAIT_SECONDS = 30;

const NO_HEADERS = () => ({});
const RETRY_AFTER = () => ({ "retry-after": String(WAIT_SECONDS) });
const USED_UP = () => ({
  "x-ratelimit-limit": "5000",
  "x-ratelimit-remaining": "0",
  "x-ratelimit-used": "5000",
  "x-ratelimit-reset": String(Math.ceil(Date.now() / 1000) + WAIT_SECONDS),
});

const MESSAGES: Readonly<Record<number, string>> = {
  401: "Bad credentials",
  403: "Resource not accessible by integration",
  404: "Not Found",
  405: "Base branch was modified. Review and try the merge again.",
  409: "Head branch was modified. Review and try the merge again.",
  422: "Validation Failed",
  429: "Too many requests",
};

/** Any operation may be answered so, whatever its own description lists. */
const ALWAYS = [401, 403, 404, 429, 500, 502, 503];

const LIMITS: readonly CallFault[] = [
  answer("primary limit", 403, { message: "API rate limit exceeded for installation." }, USED_UP),
  answer("secondary limit", 403, { message: "You have exceeded a secondary rate limit." }, RETRY_AFTER),
  answer("limit, no header", 403, { message: "You have exceeded a secondary rate limit." }, NO_HEADERS),
  answer("429, wait", 429, { message: "You have exceeded a secondary rate limit." }, RETRY_AFTER),
];

const CONTENT_LIMIT = answer(
  "content limit",
  403,
  {
    message:
      "You have exceeded a secondary rate limit and have been temporarily blocked from content creation.",
  },
  RETRY_AFTER,
);

const TRANSPORT: readonly CallFault[] = [
  { kind: "never-answered", name: "never answered" },
  { kind: "reset", name: "reset before" },
  { kind: "lost-answer", name: "answer lost" },
  { kind: "done-twice", name: "done twice" },
];

export const KILLS: readonly CallFault[] = [
  { kind: "killed-before", name: "killed before" },
  { kind: "killed-after", name: "killed after" },
];

/**
 * What is tried with a call. Each that GitHub may answer is tried where the call comes first; where it comes again, in other
 * scenarios, one of each kind: who reads an answer is the same code, and what follows from it differs by kind alone.
 */
export function faultsToTry(call: Call, isCovered: boolean): CallFault[] {
  const all = [...faultsOf(call), ...(call.writes || !isCovered ? KILLS : [])];
  if (!isCovered) return all;
  const kinds = call.kind === "graphql" ? ["FORBIDDEN", "STALE_DATA"] : ["403", call.writes ? "422" : "404"];
  const chosen = new Set([...kinds, "502", "429, wait"]);
  return all.filter((fault) => fault.kind !== "answer" || chosen.has(fault.name));
}

/** Everything but a death of the caller that may happen to a call: what GitHub's own description lists, limits, the line. */
export function faultsOf(call: Call): CallFault[] {
  const content = call.writes ? [CONTENT_LIMIT] : [];
  switch (call.kind) {
    case "graphql":
      return [...GRAPHQL, ...LIMITS, ...content, ...TRANSPORT];
    case "rest":
    case "git":
    case "page":
      return [...statusesOf(call.name).map(plainStatus), ...LIMITS, ...content, ...TRANSPORT];
  }
}

function statusesOf(operationId: string): number[] {
  const found = listOperations().find(({ operation }) => operation.operationId === operationId);
  const described = Object.keys(found?.operation.responses ?? {}).map(Number);
  const failures = described.filter((status) => status >= 400);
  return [...new Set([...failures, ...ALWAYS])].sort((a, b) => a - b);
}

function plainStatus(status: number): CallFault {
  return answer(String(status), status, {
    message: MESSAGES[status] ?? "Server Error",
    status: String(status),
  });
}

const GRAPHQL: readonly CallFault[] = [
  ...[401, 403, 500, 502, 503].map(plainStatus),
  graphqlError("RATE_LIMITED", "API rate limit exceeded for installation.", USED_UP),
  graphqlError("FORBIDDEN", "Resource not accessible by integration"),
  graphqlError("NOT_FOUND", "Could not resolve to a Repository with the name 'acme/infra'."),
  graphqlError("STALE_DATA", 'Expected branch to point to "0" but it did not. Pull and try again.'),
  graphqlError("UNPROCESSABLE", "A path was requested that does not exist."),
  graphqlError(
    undefined,
    "Something went wrong while executing your query. Please include `0:0` when reporting this issue.",
  ),
];

function graphqlError(
  type: string | undefined,
  message: string,
  headers: () => Record<string, string> = NO_HEADERS,
): CallFault {
  const error = { message, ...(type === undefined ? {} : { type }) };
  return answer(type ?? "went wrong", 200, { data: null, errors: [error] }, headers);
}

function answer(
  name: string,
  status: number,
  body: unknown,
  headers: () => Record<string, string> = NO_HEADERS,
): CallFault {
  return { kind: "answer", name, status, body, headers };
}
