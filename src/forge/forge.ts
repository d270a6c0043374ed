import type { Contract } from "../domain/contract.ts";
import type { MergeMethod, ScaleBranch, Snapshot } from "../domain/snapshot.ts";

/** Where a stack's file stands: the repository, the base branch, the path. */
export type StackPlace = {
  owner: string;
  repo: string;
  alias: string;
  project: string;
  stack: string;
  /** The base branch: merged into, deployed from. */
  branch: string;
  /** The stack file's path from the repository's root. */
  path: string;
};

/** A stack as a repository's ledger lists it. */
export type ListedStack = {
  place: StackPlace;
  contract: Contract;
  /** SHA-256 (hex) of each accepted webhook secret. */
  tokenHashes: readonly string[];
};

/** What goes first where GitHub's budget of writes runs low: capacity that is missing hurts at once, all else may wait. */
export type Urgency = "scale-out" | "other";

/** One commit that replaces the stack file's text. `expectedHeadOid` is the snapshot's head. */
export type FileCommitRequest = {
  urgency: Urgency;
  repositoryId: string;
  expectedHeadOid: string;
  path: string;
  text: string;
  headline: string;
  body: string;
};

export type PullRequestDraft = {
  /** The branch as the snapshot saw it; null where it does not exist. */
  current: ScaleBranch | null;
  branch: string;
  title: string;
  body: string;
  labels: readonly string[];
};

export type OpenedPull = {
  number: number;
  headOid: string;
  /** The base branch's head when the pull request was opened: other than the snapshot's means that the base has moved. */
  baseOid: string | null;
};

export type MergeRequest = {
  number: number;
  /** The merge is bound to this head: anything pushed since stops it. */
  headOid: string;
  method: MergeMethod;
  title: string;
  message: string;
};

export type MergeOutcome =
  | { kind: "merged"; oid: string }
  /** Something must happen first (checks, reviews); the sentence is GitHub's. */
  | { kind: "waiting"; message: string }
  /** The head or the base is not what it was, or there is a conflict: read and decide again. */
  | { kind: "moved"; message: string };

/** A place that holds the repository. Every method throws `ForgeError` when it could not do its work. */
export interface Forge {
  /** One consistent read. The history reaches back at least `historyWindowMs`, where there is so much of it. */
  readSnapshot(place: StackPlace, historyWindowMs: number): Promise<Snapshot>;
  /** Commits to the base branch; answers the commit's id. */
  commit(place: StackPlace, request: FileCommitRequest): Promise<string>;
  /** Makes the branch hold exactly this one commit on the snapshot's head, with one open pull request for it. */
  openPull(place: StackPlace, request: FileCommitRequest, draft: PullRequestDraft): Promise<OpenedPull>;
  mergePull(place: StackPlace, request: MergeRequest): Promise<MergeOutcome>;
  /** Lets GitHub merge when what is required is there; answers why not, or null. */
  requestAutoMerge(place: StackPlace, pullNodeId: string, request: MergeRequest): Promise<string | null>;
  /** Takes `requestAutoMerge` back. */
  withdrawAutoMerge(place: StackPlace, pullNodeId: string): Promise<void>;
  closePull(place: StackPlace, number: number): Promise<void>;
}

/**
 * - `conflict`: a compare-and-swap lost: read again, decide again
 * - `rate-limited`, `unavailable`: the same may work later
 * - `forbidden`, `not-found`: a person must change something first
 */
export type ForgeErrorCode = "conflict" | "rate-limited" | "unavailable" | "forbidden" | "not-found";

export class ForgeError extends Error {
  readonly code: ForgeErrorCode;
  readonly retryAfterSeconds: number | null;
  constructor(
    code: ForgeErrorCode,
    message: string,
    options: ErrorOptions & { retryAfterSeconds?: number } = {},
  ) {
    super(message, options);
    this.name = "ForgeError";
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

/** `scale/<alias>`: the living pull request of a stack. */
export function inRangeBranch(alias: string): string {
  return `scale/${alias}`;
}

/** The alias of an in-range branch; null for any other branch. */
export function inRangeAlias(branch: string): string | null {
  return branch.startsWith("scale/") ? branch.slice("scale/".length) : null;
}

/** `scale-approval/<alias>/<pool>`: what waits for a person. */
export function approvalBranch(alias: string, pool: string): string {
  return `scale-approval/${alias}/${pool}`;
}
