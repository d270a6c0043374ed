import type { GraphQLError } from "graphql";
import { GitHubError } from "../github-error.ts";

/** An entry of `errors` as GitHub gives it: `type` stands beside the message, not under `extensions`. */
export function formatGraphqlError(error: GraphQLError): Record<string, unknown> {
  const cause = error.originalError;
  const { message, path, locations } = error.toJSON();
  return {
    ...(cause instanceof GitHubError ? { type: cause.type ?? typeOf(cause.status) } : {}),
    ...(path === undefined ? {} : { path }),
    ...(locations === undefined ? {} : { locations }),
    message: cause instanceof GitHubError ? formatMessage(cause) : message,
  };
}

/** What is wrong with a document itself; its place in the document is the error's path. */
export function formatProblem(problem: GraphQLError): Record<string, unknown> {
  const { path, ...extensions } = problem.extensions;
  return { ...(path === undefined ? {} : { path }), extensions, ...formatGraphqlError(problem) };
}

/** In GraphQL the sentences of a 422's entries are the message. */
function formatMessage(error: GitHubError): string {
  const sentences = (error.errors ?? []).flatMap((entry) =>
    typeof entry === "string" ? [entry] : entry.message === undefined ? [] : [entry.message],
  );
  return sentences.length === 0 ? error.message : sentences.join(", ");
}

function typeOf(status: number): string {
  switch (status) {
    case 403:
      return "FORBIDDEN";
    case 404:
      return "NOT_FOUND";
    default:
      return "UNPROCESSABLE";
  }
}

/** What a node id or a name that leads nowhere is answered with. */
export function couldNotResolve(message: string): GitHubError {
  return new GitHubError(404, message, { type: "NOT_FOUND" });
}
