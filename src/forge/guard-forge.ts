import type { Review } from "../domain/approval.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { StackFile } from "../domain/snapshot.ts";

/** The name of the check run; a ruleset requires it from our App alone. */
export const GUARD_CHECK = "pulumiscale/guard";

/** A pull request at one head. */
export type PullHead = RepositoryName & { number: number; headOid: string };

/** What the merge queue would make the base branch: `baseOid` with a pull request on top. */
export type MergeGroup = PullHead & { baseOid: string; branch: string };

/** Our own check run on a head, the newest one. */
export type GuardCheck = {
  id: number;
  state: "success" | "failure" | "waiting" | "other";
  /** Whether it still runs: a completed one never runs again, a new one takes its place. */
  isCompleted: boolean;
  /** What we wrote beside it for ourselves. */
  mark: string;
};

/** An open pull request as a listing finds it. */
export type ListedHead = { number: number; headOid: string; check: GuardCheck | null };

/** A stack file on the base branch of its stack. */
export type BaseFile = { branch: string; path: string };

/** What a head looks like beside the base branches. */
export type GuardSubject = {
  /** False where it was merged or closed meanwhile. */
  isOpen: boolean;
  /** Who opened it; null for a bot or a deleted account. */
  author: string | null;
  baseBranch: string;
  check: GuardCheck | null;
  /** The head of each branch that was asked for; null where it is not there. */
  branches: ReadonlyMap<string, string | null>;
  /** Of the files that were asked for, those that differ between their branch's head and this head. */
  differing: readonly BaseFile[];
};

/** What a head has changed since it branched off. */
export type GuardDiff = {
  mergeBaseOid: string;
  /** Every path that was added, changed, removed, or renamed from or to; null where they are too many to be listed. */
  paths: ReadonlySet<string> | null;
  /** Authors and committers of the commits that are persons. */
  writers: readonly string[];
  /** A bot has written one of its commits, which is not a head that we have made ourselves: it may be for whoever wrote its workflow. */
  isByBot: boolean;
  /** Every commit is signed by who made it, or by GitHub. */
  isSigned: boolean;
  /** False where there are more commits than were read. */
  isComplete: boolean;
  headMessage: string;
};

/** What people say of it, and the texts that were asked for, in their order. */
export type GuardTexts = {
  isOpen: boolean;
  headOid: string;
  reviews: readonly Review[];
  texts: readonly StackFile[];
};

/** `merge`: a scale pull request of ours may be waiting for nothing else. */
export type GuardUrgency = "merge" | "other";

export type GuardReport = {
  /** `waiting` runs on; the others complete. */
  state: "success" | "failure" | "waiting";
  title: string;
  summary: string;
  mark: string;
};

/** What the guard asks of the place that holds the repository. Every method throws `ForgeError` when it could not do its work. */
export interface GuardForge {
  /** One call, and one more for each further hundred files. */
  readSubject(head: PullHead, files: readonly BaseFile[]): Promise<GuardSubject>;
  readDiff(head: PullHead, baseOid: string): Promise<GuardDiff>;
  readTexts(head: PullHead, files: readonly { oid: string; path: string }[]): Promise<GuardTexts>;
  /** Reports on a head: into `current`, or as a new check run where that is null. */
  report(
    head: PullHead,
    report: GuardReport,
    current: GuardCheck | null,
    urgency: GuardUrgency,
  ): Promise<void>;
}
