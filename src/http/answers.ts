import { z } from "zod";
import { REASONS, type ReasonCode } from "../domain/reasons.ts";
import { PoolOutcome } from "../domain/receipt.ts";
import type {
  ControlsResult,
  HistoryView,
  OperationView,
  PoolView,
  ScaleResult,
} from "../workflows/scaling.ts";

/*
 * The shapes of the answers, for the description of the interface: answers are built from typed values and never
 * parsed here. `satisfies` keeps the two in step.
 */

const Reason = z.object({
  code: z.enum(Object.keys(REASONS).filter(isReasonCode)),
  message: z.string().describe("A full sentence with the numbers in it."),
});

const ApplyStatus = z.enum(["waiting", "under-way", "applied", "failed", "superseded"]);

const ScaleResultShape = z.object({
  stack: z.string().describe("The alias of the stack; empty where an alert names none."),
  pool: z.string().describe("The pool; empty where an alert names none."),
  kind: z.enum(["scale", "hold", "refuse"]),
  from: z.int().nullable(),
  to: z.int().nullable(),
  requested: z.int().nullable(),
  reasons: z.array(Reason),
  delivery: z.enum(["direct", "pull-request", "needs-approval"]).nullable(),
  commit: z.string().nullable(),
  pullRequest: z.int().nullable(),
  diff: z.exactOptional(
    z.string().describe("Only in a dry run: the unified diff of the stack file that would be committed."),
  ),
  preview: z.exactOptional(
    z
      .object({
        verdict: z.enum(["changes", "no-effect", "failed"]),
        steps: z.array(z.object({ op: z.string(), urn: z.string() })),
        message: z.string(),
      })
      .describe("Only in a dry run of the sidecar: Pulumi's own targeted preview."),
  ),
  apply: z.exactOptional(
    z
      .object({
        operation: z.string().describe("For `GET /operations/{operation}`."),
        status: ApplyStatus,
        outcome: PoolOutcome.nullable(),
        message: z.string(),
      })
      .describe("Only in the sidecar: what the apply of the committed value has come to."),
  ),
}) satisfies z.ZodType<ScaleResult>;

/** The answer of every route that scales. */
export const ScaleAnswer = z
  .object({ results: z.array(ScaleResultShape) })
  .describe("One result per demand, in the order of the demands.");

const count = z.int().nullable();

const PoolViewShape = z.object({
  stack: z.string(),
  pool: z.string(),
  strategy: z.enum(["incremental", "absolute"]),
  min: z.int(),
  max: z.int(),
  step: z.int(),
  cooldownSeconds: z.number(),
  committed: count.describe("The value on the base branch."),
  applied: count.describe("The value that was last applied."),
  pending: count.describe("The value of an open scale pull request."),
  awaitingApproval: count.describe("The value that waits for approval."),
  cooldownUntil: z.string().nullable().describe("ISO 8601; null where the pool may move now."),
  paused: z
    .string()
    .nullable()
    .describe("Who has paused it, or everything, until when and why; null where nobody has."),
  pinned: z
    .object({
      value: z.int(),
      until: z.string().nullable().describe("ISO 8601; null: until somebody resumes it."),
      message: z.string(),
    })
    .nullable()
    .describe("The one value that it may have; null where it is not pinned."),
  problem: z.string().nullable(),
}) satisfies z.ZodType<PoolView>;

/** The answer of `GET /pools/{pool}`. */
export const PoolAnswer = PoolViewShape;

/** The answer of `GET /pools`. */
export const PoolsAnswer = z.object({ pools: z.array(PoolViewShape) });

const HistoryViewShape = z.object({
  commit: z.string(),
  at: z.string().describe("ISO 8601; when the change reached the base branch."),
  from: count,
  to: count,
  by: z.string(),
  reasons: z.array(z.string()),
  source: z.string().nullable(),
  pullRequest: count,
  approvedBy: z.string().nullable(),
}) satisfies z.ZodType<HistoryView>;

/** The answer of `GET /pools/{pool}/history`, newest change first. */
export const HistoryAnswer = z.object({ history: z.array(HistoryViewShape) });

/** The answer of `GET /operations/{operation}`. */
export const OperationAnswer = z.object({
  operation: z.string(),
  stack: z.string(),
  commit: z.string(),
  at: z.string().describe("ISO 8601; when the change was committed."),
  status: ApplyStatus,
  pools: z.array(
    z.object({
      pool: z.string(),
      from: z.int(),
      to: z.int(),
      requested: z.int(),
      reasons: z.array(z.string()),
      source: z.string(),
      outcome: PoolOutcome.nullable(),
      message: z.string(),
    }),
  ),
}) satisfies z.ZodType<OperationView>;

/** The answer of `POST /pause`, `POST /pin` and `POST /resume`. */
export const ControlsAnswer = z.object({
  stack: z.string(),
  kind: z.enum(["changed", "unchanged", "refused"]),
  message: z.string().describe("What holds now, what does no more, and what is applied all the same."),
  replaced: z.array(z.string()).describe("What somebody had said before and holds no more."),
  stillHeld: z.array(z.string()).describe("What holds now."),
  unapplied: z
    .array(z.object({ stack: z.string(), pool: z.string(), committed: z.int(), applied: z.int() }))
    .describe("What is committed and not applied yet: no pause holds that back."),
  scale: ScaleResultShape.nullable().describe("What became of a pin's value; null for everything else."),
}) satisfies z.ZodType<ControlsResult>;

/** The answer of `GET /healthz` and of a ready server's `GET /readyz`. */
export const StatusAnswer = z.object({ status: z.literal("ok") });

/** Every error, as RFC 9457 has it. */
export const ProblemAnswer = z.object({
  type: z.string().describe("`urn:pulumiscale:problem:<code>`."),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().optional().describe("The path of the request."),
  errors: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .optional()
    .describe("What is wrong where: `$.alerts[0].labels` in the body, `?delta` in the URL."),
  reasons: z.array(z.string()).optional().describe("Why the server is not ready."),
});

function isReasonCode(code: string): code is ReasonCode {
  return code in REASONS;
}
