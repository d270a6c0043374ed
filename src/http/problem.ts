import type { Issue } from "../sources/parsed.ts";

/** Every problem that an answer can name, with its status. `type` is `urn:pulumiscale:problem:<code>`. */
export const PROBLEMS = {
  "bad-request": { status: 400, title: "The request is not HTTP that this server understands" },
  unauthorized: { status: 401, title: "No valid credential" },
  forbidden: { status: 403, title: "The message is not accepted" },
  "unknown-route": { status: 404, title: "No such route" },
  "unknown-stack": { status: 404, title: "No such stack" },
  "unknown-pool": { status: 404, title: "No such pool" },
  "unknown-operation": { status: 404, title: "No such operation" },
  "method-not-allowed": { status: 405, title: "The route has no such method" },
  "too-large": { status: 413, title: "The body is too large" },
  unprocessable: { status: 422, title: "The request does not parse" },
  internal: { status: 500, title: "Something failed on our side" },
  "try-again": { status: 503, title: "Try again later" },
  "not-ready": { status: 503, title: "Not ready" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export type ProblemExtras = {
  /** The path of the request, without the query: a token may stand there. */
  instance?: string;
  /** What is wrong where, for 422. */
  errors?: readonly Issue[];
  /** Why the server is not ready. */
  reasons?: readonly string[];
};

/** An answer that tells what went wrong, as RFC 9457 has it. */
export function problem(
  code: ProblemCode,
  detail: string,
  extras: ProblemExtras = {},
  headers: Record<string, string> = {},
): Response {
  const { status, title } = PROBLEMS[code];
  const body = { type: `urn:pulumiscale:problem:${code}`, title, status, detail, ...extras };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...ANSWER_HEADERS, ...headers },
  });
}

/** An answer in JSON. */
export function json(status: 200 | 503, value: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json", ...ANSWER_HEADERS, ...headers },
  });
}

/** Values are of the moment and for the caller alone, and no browser is to guess what an answer is. */
export const ANSWER_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;
