import type { Conversation } from "../repository/issue.ts";
import type { Account, Repository } from "../world.ts";

export type MergeMethod = "merge" | "squash" | "rebase";

export interface Review {
  readonly id: number;
  readonly author: Account;
  readonly commitOid: string;
  readonly submittedAt: Date;
  body: string;
  state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED";
}

export interface AutoMerge {
  readonly enabledBy: Account;
  readonly enabledAt: Date;
  readonly method: MergeMethod;
  readonly title: string | null;
  readonly message: string | null;
  /** Whether merges by this hand start workflows. */
  readonly triggersWorkflows: boolean;
}

export interface Merge {
  readonly by: Account;
  readonly at: Date;
  readonly commitOid: string;
  /** Every commit that the merge brought to the base branch, the pull request's own ones included. */
  readonly broughtOids: ReadonlySet<string>;
}

export interface MergeGroup {
  /** `refs/heads/gh-readonly-queue/…`. */
  readonly ref: string;
  readonly baseRef: string;
  readonly baseOid: string;
  readonly headOid: string;
}

/** A place in the merge queue of the base branch. */
export interface QueueEntry {
  readonly id: number;
  readonly enqueuedAt: Date;
  readonly enqueuer: Account;
  readonly jump: boolean;
  /** The branch on which the queue tests it; null until it has one. */
  group: MergeGroup | null;
}

export interface PullRequest extends Conversation {
  readonly kind: "pull-request";
  /** Where the head branch is: the repository itself, or a fork of it, which may be gone. */
  readonly headRepository: Repository;
  readonly headRef: string;
  readonly reviews: Review[];
  baseRef: string;
  baseOid: string;
  headOid: string;
  draft: boolean;
  /** The newest push that changed what the pull request changes. */
  lastPush: { readonly by: Account; readonly oid: string };
  /** Null: it is in no merge queue. */
  queueEntry: QueueEntry | null;
  merge: Merge | null;
  /** The last time; it stays where it is closed once more. */
  reopened: { readonly at: Date; readonly by: Account } | null;
  /** The last time that somebody gave it another base. */
  baseChanged: { readonly at: Date; readonly by: Account } | null;
  autoMerge: AutoMerge | null;
  /** Reads that still answer "unknown". */
  unknownReads: number;
}
