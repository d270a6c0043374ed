/** A file at one commit: the stack file, or the repository's. `missing`: no such path there. */
export type StackFile =
  | { kind: "text"; text: string }
  | { kind: "missing" }
  /** Over the size limit, binary, or not UTF-8. */
  | { kind: "unreadable"; message: string };

/** A commit on the base branch that touched the stack file, newest first in a snapshot. */
export type FileCommit = {
  oid: string;
  message: string;
  /** When it reached the base branch: its pull request's merge, else the commit's own date. */
  reachedAtMs: number;
  /** A login, or the name in the commit. */
  author: string;
  pullRequest: number | null;
  /** The message of that pull request's merge: it names the approver where the commit itself could not. */
  mergeMessage: string | null;
  /** Logins of the people who have opened or merged that pull request: they may have worded the commit. Absent where there is none. */
  people?: readonly string[];
  before: StackFile;
  after: StackFile;
};

/** A branch of ours, and the open pull request on it, if any. */
export type ScaleBranch = {
  name: string;
  headOid: string;
  /** The message of the head commit: the scale commit, whose trailers say what the pull request would do. */
  headMessage: string;
  /** The commit that the head stands on: the base's head when it was made. */
  parentOid: string | null;
  committedAtMs: number;
  /** The stack file as the head has it. */
  file: StackFile;
  pull: OpenPull | null;
  /** A pull request of this head was merged or closed: the branch is left over. */
  isFinished: boolean;
  /** A pull request of ours whose base somebody has changed; null where there is none, or one to the right base beside it. */
  astray: AstrayPull | null;
};

/** Of this branch, and open, but to another base: none that we keep up to date, or merge. */
export type AstrayPull = { number: number; nodeId: string; base: string; isAutoMerging: boolean };

export type OpenPull = {
  number: number;
  nodeId: string;
  createdAtMs: number;
  isDraft: boolean;
  /** The head that the counts are of: behind the branch's for a moment after a push. */
  headOid: string;
  /** What a merge would bring along. A scale pull request has one commit and one file; more is somebody else's. */
  commitCount: number;
  fileCount: number;
  /** GitHub merges it by itself, with the words that were asked for, once what is required is there. */
  isAutoMerging: boolean;
  /** The branch's head is a commit that we made, as a mark in the text or a seal on the commit says: nobody has pushed there. */
  isOurs: boolean;
};

/** A pull request of ours that was closed as a "no": by somebody else, or by us at a person's word. It may be without its branch. */
export type RejectedPull = {
  number: number;
  closedAtMs: number;
  /** Who closed it: a login; null where that is not known. */
  by: string | null;
  /** The message of its first commit: the scale commit that was said "no" to. */
  commitMessage: string;
};

/** One consistent read of the repository for one stack, taken at one head of the base branch. */
export type Snapshot = {
  readAtMs: number;
  repositoryId: string;
  /** GitHub's number of the repository, as the tokens of its workflows name it. */
  repositoryNumber: string;
  /** The base branch's head; every write is a compare-and-swap on it. */
  headOid: string;
  file: StackFile;
  history: readonly FileCommit[];
  /** `scale/<alias>`, with the living pull request. */
  inRange: ScaleBranch | null;
  /** `scale-approval/<alias>/<pool>`, by pool. */
  gated: ReadonlyMap<string, ScaleBranch>;
  /** `scale-revert/<alias>/<pool>`, by pool. */
  reverts: ReadonlyMap<string, ScaleBranch>;
  /** The pull requests that were closed last as a "no". */
  rejected: readonly RejectedPull[];
  /** The text of the stack's ledger entry; null where it is gone. */
  ledgerEntry: string | null;
  /** What stood there before, newest first: a few versions, to tell an older one that was put back. */
  earlierLedgerEntries: readonly string[];
  /** The head of the ledger branch; null where there is none, absent where the ledger is no branch. */
  ledgerHeadOid?: string | null;
  /** Pauses and pins as they stand in the ledger: of the whole repository, and of this stack. */
  controls: { repository: StackFile; stack: StackFile };
  /** `.github/pulumiscale.yml` on the default branch. */
  repositoryFile: StackFile;
  mergeMethods: readonly MergeMethod[];
};

export type MergeMethod = "squash" | "merge" | "rebase";
