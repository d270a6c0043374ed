/** One entry of the `errors` list of a 422. */
export interface FieldProblem {
  readonly resource: string;
  readonly field?: string;
  readonly code: string;
  readonly message?: string;
  readonly value?: string;
}

/** An answer that is an error, in REST's terms; GraphQL turns it into an entry of `errors`. */
export class GitHubError extends Error {
  readonly code = "github";
  readonly status: number;
  readonly errors: readonly (FieldProblem | string)[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The GraphQL error type, where it isn't told by the status. */
  readonly type: string | undefined;
  /** Where it is documented; undefined: where the operation is. */
  readonly documentationUrl: string | undefined;

  constructor(
    status: number,
    message: string,
    details: {
      readonly errors?: readonly (FieldProblem | string)[];
      readonly headers?: Readonly<Record<string, string>>;
      readonly type?: string;
      readonly documentationUrl?: string;
    } = {},
  ) {
    super(message);
    this.name = "GitHubError";
    this.status = status;
    this.errors = details.errors;
    this.headers = details.headers ?? {};
    this.type = details.type;
    this.documentationUrl = details.documentationUrl;
  }
}

export function notFound(): GitHubError {
  return new GitHubError(404, "Not Found", { type: "NOT_FOUND" });
}

/** A 422 with one entry, as GitHub words it. */
export function validationFailed(problem: FieldProblem): GitHubError {
  return new GitHubError(422, "Validation Failed", { errors: [problem], type: "UNPROCESSABLE" });
}

/** A 422 that is only a sentence. */
export function unprocessable(message: string): GitHubError {
  return new GitHubError(422, message, { type: "UNPROCESSABLE" });
}
