import { z } from "zod";
import { ForgeError, type ForgeErrorCode } from "./forge.ts";
import { undefinedFields } from "./github-server.ts";

const Headers = z.record(z.string(), z.union([z.string(), z.number()]).optional());
type Headers = z.infer<typeof Headers>;

const GraphQLErrors = z.object({
  headers: Headers.optional(),
  errors: z
    .array(
      z.object({ type: z.string().optional(), message: z.string(), path: z.array(z.unknown()).optional() }),
    )
    .min(1),
});

const HttpError = z.object({
  status: z.int(),
  message: z.string(),
  response: z.object({ headers: Headers }).optional(),
});
type HttpError = z.infer<typeof HttpError>;

/** Translates what Octokit threw into a `ForgeError` whose sentence says what happened, why, and what to do. */
export function toForgeError(error: unknown, doing: string): ForgeError {
  if (error instanceof ForgeError) return error;
  const graphql = GraphQLErrors.safeParse(error);
  if (graphql.success) return fromGraphQL(graphql.data.errors, graphql.data.headers ?? {}, doing, error);
  const http = HttpError.safeParse(error);
  if (http.success) return fromStatus(http.data, doing, error);
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    const where = `${issue?.path.map(String).join(".")}: ${issue?.message}`;
    const message = `GitHub's answer while ${doing} is not as expected (${where}); it is tried again.`;
    return new ForgeError("unavailable", message, { cause: error });
  }
  const why =
    error instanceof Error && error.name === "TimeoutError"
      ? "did not answer in time"
      : "could not be reached";
  return new ForgeError("unavailable", `GitHub ${why} while ${doing}; it is tried again.`, { cause: error });
}

function fromGraphQL(
  errors: { type?: string | undefined; message: string }[],
  headers: Headers,
  doing: string,
  cause: unknown,
): ForgeError {
  const said = errors
    .map(({ message }) => message)
    .join("; ")
    .slice(0, 500);
  const unknown = undefinedFields({ errors });
  if (unknown.length > 0) return tooOld(doing, unknown, cause);
  const code = errors.map(graphqlCode).find((found) => found !== "unavailable") ?? "unavailable";
  const retryAfterSeconds = code === "rate-limited" ? secondsToWait(headers) : undefined;
  const options = { cause, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  return new ForgeError(code, sentence(code, doing, said), options);
}

/** What a server may lack is gone without (see github-server.ts); this is needed. */
function tooOld(doing: string, fields: readonly string[], cause: unknown): ForgeError {
  const message = `GitHub does not know ${fields.join(", ")}, which is needed for ${doing}; update this GitHub Enterprise Server.`;
  return new ForgeError("forbidden", message, { cause });
}

function graphqlCode({ type, message }: { type?: string | undefined; message: string }): ForgeErrorCode {
  if (
    type === "STALE_DATA" ||
    /expected branch to point to|but it did not|but expected [0-9a-f]{40}|reference already exists|did not match/i.test(
      message,
    )
  ) {
    return "conflict";
  }
  if (type === "RATE_LIMITED" || /rate limit|abuse/i.test(message)) return "rate-limited";
  if (
    type === "FORBIDDEN" ||
    type === "INSUFFICIENT_SCOPES" ||
    REFUSED_BY_RULE.test(message) ||
    /not accessible by integration|cannot lock ref/i.test(message)
  )
    return "forbidden";
  if (type === "NOT_FOUND") return "not-found";
  return "unavailable";
}

const REFUSED_BY_RULE = /protected branch|rule violation|through a pull request/i;

function fromStatus(error: HttpError, doing: string, cause: unknown): ForgeError {
  const headers = error.response?.headers ?? {};
  const retryAfterSeconds = secondsToWait(headers);
  const code = statusCode(error, retryAfterSeconds !== undefined);
  const options = { cause, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  return new ForgeError(
    code,
    sentence(code, doing, error.message.split(" - https://")[0]?.slice(0, 500) ?? ""),
    options,
  );
}

function statusCode(error: HttpError, isLimited: boolean): ForgeErrorCode {
  if (
    error.status === 429 ||
    (error.status === 403 && (isLimited || /rate limit|abuse/i.test(error.message)))
  )
    return "rate-limited";
  // REST's git references are refused with the status of a lost race.
  if (error.status === 422 && REFUSED_BY_RULE.test(error.message)) return "forbidden";
  if (error.status === 409 || error.status === 422) return "conflict";
  if (error.status === 401 || error.status === 403) return "forbidden";
  if (error.status === 404) return "not-found";
  return "unavailable";
}

/** Seconds until GitHub takes requests again: `retry-after`, or the reset of a used-up primary limit. */
export function secondsToWait(headers: Headers): number | undefined {
  const retryAfter = Number(headers["retry-after"]);
  if (Number.isFinite(retryAfter) && retryAfter > 0) return Math.min(retryAfter, 3600);
  const date = headers.date === undefined ? Number.NaN : Date.parse(String(headers.date)) / 1000;
  const reset = Number(headers["x-ratelimit-reset"]);
  if (headers["x-ratelimit-remaining"] !== "0" || !Number.isFinite(reset) || !Number.isFinite(date))
    return undefined;
  return Math.min(Math.max(Math.ceil(reset - date), 1), 3600);
}

function sentence(code: ForgeErrorCode, doing: string, said: string): string {
  switch (code) {
    case "conflict":
      return `The repository changed while ${doing} (${said}); it is read and decided again.`;
    case "rate-limited":
      return `GitHub's rate limit is used up while ${doing} (${said}); it is tried again later.`;
    case "forbidden":
      return `GitHub refused ${doing} (${said}); check the App's permissions and the branch's rules.`;
    case "not-found":
      return `GitHub found nothing while ${doing} (${said}); check that the App is installed on the repository and that the branch exists.`;
    case "unavailable":
      return `GitHub could not serve ${doing} (${said}); it is tried again.`;
  }
}
