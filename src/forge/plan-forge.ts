import { APPROVAL_LABEL } from "../domain/labels.ts";
import type { RepositoryName } from "../domain/repository-name.ts";
import type { MergeMethod, StackFile } from "../domain/snapshot.ts";
import { scaleAlias } from "./forge.ts";
import type { PullHead } from "./guard-forge.ts";

/** A pull request, as far as it may be one of a plan, with what its repository says. */
export type PlanSubject = {
  number: number;
  nodeId: string;
  createdAtMs: number;
  isOpen: boolean;
  isDraft: boolean;
  /** From another repository. */
  isFork: boolean;
  /** A login; empty of a deleted account. */
  author: string;
  /** The App's own. */
  ownLogin: string;
  /** The bots whose pushes hide no person, as GitHub notes them: the App itself, and the author where that is a bot. */
  bots: readonly string[];
  branch: string;
  headOid: string;
  base: string;
  /** The base's head; null where it is gone. */
  baseOid: string | null;
  /** Whether it goes to the repository's default branch. */
  isToDefault: boolean;
  mergeMethods: readonly MergeMethod[];
  /** `.github/pulumiscale.yml` on the default branch. */
  repositoryFile: StackFile;
  /** The pauses of the whole repository, on the ledger branch. */
  controls: StackFile;
};

/** What a head changes since it branched off. */
export type PlanChanges = {
  mergeBaseOid: string;
  /** Every path that is touched, renamed ones twice; null where they are too many to be listed. */
  paths: ReadonlySet<string> | null;
  /** Authors and committers of its commits that are persons. */
  writers: readonly string[];
  /** False where there are more commits than were read. */
  isComplete: boolean;
};

/** Who has pushed what stands on a branch, and when, as GitHub has seen it. */
export type Pushes = {
  /** Logins, back to where the branch was made, or made anew by us. */
  by: string[];
  /** Of these, the ones that are no persons. */
  bots: string[];
  /** When the head came there, in milliseconds, to the second; null where something else is there by now. */
  headAtMs: number | null;
};

/** What plans need of the place that holds the repository. Every method throws `ForgeError` when it could not do its work. */
export interface PlanForge {
  readPlanSubject(repository: RepositoryName, number: number): Promise<PlanSubject>;
  readPlanChanges(head: PullHead, baseOid: string): Promise<PlanChanges>;
  /** The files at those paths of each commit, commit by commit; what is no plain file is unreadable. */
  readPlanFiles(
    repository: RepositoryName,
    oids: readonly string[],
    paths: readonly string[],
  ): Promise<StackFile[][]>;
  /** Null where GitHub does not tell who has pushed this head. */
  readPushes(
    repository: RepositoryName,
    head: Pick<PlanSubject, "branch" | "headOid" | "ownLogin">,
  ): Promise<Pushes | null>;
  markReady(repository: RepositoryName, nodeId: string): Promise<void>;
  /** Merges the base into its branch, if that still stands at this head. Answers why not, or null. */
  updateBranch(repository: RepositoryName, number: number, headOid: string): Promise<string | null>;
}

/** Whether a pull request is worth a look: it has the branch that a plan gets by itself, or the label, and is no scale pull request. */
export function mayBePlan({ branch, labels }: { branch: string; labels: readonly string[] }): boolean {
  if (scaleAlias(branch) !== null) return false;
  return branch.startsWith("infra/scale-") || labels.includes(APPROVAL_LABEL);
}
