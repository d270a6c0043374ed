import type { Direction } from "../domain/controls.ts";
import type { Replaces } from "../domain/edit-holds.ts";
import type { Intent } from "../domain/intent.ts";
import type { Reason } from "../domain/reasons.ts";
import type { PoolOutcome } from "../domain/receipt.ts";
import type { SnsTopics } from "../domain/sns-topics.ts";
import type { StackName } from "../domain/stack-name.ts";

export type { StackName } from "../domain/stack-name.ts";

/**
 * - `commit`: decides and delivers; where the apply is near, in the sidecar, the answer waits for it a while
 * - `commit-only`: answers as soon as the decision is recorded
 * - `dry-run`: decides and writes nothing
 */
export type ScaleMode = "commit" | "commit-only" | "dry-run";

/** What a caller presented: a token, or an HMAC signature over the raw body. */
export type Credential =
  | { kind: "none" }
  | { kind: "token"; token: string }
  | { kind: "signature"; signature: string; body: Uint8Array };

/** One result of a scaling route, as `design.md` fixes it: other programs read it. */
export type ScaleResult = {
  stack: string;
  pool: string;
  kind: "scale" | "hold" | "refuse";
  from: number | null;
  to: number | null;
  requested: number | null;
  reasons: Reason[];
  delivery: "direct" | "pull-request" | "needs-approval" | null;
  commit: string | null;
  pullRequest: number | null;
  /** Only in a dry run: the unified diff of the stack file that the decision would commit; empty when it would not. */
  diff?: string;
  /** Only in a dry run of the sidecar: what Pulumi's own targeted preview says of it. */
  preview?: PreviewView;
  /** Only in the sidecar, for a value that it has committed: what its apply has come to. */
  apply?: ApplyView;
};

/** A targeted preview of a value that is not committed. */
export type PreviewView = {
  verdict: "changes" | "no-effect" | "failed";
  /** The resources that would change, with Pulumi's word for how. */
  steps: { op: string; urn: string }[];
  message: string;
};

/**
 * Where the apply of a committed value stands; `superseded` where another value came before it was tried. `operation` is the last part of `GET /operations/{operation}`.
 */
export type ApplyView = {
  operation: string;
  status: "waiting" | "under-way" | "applied" | "failed" | "superseded";
  /** What became of the pool; null while that is not known. */
  outcome: PoolOutcome | null;
  message: string;
};

/** What became of one scale commit; read from git, the ledger and Pulumi. */
export type OperationView = {
  operation: string;
  stack: string;
  commit: string;
  /** ISO 8601; when it was committed. */
  at: string;
  status: ApplyView["status"];
  pools: {
    pool: string;
    from: number;
    to: number;
    requested: number;
    reasons: string[];
    source: string;
    outcome: PoolOutcome | null;
    message: string;
  }[];
};

/** Tells what became of scale commits, where applying them is near. */
export interface OperationReader {
  /** Null where no scale commit of the stack has that id. Throws `TryAgainError`. */
  readOperation(operation: string): Promise<OperationView | null>;
}

/** What a pool looks like now. Every number comes from git or the ledger. */
export type PoolView = {
  stack: string;
  pool: string;
  strategy: "incremental" | "absolute";
  min: number;
  max: number;
  step: number;
  cooldownSeconds: number;
  /** The committed value on the base branch; null where the stack file cannot be read, with the reason in `problem`. */
  committed: number | null;
  applied: number | null;
  /** The value of an open scale pull request. */
  pending: number | null;
  /** The value that waits for approval. */
  awaitingApproval: number | null;
  /** ISO 8601; when the next move in either direction may come; null when it may come now. */
  cooldownUntil: string | null;
  /** Why nothing, or nothing in one direction, moves the pool; null where it is not paused. */
  paused: string | null;
  /** The value that it is held at; null where it is not pinned. */
  pinned: PinView | null;
  problem: string | null;
};

/** A pin that is in force. `until`: ISO 8601; null: until somebody resumes it. */
export type PinView = { value: number; until: string | null; message: string };

/** What a pause, a pin or the end of them has come to. */
export type ControlsResult = {
  /** `refused` can never work as it is. */
  kind: "changed" | "unchanged" | "refused";
  /** For people: what holds now, what does no more, and what is applied all the same. */
  message: string;
  /** What somebody had said before and holds no more. */
  replaced: string[];
  /** What holds now. */
  stillHeld: string[];
  /** What is committed and not applied yet: no pause holds that back. */
  unapplied: { stack: string; pool: string; committed: number; applied: number }[];
  /** What became of a pin's value; null for everything else. */
  scale: ScaleResult | null;
};

/** What somebody asks of one stack, or of a pool of it by its name or a former one. */
export type StackControl =
  | (
      | (Wish & {
          kind: "pause";
          pool: string | null;
          direction: Direction;
          untilMs: number | null;
          replaces?: Replaces;
        })
      | WishedPin
    )
  | (Wish & { kind: "resume"; pool: string | null; replaces?: Replaces });
/** What somebody asks of a whole repository: a pin is of a pool. */
export type RepositoryControl = Wish &
  ({ kind: "pause"; direction: Direction; untilMs: number | null; replaces?: Replaces } | { kind: "resume" });

type WishedPin = Wish & {
  kind: "pin";
  pool: string;
  value: number;
  untilMs: number | null;
  replaces?: Replaces;
} & Pick<Intent, "source" | "event">;
type Wish = { by: string; why: string };

/** One change of a pool's value on the base branch, newest first in a history. */
export type HistoryView = {
  commit: string;
  at: string;
  from: number | null;
  to: number | null;
  by: string;
  reasons: string[];
  source: string | null;
  pullRequest: number | null;
  approvedBy: string | null;
};

/** The use cases behind the routes; the app and the sidecar each compose one. */
export interface Scaling {
  /** The stacks that a credential opens. Constant time over all stacks, no I/O, so that forged calls cost nothing. */
  stacksOpenedBy(credential: Credential): StackName[];
  /** Whether a stack has a pool of that name, or had it under that name, from memory; true too where nobody can tell yet. */
  hasPool(stackId: string, pool: string): boolean;
  /** Decides, and in mode `commit` delivers. Throws `TryAgainError` when the same request may work later. One result per intent, same order. */
  scale(stackId: string, intents: readonly Intent[], mode: ScaleMode): Promise<ScaleResult[]>;
  /** All pools of a stack, or the one of that name or former name. */
  readPools(stackId: string, pool?: string): Promise<PoolView[]>;
  /** Pauses, pins or resumes a stack or a pool of it. Throws `TryAgainError` where the same may work later. */
  control(stackId: string, wish: StackControl): Promise<ControlsResult>;
  /** The topics of SNS that the stack file on the base branch lets in. Throws `TryAgainError`. */
  snsTopics(stackId: string): Promise<SnsTopics>;
  readHistory(stackId: string, pool: string): Promise<HistoryView[]>;
  /** Empty when ready; otherwise what is missing, in sentences. */
  notReadyBecause(): string[];
  /** While this is so, a caller that opens nothing and a stack that is not known may only not be listed yet. */
  mayListMore(): boolean;
}

/** What may still work: the sender is to retry (503 with Retry-After). */
export class TryAgainError extends Error {
  readonly code = "try-again";
  readonly retryAfterSeconds: number;
  constructor(message: string, retryAfterSeconds: number, options?: ErrorOptions) {
    super(message, options);
    this.name = "TryAgainError";
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
