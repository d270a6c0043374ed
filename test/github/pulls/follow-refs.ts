import { copyCommit } from "../git/copy-commit.ts";
import { readRef } from "../git/git-repository.ts";
import { isAncestor, listCommits } from "../git/history.ts";
import { type RefUpdate, updateRefs } from "../git/refs.ts";
import { findRules } from "../repository/protection.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { announcePull } from "./announce-pull.ts";
import { dropAutoMerge, mergeWhatIsReady } from "./auto-merge.ts";
import { listPullPatches } from "./list-pull-changes.ts";
import { dequeuePull } from "./merge-queue.ts";
import type { PullRequest } from "./pull-request.ts";
import { mayApprove } from "./review-decision.ts";
import { dismissReview } from "./submit-review.ts";

/** What moved branches do to pull requests: heads follow, deleted ones close, reachable ones are merged. */
export async function followRefs(
  world: World,
  repository: Repository,
  moved: readonly RefUpdate[],
  hand: Hand,
): Promise<void> {
  for (const update of moved) {
    const branch = /^refs\/heads\/(.+)$/.exec(update.ref)?.[1];
    if (branch === undefined) continue;
    await followHeads(world, repository, repository, update, hand);
    if (repository.parent !== null) {
      const { parent } = repository;
      await parent.lock.run(async () => {
        await followHeads(world, parent, repository, update, hand);
        await mergeWhatIsReady(world, parent);
      });
    }
    for (const pull of openPulls(repository)) {
      if (pull.baseRef === branch) await followBase(world, repository, pull, update, hand);
    }
  }
  await mergeWhatIsReady(world, repository);
}

export function openPulls(repository: Repository): PullRequest[] {
  return [...repository.issues.values()]
    .filter((issue) => issue.kind === "pull-request")
    .filter((pull) => pull.state === "open");
}

/** The pull requests to `repository` from a branch of `headRepository` that has moved. */
async function followHeads(
  world: World,
  repository: Repository,
  headRepository: Repository,
  update: RefUpdate,
  hand: Hand,
): Promise<void> {
  const branch = update.ref.slice("refs/heads/".length);
  for (const pull of openPulls(repository)) {
    if (pull.headRepository !== headRepository || pull.headRef !== branch) continue;
    if (update.after !== null) await copyCommit(headRepository.git, repository.git, update.after);
    await followHead(world, repository, pull, update, hand);
  }
}

async function followHead(
  world: World,
  repository: Repository,
  pull: PullRequest,
  update: RefUpdate,
  hand: Hand,
): Promise<void> {
  if (update.after === null) {
    await closePull(world, repository, pull, hand);
    return;
  }
  if (update.after === pull.headOid) return;
  const before = pull.headOid;
  const changes = await readChanges(repository, pull);
  pull.headOid = update.after;
  pull.updatedAt = world.now();
  pull.unknownReads = world.unknownMergeabilityReads;
  await pointPullRef(repository, pull);
  const base = await readRef(repository.git, `refs/heads/${pull.baseRef}`);
  if (base !== null) pull.baseOid = base;
  if (base !== null && (await isAncestor(repository.git, update.after, base))) {
    await closePull(world, repository, pull, hand);
    return;
  }
  await announcePull(world, repository, pull, hand, "synchronize", { before, after: update.after });
  await dequeuePull(world, repository, pull, "UNKNOWN_REMOVAL_REASON", hand);
  if (!mayApprove(repository, hand.account))
    await dropAutoMerge(
      world,
      repository,
      pull,
      hand,
      "Head branch was pushed to by a user without write access",
    );
  if (changes === (await readChanges(repository, pull))) return;
  pull.lastPush = { by: hand.account, oid: update.after };
  if (findRules(repository, pull.baseRef)?.dismissStaleReviews !== true) return;
  for (const review of pull.reviews)
    if (review.state === "APPROVED") dismissReview(world, repository, pull, review, hand);
}

/** What a pull request changes, as text: a merge of the base into the head leaves it as it is. */
async function readChanges(repository: Repository, pull: PullRequest): Promise<string> {
  return JSON.stringify(await listPullPatches(repository, pull));
}

async function followBase(
  world: World,
  repository: Repository,
  pull: PullRequest,
  update: RefUpdate,
  hand: Hand,
): Promise<void> {
  if (update.after === null) {
    await closePull(world, repository, pull, hand);
    return;
  }
  pull.unknownReads = world.unknownMergeabilityReads;
  if (!(await isAncestor(repository.git, pull.headOid, update.after))) return;
  const without = update.before === null ? [] : [update.before];
  const arrived = await listCommits(repository.git, { from: update.after, without, order: "oldest-first" });
  pull.merge = {
    by: hand.account,
    at: world.now(),
    commitOid: await findMergeCommit(
      repository,
      pull,
      arrived.map((commit) => commit.oid),
      update.after,
    ),
    broughtOids: new Set(
      (await listCommits(repository.git, { from: pull.headOid, without })).map((commit) => commit.oid),
    ),
  };
  pull.state = "closed";
  pull.closedAt = pull.updatedAt = world.now();
  pull.closedBy = hand.account;
  pull.autoMerge = null;
  await dequeuePull(world, repository, pull, "ALREADY_MERGED", hand);
  await announcePull(world, repository, pull, hand, "closed");
}

/** The first of the arrived commits that holds the head. */
async function findMergeCommit(
  repository: Repository,
  pull: PullRequest,
  arrived: readonly string[],
  tip: string,
): Promise<string> {
  for (const oid of arrived) {
    if (await isAncestor(repository.git, pull.headOid, oid)) return oid;
  }
  return tip;
}

export async function closePull(
  world: World,
  repository: Repository,
  pull: PullRequest,
  hand: Hand,
): Promise<void> {
  pull.state = "closed";
  pull.closedAt = pull.updatedAt = world.now();
  pull.closedBy = hand.account;
  pull.autoMerge = null;
  await dequeuePull(world, repository, pull, "MANUAL", hand);
  await announcePull(world, repository, pull, hand, "closed");
}

/** Keeps `refs/pull/<n>/head`, which GitHub lets anyone fetch, at the pull request's head. */
export async function pointPullRef(repository: Repository, pull: PullRequest): Promise<void> {
  const ref = `refs/pull/${pull.number}/head`;
  const before = await readRef(repository.git, ref);
  await updateRefs(repository.git, [{ ref, before, after: pull.headOid }]);
}
