import { z } from "zod";
import type { ApiAnswer } from "./call-api.ts";
import { ClusterError, type FieldConflict } from "./cluster-error.ts";
import { quoteText } from "./quote-text.ts";

/** What was asked of a cluster: with which verb, of which resource, where; `subject` is what it was about, `Deployment/web`. */
export type Attempt = {
  context: string;
  verb: string;
  resource?: string;
  namespace?: string;
  subject?: string;
};

const Cause = z.object({
  reason: z.string().default(""),
  message: z.string().default(""),
  field: z.string().default(""),
});
const Refusal = z.object({ message: z.string().default(""), reason: z.string().default("") });
const Causes = z.object({ details: z.object({ causes: z.array(Cause) }) });

/** What an answer has, by the schema. Throws `ClusterError` where it is a refusal, or of another shape. */
export function accept<T>(answer: ApiAnswer, schema: z.ZodType<T>, attempt: Attempt): T {
  if (answer.status >= 400 || answer.status < 200) throw refusalOf(answer, attempt);
  const read = schema.safeParse(answer.body);
  if (read.success) return read.data;
  const field = read.error.issues[0]?.path.join(".") || "all of it";
  throw new ClusterError(
    "unexpected",
    `The cluster of the context ${quoteText(attempt.context, 100)} has answered what is not expected of ${about(attempt)}: ${quoteText(field, 200)}.`,
  );
}

function refusalOf({ status, body }: ApiAnswer, attempt: Attempt): ClusterError {
  const { context } = attempt;
  const read = Refusal.safeParse(body);
  const { message, reason } = read.success ? read.data : { message: "", reason: "" };
  const why = message === "" ? "" : quoteText(message);
  if (status === 401) {
    const sentence = `The cluster of the context ${quoteText(context, 100)} does not know who asks: its token or certificate is not valid, or no longer.`;
    return new ClusterError("unauthorized", sentence);
  }
  if (status === 403 && (why === "" || / cannot [a-z]+ /.test(why))) {
    return new ClusterError("forbidden", forbidden(attempt));
  }
  if (status === 404) {
    const sentence = `There is no ${about(attempt)} in the cluster of the context ${quoteText(context, 100)}.`;
    return new ClusterError("absent", sentence);
  }
  if (BUSY.includes(status) || (status === 500 && QUESTIONS.includes(attempt.verb))) {
    const sentence = `The cluster of the context ${quoteText(context, 100)} cannot answer ${attempt.verb} of ${about(attempt)} now: ${why || `status ${status}`}.`;
    return new ClusterError("busy", sentence);
  }
  const sentence = `The cluster of the context ${quoteText(context, 100)} refuses ${attempt.verb} of ${about(attempt)}: ${why || `status ${status}`}.`;
  if (status !== 409 && reason !== "Conflict") return new ClusterError("refused", sentence);
  return new ClusterError("conflict", sentence, conflictsOf(body));
}

/** What server-side apply says of the fields that are somebody else's. */
function conflictsOf(body: unknown): FieldConflict[] {
  const read = Causes.safeParse(body);
  const causes = read.success ? read.data.details.causes : [];
  return causes
    .filter(({ reason }) => reason === "FieldManagerConflict")
    .map(({ field, message }) => ({
      field,
      manager: /^conflict with "((?:[^"\\]|\\.)*)"/.exec(message)?.[1] ?? message,
    }));
}

/** Too many requests, or a load balancer or an API server that is just starting or stopping. */
const BUSY: readonly number[] = [429, 502, 503, 504];
/** A change that ends with the status 500 may have been refused by a webhook. */
const QUESTIONS: readonly string[] = ["get", "list"];

function forbidden({ context, verb, resource, namespace }: Attempt): string {
  const what = resource === undefined ? "look at what the cluster serves" : `${verb} ${resource}`;
  const where = namespace === undefined ? "in the whole cluster" : `in the namespace ${namespace}`;
  return `The user of the context ${quoteText(context, 100)} may not ${what} ${where}.`;
}

function about({ subject, resource, namespace }: Attempt): string {
  const what = subject ?? resource ?? "the API";
  return namespace === undefined ? what : `${what} in the namespace ${namespace}`;
}
