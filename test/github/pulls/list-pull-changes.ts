import { type ChangedFile, diffFiles, diffPatches } from "../git/diff.ts";
import { findMergeBase, listCommits } from "../git/history.ts";
import type { GitCommit } from "../git/parse-commit.ts";
import type { Repository } from "../world.ts";
import type { PullRequest } from "./pull-request.ts";

/** What a pull request changes: its head against where it left the base branch. */
export async function listPullFiles(repository: Repository, pull: PullRequest): Promise<ChangedFile[]> {
  return diffFiles(repository.git, await findStart(repository, pull), pull.headOid);
}

/** Like {@link listPullFiles}, each file with its patch. */
export async function listPullPatches(repository: Repository, pull: PullRequest) {
  return diffPatches(repository.git, await findStart(repository, pull), pull.headOid);
}

async function findStart(repository: Repository, pull: PullRequest): Promise<string> {
  return (await findMergeBase(repository.git, pull.baseOid, pull.headOid)) ?? pull.baseOid;
}

/** A pull request's own commits, oldest first. */
export async function listPullCommits(repository: Repository, pull: PullRequest): Promise<GitCommit[]> {
  return listCommits(repository.git, { from: pull.headOid, without: [pull.baseOid], order: "oldest-first" });
}
