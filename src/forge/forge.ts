import type { Review } from "../domain/approval.ts";
import type { Contract } from "../domain/contract.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { MergeMethod, ScaleBranch, Snapshot } from "../domain/snapshot.ts";
import type { PoolValueEdit } from "../domain/stack-file.ts";

/** Where a stack's file stands: the repository, the base branch, the path. */
export type StackPlace = {
  owner: string;
  repo: string;
  alias: string;
  /** What it was called before, where no other stack has the name now. */
  formerAliases?: readonly string[];
  project: string;
  stack: string;
  /** The base branch: merged into, deployed from. */
  branch: string;
  /** The stack file's path from the repository's root. */
  path: string;
  /** Where it stood before, under this name or a former one, and no file is now; the latest first. */
  formerPaths?: readonly string[];
};

/** A stack as a repository's ledger lists it. */
export type ListedStack = {
  place: StackPlace;
  contract: Contract;
  /** SHA-256 (hex) of each accepted webhook secret. */
  tokenHashes: readonly string[];
  /** ISO 8601. */
  publishedAt: string;
  /** Why the entry does not count, so that its callers are only asked to come again; null where it does. */
  refusal: string | null;
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
  /** What it changes in the text that stood there, for a place that has other versions of the file too. */
  edits: readonly PoolValueEdit[];
  headline: string;
  body: string;
};

export type PullRequestDraft = {
  /** The branch as the snapshot saw it; null where it does not exist. A pull request of it that went astray is closed first. */
  current: ScaleBranch | null;
  /** The repository's number, as the snapshot has it. */
  repositoryNumber: string;
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
  /** The ledger's head right before that: other than the snapshot's means that somebody may have paused scaling. Absent: not known. */
  ledgerHeadOid?: string | null;
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
  /** The base wants branches that stand on its newest head: make the pull request anew there. */
  | { kind: "behind"; message: string }
  /** The base takes merges through its merge queue only. */
  | { kind: "queue" }
  /** The head or the base is not what it was, or there is a conflict: read and decide again. */
  | { kind: "moved"; message: string };

/** What became of asking GitHub to merge by itself, later. */
export type AutoMergeOutcome =
  | { kind: "asked" }
  /** Nothing stands in the way of a merge: merge it. */
  | { kind: "mergeable" }
  /** The sentence is GitHub's. */
  | { kind: "refused"; message: string };

/** What people and GitHub say of an open pull request: read when it matters, since it is large. */
export type PullStanding = {
  isOpen: boolean;
  headOid: string;
  reviews: readonly Review[];
  /** True where GitHub cannot merge it since another change touches the same lines. */
  isConflicting: boolean;
  isQueued: boolean;
  /** The base takes only what stands on its newest head, and this does not. */
  isBehind: boolean;
  labels: readonly string[];
  /** The head is a commit that we made through the forge, as a mark in the text or a seal on the commit says: nobody has pushed there. */
  isOurs: boolean;
  /** Its text is of this head. Else the process that made the head died before it could say so. */
  isWorded: boolean;
  /** What we last said on it; null where we have said nothing. */
  note: { id: number; text: string } | null;
};

/** An open pull request of ours, as it was read. */
export type OwnPull = { repositoryId: string; number: number; branch: string; headOid: string };

/** `rejectedBy`: the person at whose word it is closed, kept with it as a "no"; null where it is closed for reasons of ours. */
export type ClosingPull = { number: number; why: string; rejectedBy: string | null };

/** A place that takes commits. Every method throws `ForgeError` when it could not do its work. */
export interface CommitForge {
  /** One consistent read. The history reaches back at least `historyWindowMs`, where there is so much of it. */
  readSnapshot(place: StackPlace, historyWindowMs: number): Promise<Snapshot>;
  /** Commits to the base branch; answers the commit's id. */
  commit(place: StackPlace, request: FileCommitRequest): Promise<string>;
}

/** A place that holds the repository, with pull requests. Every method throws `ForgeError` when it could not do its work. */
export interface Forge extends CommitForge {
  /** Makes the branch hold exactly this one commit on the snapshot's head, with one open pull request for it. */
  openPull(place: StackPlace, request: FileCommitRequest, draft: PullRequestDraft): Promise<OpenedPull>;
  mergePull(place: RepositoryName, request: MergeRequest): Promise<MergeOutcome>;
  /** Lets GitHub merge when what is required is there. */
  requestAutoMerge(
    place: RepositoryName,
    pullNodeId: string,
    request: MergeRequest,
  ): Promise<AutoMergeOutcome>;
  /** Takes `requestAutoMerge` back. */
  withdrawAutoMerge(place: RepositoryName, pullNodeId: string): Promise<void>;
  /**
   * Puts it into the base's merge queue, with these words in the pull request's text: the queue takes its commit message from there.
   * Answers why not, or null.
   */
  enqueuePull(place: RepositoryName, pullNodeId: string, request: MergeRequest): Promise<string | null>;
  /** Takes it out of the merge queue. */
  dequeuePull(place: RepositoryName, pullNodeId: string): Promise<void>;
  /** Closes it, by way of its branch, if that still stands at the head that was read; and says why there. */
  closePull(place: StackPlace, pull: OwnPull, why: string): Promise<void>;
  /** Closes it and leaves its branch as it is, whoever has pushed there; and says why there. */
  closeKept(place: RepositoryName, closing: ClosingPull): Promise<void>;
  readStanding(place: RepositoryName, number: number): Promise<PullStanding>;
  addLabel(place: RepositoryName, number: number, label: string): Promise<void>;
  /** One comment that says how the pull request stands, edited in place. */
  writeNote(place: RepositoryName, number: number, note: PullStanding["note"], text: string): Promise<void>;
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

/** The alias of a branch of ours, of whatever kind; null for any other branch. */
export function scaleAlias(branch: string): string | null {
  const match = /^scale(?:\/([^/]+)|-(?:approval|revert)\/([^/]+)\/[^/]+)$/.exec(branch);
  return match?.[1] ?? match?.[2] ?? null;
}

/** `scale-approval/<alias>/<pool>`: what waits for a person. */
export function approvalBranch(alias: string, pool: string): string {
  return `scale-approval/${alias}/${pool}`;
}

/** `scale-revert/<alias>/<pool>`: what takes a value back that could not be applied. */
export function revertBranch(alias: string, pool: string): string {
  return `scale-revert/${alias}/${pool}`;
}
