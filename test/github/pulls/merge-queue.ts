import { readRef } from "../git/git-repository.ts";
import { listCommits } from "../git/history.ts";
import { mergeTrees } from "../git/merge.ts";
import { GitHubError, unprocessable } from "../github-error.ts";
import { moveRefs } from "../repository/move-refs.ts";
import { findRules, type Protection } from "../repository/protection.ts";
import { type CheckStanding, readCheckStanding } from "../repository/required-checks.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { announcePull } from "./announce-pull.ts";
import { announceMergeGroup, queueHand } from "./merge-group.ts";
import { deleteHead, writeMerge } from "./merge-pull.ts";
import { listUnmetRequirements } from "./mergeability.ts";
import type { MergeGroup, PullRequest, QueueEntry } from "./pull-request.ts";

/** Why a pull request left the queue, as its `dequeued` event says it. */
export type DequeueReason =
  | "ALREADY_MERGED"
  | "CI_FAILURE"
  | "MANUAL"
  | "MERGE"
  | "MERGE_CONFLICT"
  | "QUEUE_CLEARED"
  | "UNKNOWN_REMOVAL_REASON";

export interface EnqueueWish {
  /** The head that is meant; null: whatever it is. */
  readonly expectedHead: string | null;
  readonly place: "back" | "front";
}

/** Puts a pull request into the merge queue of its base branch; throws in GitHub's words. Runs inside the lock. */
export async function enqueuePull(
  world: World,
  repository: Repository,
  pull: PullRequest,
  wish: EnqueueWish,
  hand: Hand,
): Promise<QueueEntry> {
  await requireQueueable(repository, pull, wish.expectedHead);
  const entry: QueueEntry = {
    id: world.nextId(),
    enqueuedAt: world.now(),
    enqueuer: hand.account,
    jump: wish.place === "front",
    group: null,
  };
  const queue = repository.mergeQueues.get(pull.baseRef) ?? [];
  repository.mergeQueues.set(pull.baseRef, queue);
  if (wish.place === "front") queue.unshift(pull);
  else queue.push(pull);
  pull.queueEntry = entry;
  // What waited to be queued has been; GitHub can no longer be asked to forget it.
  pull.autoMerge = null;
  await announcePull(world, repository, pull, hand, "enqueued");
  await advanceMergeQueues(world, repository);
  return entry;
}

async function requireQueueable(
  repository: Repository,
  pull: PullRequest,
  expectedHead: string | null,
): Promise<void> {
  if (queueRule(repository, pull.baseRef) === null)
    throw unprocessable("Pull request Merge queue is not enabled for this branch");
  if (pull.queueEntry !== null) throw unprocessable("Pull request is already in the queue");
  if (pull.state === "closed") throw unprocessable("Pull request is closed");
  if (pull.draft) throw unprocessable("Pull request is a draft");
  if (expectedHead !== null && expectedHead !== pull.headOid) {
    throw new GitHubError(409, "Head branch was modified. Review and try again.", { type: "STALE_DATA" });
  }
  const base = await readRef(repository.git, `refs/heads/${pull.baseRef}`);
  if (base === null || (await mergeTrees(repository.git, base, pull.headOid)).kind === "conflict")
    throw unprocessable("Pull request has merge conflicts");
  const unmet = await listUnmetRequirements(repository, pull, base);
  if (unmet.length > 0) throw unprocessable(`Pull request ${unmet.join(" ")}`);
}

/** Takes a pull request out of its queue; nothing for one that is in none. Runs inside the lock. */
export async function dequeuePull(
  world: World,
  repository: Repository,
  pull: PullRequest,
  reason: DequeueReason,
  hand: Hand,
): Promise<void> {
  const entry = pull.queueEntry;
  if (entry === null) return;
  for (const queue of repository.mergeQueues.values()) {
    const place = queue.indexOf(pull);
    if (place !== -1) queue.splice(place, 1);
  }
  pull.queueEntry = null;
  await announcePull(world, repository, pull, hand, "dequeued", { reason });
  if (entry.group === null) return;
  await destroyGroup(world, repository, entry.group, reason === "MERGE" ? "merged" : "dequeued");
}

/** Where an entry stands, as GraphQL's `MergeQueueEntryState` words it. */
export function readEntryState(
  repository: Repository,
  pull: PullRequest,
): "AWAITING_CHECKS" | "MERGEABLE" | "QUEUED" | "UNMERGEABLE" {
  const group = pull.queueEntry?.group ?? null;
  if (group === null) return "QUEUED";
  const standings = readGroupStandings(repository, pull, group);
  if (standings.includes("failing")) return "UNMERGEABLE";
  return standings.every((standing) => standing === "passed") ? "MERGEABLE" : "AWAITING_CHECKS";
}

const advancing = new WeakSet<Repository>();

/** Builds, merges and drops what has become ready or has failed. Runs inside the lock. */
export async function advanceMergeQueues(world: World, repository: Repository): Promise<void> {
  // What an advance itself moves comes by here again; it is looked at in the next round.
  if (advancing.has(repository)) return;
  advancing.add(repository);
  try {
    for (const branch of [...repository.mergeQueues.keys()]) {
      while (await advanceOnce(world, repository, branch));
    }
  } finally {
    advancing.delete(repository);
  }
}

/** True: something happened, and there may be more. */
async function advanceOnce(world: World, repository: Repository, branch: string): Promise<boolean> {
  const queue = repository.mergeQueues.get(branch) ?? [];
  const [first] = queue;
  if (first === undefined) return false;
  const rule = queueRule(repository, branch);
  const base = await readRef(repository.git, `refs/heads/${branch}`);
  if (rule === null || base === null) {
    await dequeuePull(world, repository, first, "QUEUE_CLEARED", queueHand(world));
    return true;
  }
  let parent = base;
  for (const pull of queue.slice(0, rule.maxEntriesToBuild ?? 5)) {
    const group = pull.queueEntry?.group ?? null;
    if (group === null || group.baseOid !== parent) {
      await rebuild(world, repository, pull, rule, parent);
      return true;
    }
    parent = group.headOid;
  }
  const group = first.queueEntry?.group ?? null;
  if (group === null) return false;
  const standings = readGroupStandings(repository, first, group);
  if (standings.includes("failing")) {
    await dequeuePull(world, repository, first, "CI_FAILURE", queueHand(world));
    return true;
  }
  if (!standings.every((standing) => standing === "passed")) return false;
  await mergeGroup(world, repository, first, group);
  return true;
}

/** Gives an entry a branch with its merge on top of `parent`, or drops it where that conflicts. */
async function rebuild(
  world: World,
  repository: Repository,
  pull: PullRequest,
  rule: NonNullable<Protection["mergeQueue"]>,
  parent: string,
): Promise<void> {
  const entry = pull.queueEntry;
  if (entry === null) return;
  const hand = queueHand(world);
  const stale = entry.group;
  entry.group = null;
  if (stale !== null) await destroyGroup(world, repository, stale, "invalidated");
  const commits = await listCommits(repository.git, {
    from: pull.headOid,
    without: [parent],
    order: "oldest-first",
  });
  const wish = { method: rule.mergeMethod, title: null, message: null, expectedHead: null };
  try {
    const headOid = await writeMerge(world, repository, pull, parent, commits, wish, entry.enqueuer);
    const ref = `refs/heads/gh-readonly-queue/${pull.baseRef}/pr-${pull.number}-${parent}`;
    entry.group = { ref, baseRef: `refs/heads/${pull.baseRef}`, baseOid: parent, headOid };
    await moveRefs(world, repository, [{ ref, before: null, after: headOid }], hand);
    await announceMergeGroup(world, repository, entry.group, "checks_requested");
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error;
    await dequeuePull(world, repository, pull, "MERGE_CONFLICT", hand);
  }
}

async function mergeGroup(
  world: World,
  repository: Repository,
  pull: PullRequest,
  group: MergeGroup,
): Promise<void> {
  const hand = queueHand(world);
  const brought = await listCommits(repository.git, { from: group.headOid, without: [group.baseOid] });
  const own = await listCommits(repository.git, { from: pull.headOid, without: [group.baseOid] });
  pull.merge = {
    by: hand.account,
    at: world.now(),
    commitOid: group.headOid,
    broughtOids: new Set([...brought, ...own].map((commit) => commit.oid)),
  };
  pull.state = "closed";
  pull.closedAt = pull.updatedAt = world.now();
  pull.closedBy = hand.account;
  const update = { ref: group.baseRef, before: group.baseOid, after: group.headOid };
  await moveRefs(world, repository, [update], hand);
  await announcePull(world, repository, pull, hand, "closed");
  await dequeuePull(world, repository, pull, "MERGE", hand);
  if (repository.settings.delete_branch_on_merge) await deleteHead(world, repository, pull, hand);
}

async function destroyGroup(
  world: World,
  repository: Repository,
  group: MergeGroup,
  reason: "dequeued" | "invalidated" | "merged",
): Promise<void> {
  const update = { ref: group.ref, before: group.headOid, after: null };
  await moveRefs(world, repository, [update], queueHand(world));
  await announceMergeGroup(world, repository, group, "destroyed", { reason });
}

function readGroupStandings(repository: Repository, pull: PullRequest, group: MergeGroup): CheckStanding[] {
  const checks = findRules(repository, pull.baseRef)?.requiredChecks ?? [];
  return checks.map((check) => readCheckStanding(repository, group.headOid, check));
}

/** The rule of a branch's merge queue; null: it has none. */
export function queueRule(repository: Repository, branch: string): Protection["mergeQueue"] {
  return findRules(repository, branch)?.mergeQueue ?? null;
}
