import { type ChangedFile, diffFiles } from "../git/diff.ts";
import { findMergeBase, listCommits } from "../git/history.ts";
import type { GitCommit } from "../git/parse-commit.ts";
import type { Repository } from "../world.ts";
import type { PullRequest } from "./pull-request.ts";

/** What a pull request changes: its head against where it left the base branch. */
export async function listPullFiles(repository: Repository, pull: PullRequest): Promise<ChangedFile[]> {
  const from = (await findMergeBase(repository.git, pull.baseOid, pull.headOid)) ?? pull.baseOid;
  return diffFiles(repository.git, from, pull.headOid);
}

/** A pull request's own commits, oldest first. */
export async function listPullCommits(repository: Repository, pull: PullRequest): Promise<GitCommit[]> {
  return listCommits(repository.git, { from: pull.headOid, without: [pull.baseOid], order: "oldest-first" });
}
