import { GitHubError } from "../github-error.ts";

/** An answer ready to be sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(body),
  };
}

/** The body of a REST error. */
export function formatRestError(error: GitHubError): Record<string, unknown> {
  return {
    message: error.message,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
    documentation_url: error.documentationUrl ?? "https://docs.github.com/rest",
    status: String(error.status),
  };
}

/** For what went wrong in the stand-in itself: loud, so that nobody takes it for GitHub. */
export function formatInternalError(error: unknown): GitHubError {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new GitHubError(500, `GitHub stand-in: ${reason}`);
}
