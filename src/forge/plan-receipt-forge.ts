import type { RepositoryName } from "../domain/repository-name.ts";

/** Where receipts of plans are read, and what they are of. Every method throws `ForgeError` when it could not do its work. */
export interface PlanReceiptForge {
  /** `folder`: where the plans' folders are on the ledger branch. */
  readPlanReceipts(repository: RepositoryName, folder: string): Promise<PlanReceipts>;
  /** Where the file at the path came to be this blob; null where that is not among its newest commits. */
  findMergedPlan(repository: RepositoryName, path: string, blob: string): Promise<MergedPlan | null>;
}

/** What the ledger branch has of plans, with what is to be known to tell what of it counts. */
export type PlanReceipts = {
  /** GitHub's number of the repository. */
  repositoryId: string;
  /** The default branch, where plans are merged. */
  baseBranch: string;
  /** `.github/pulumiscale.yml` on it; null where there is none. */
  repositoryFile: string | null;
  /** The texts of `receipt.json` by the folder that they are in, whoever has written them. */
  texts: ReadonlyMap<string, string>;
};

/** How a plan came to the default branch. */
export type MergedPlan = {
  commit: string;
  pullRequest: number | null;
  /** Who opened the pull request: a login. */
  author: string | null;
  /** Who has approved it, by a review or a command: a login; null where nobody is known to have. */
  approvedBy: string | null;
};
