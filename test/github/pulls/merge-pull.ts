import { readRef } from "../git/git-repository.ts";
import { listCommits } from "../git/history.ts";
import { cherryPickTree, mergeTrees } from "../git/merge.ts";
import type { GitCommit } from "../git/parse-commit.ts";
import { RefConflictError } from "../git/refs.ts";
import { writeCommit } from "../git/write-objects.ts";
import { GitHubError } from "../github-error.ts";
import { mayBypass } from "../repository/bypass.ts";
import { moveRefs } from "../repository/move-refs.ts";
import { findRules } from "../repository/protection.ts";
import { throughMergeQueue, wordRefusal } from "../repository/refusal.ts";
import { unsignedCommits } from "../repository/require-signatures.ts";
import { signCommit } from "../repository/sign-commit.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Account, Repository, World } from "../world.ts";
import { announcePull } from "./announce-pull.ts";
import { identityOf, webFlow } from "./identity.ts";
import { formatMergeMessage, type MergeMessage } from "./merge-message.ts";
import { type MergeStanding, readMergeStanding } from "./mergeability.ts";
import type { MergeMethod, PullRequest } from "./pull-request.ts";

export interface MergeWish extends MergeMessage {
  readonly method: MergeMethod;
  /** The head that is meant; null: whatever it is. */
  readonly expectedHead: string | null;
}

const baseModified = "Base branch was modified. Review and try the merge again.";

/** Merges, or throws in the words of GitHub. Gives the oid that the base branch then has. Runs inside the lock. */
export async function mergePull(
  world: World,
  repository: Repository,
  pull: PullRequest,
  wish: MergeWish,
  hand: Hand,
): Promise<string> {
  if (pull.state === "closed") throw notMergeable("Pull Request is not mergeable");
  if (pull.queueEntry !== null) throw notMergeable("Pull Request is in the merge queue");
  if (wish.expectedHead !== null && wish.expectedHead !== pull.headOid) {
    throw new GitHubError(409, "Head branch was modified. Review and try the merge again.", {
      type: "UNPROCESSABLE",
    });
  }
  requireMethod(repository, wish.method);
  requireSignedMerge(repository, pull, wish.method, hand);
  requireStanding(await readMergeStanding(repository, pull), repository, pull, hand);
  const base = await readRef(repository.git, `refs/heads/${pull.baseRef}`);
  if (base === null) throw notMergeable(baseModified);
  const commits = await listCommits(repository.git, {
    from: pull.headOid,
    without: [base],
    order: "oldest-first",
  });
  const made = await writeMerge(world, repository, pull, base, commits, wish, hand.account);
  const brought = await listCommits(repository.git, { from: made, without: [base] });
  pull.merge = {
    by: hand.account,
    at: world.now(),
    commitOid: made,
    broughtOids: new Set([...brought, ...commits].map((commit) => commit.oid)),
  };
  pull.state = "closed";
  pull.autoMerge = null;
  try {
    await moveRefs(
      world,
      repository,
      [{ ref: `refs/heads/${pull.baseRef}`, before: base, after: made }],
      hand,
    );
  } catch (error) {
    if (!(error instanceof RefConflictError)) throw error;
    pull.merge = null;
    pull.state = "open";
    throw notMergeable(baseModified);
  }
  pull.closedAt = pull.updatedAt = world.now();
  pull.closedBy = hand.account;
  await announcePull(world, repository, pull, hand, "closed");
  if (repository.settings.delete_branch_on_merge) await deleteHead(world, repository, pull, hand);
  return made;
}

/** Removes the head branch of a merged pull request. */
export async function deleteHead(
  world: World,
  repository: Repository,
  pull: PullRequest,
  hand: Hand,
): Promise<void> {
  // Nobody deletes a branch of somebody else's fork.
  if (pull.headRepository !== repository) return;
  const ref = `refs/heads/${pull.headRef}`;
  const before = await readRef(repository.git, ref);
  if (before !== null) await moveRefs(world, repository, [{ ref, before, after: null }], hand);
}

function requireMethod(repository: Repository, method: MergeMethod): void {
  const { settings } = repository;
  if (method === "merge" && !settings.allow_merge_commit) {
    throw notMergeable("Merge commits are not allowed on this repository.");
  }
  if (method === "squash" && !settings.allow_squash_merge) {
    throw notMergeable("Squash merges are not allowed on this repository.");
  }
  if (method === "rebase" && !settings.allow_rebase_merge) {
    throw notMergeable("Rebase merges are not allowed on this repository.");
  }
}

/** GitHub signs no rebase, and a squash for nobody but the author. */
function requireSignedMerge(
  repository: Repository,
  pull: PullRequest,
  method: MergeMethod,
  hand: Hand,
): void {
  const protection = findRules(repository, pull.baseRef);
  if (protection?.requireSignatures !== true || mayBypass(repository, protection, hand, "merge")) return;
  if (method === "rebase")
    throw notMergeable(
      "Base branch requires signed commits. Rebase merges cannot be automatically signed by GitHub",
    );
  if (method === "squash" && pull.author !== hand.account)
    throw notMergeable(wordRefusal(protection, [unsignedCommits]));
}

function requireStanding(
  standing: MergeStanding,
  repository: Repository,
  pull: PullRequest,
  hand: Hand,
): void {
  if (pull.draft) throw notMergeable("Pull Request is still a draft");
  if (standing.mergeability === "unknown") throw notMergeable(baseModified);
  if (standing.mergeability === "conflicting") throw notMergeable("Pull Request is not mergeable");
  const protection = findRules(repository, pull.baseRef);
  if (protection === undefined || mayBypass(repository, protection, hand, "merge")) return;
  const queue = protection.mergeQueue === null ? [] : [throughMergeQueue];
  const unmet = [...queue, ...standing.unmet];
  if (unmet.length > 0) throw notMergeable(wordRefusal(protection, unmet));
}

function notMergeable(message: string): GitHubError {
  return new GitHubError(405, message, { type: "UNPROCESSABLE" });
}

/** The commit that a merge makes; throws GitHub's 405 on a conflict. No ref moves. */
export async function writeMerge(
  world: World,
  repository: Repository,
  pull: PullRequest,
  base: string,
  commits: readonly GitCommit[],
  wish: MergeWish,
  by: Account,
): Promise<string> {
  if (wish.method === "rebase") return rebase(world, repository, base, commits, by);
  const merged = await mergeTrees(repository.git, base, pull.headOid);
  if (merged.kind === "conflict") throw notMergeable("Pull Request is not mergeable");
  const made = await writeCommit(repository.git, {
    tree: merged.tree,
    parents: wish.method === "merge" ? [base, pull.headOid] : [base],
    message: formatMergeMessage(repository, pull, commits, wish.method, wish),
    author: identityOf(wish.method === "squash" ? pull.author : by, world.now()),
    committer: webFlow(world.now()),
  });
  signCommit(world, repository, made);
  return made;
}

/** Each commit anew on top of the base, as GitHub does even where it could fast-forward; their signatures are lost. */
async function rebase(
  world: World,
  repository: Repository,
  base: string,
  commits: readonly GitCommit[],
  by: Account,
): Promise<string> {
  let onto = base;
  for (const commit of commits.filter(({ parents }) => parents.length === 1)) {
    const picked = await cherryPickTree(repository.git, onto, commit);
    if (picked.kind === "conflict") throw notMergeable("This branch can't be rebased");
    onto = await writeCommit(repository.git, {
      tree: picked.tree,
      parents: [onto],
      message: commit.message,
      author: commit.author,
      committer: identityOf(by, world.now()),
    });
  }
  return onto;
}
