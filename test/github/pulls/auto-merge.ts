import { GitHubError, unprocessable } from "../github-error.ts";
import { findRules } from "../repository/protection.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { announcePull } from "./announce-pull.ts";
import { openPulls } from "./follow-refs.ts";
import { mergePull } from "./merge-pull.ts";
import { advanceMergeQueues, enqueuePull, queueRule } from "./merge-queue.ts";
import { readMergeStanding } from "./mergeability.ts";
import type { MergeMethod, PullRequest } from "./pull-request.ts";

export interface AutoMergeWish {
  readonly method: MergeMethod;
  readonly title: string | null;
  readonly message: string | null;
  readonly expectedHead: string | null;
}

/** Has GitHub merge once everything required is there; throws where there is nothing to wait for. */
export async function enableAutoMerge(
  world: World,
  repository: Repository,
  pull: PullRequest,
  wish: AutoMergeWish,
  hand: Hand,
): Promise<void> {
  if (!repository.settings.allow_auto_merge) {
    throw unprocessable("Auto merge is not allowed for this repository");
  }
  if (pull.state === "closed") throw unprocessable("Pull request is closed");
  if (wish.expectedHead !== null && wish.expectedHead !== pull.headOid) {
    throw new GitHubError(409, "Head branch was modified. Review and try again.", { type: "STALE_DATA" });
  }
  const { state } = await readMergeStanding(repository, pull);
  const queued = queueRule(repository, pull.baseRef) !== null;
  if (pull.queueEntry !== null) throw unprocessable("Pull request is already in the queue");
  if (state === "draft" || (!queued && (state === "clean" || state === "unstable"))) {
    // The model's name stands before the sentence, which begins with it too.
    throw unprocessable(`Pull request Pull request is in ${state} status`);
  }
  if (findRules(repository, pull.baseRef) === undefined)
    throw unprocessable("Pull request Protected branch rules not configured for this branch");
  pull.autoMerge = {
    enabledBy: hand.account,
    enabledAt: world.now(),
    method: wish.method,
    title: wish.title,
    message: wish.message,
    triggersWorkflows: hand.triggersWorkflows,
  };
  await announcePull(world, repository, pull, hand, "auto_merge_enabled");
  // With a merge queue auto-merge means "enqueue when ready", which may be now.
  if (queued) await mergeWhatIsReady(world, repository);
}

export async function disableAutoMerge(
  world: World,
  repository: Repository,
  pull: PullRequest,
  hand: Hand,
): Promise<void> {
  if (pull.autoMerge === null) throw unprocessable("Can't disable auto-merge for this pull request.");
  await dropAutoMerge(world, repository, pull, hand, "Manually disabled");
}

/** Takes a wish to merge back and tells why; nothing where there is none. */
export async function dropAutoMerge(
  world: World,
  repository: Repository,
  pull: PullRequest,
  hand: Hand,
  reason: string,
): Promise<void> {
  if (pull.autoMerge === null) return;
  pull.autoMerge = null;
  await announcePull(world, repository, pull, hand, "auto_merge_disabled", { reason });
}

/** Merges the pull requests whose last requirement has just been met, or puts them into the merge queue. */
export async function mergeWhatIsReady(world: World, repository: Repository): Promise<void> {
  for (const pull of openPulls(repository)) {
    const wish = pull.autoMerge;
    if (wish === null) continue;
    // GitHub looks again by itself, so an "unknown" does not end the waiting.
    pull.unknownReads = 0;
    const { state } = await readMergeStanding(repository, pull);
    if (state !== "clean" && state !== "unstable") continue;
    const hand: Hand = { account: wish.enabledBy, triggersWorkflows: wish.triggersWorkflows, app: null };
    try {
      if (queueRule(repository, pull.baseRef) === null)
        await mergePull(world, repository, pull, { ...wish, expectedHead: null }, hand);
      else await enqueuePull(world, repository, pull, { expectedHead: null, place: "back" }, hand);
    } catch (error) {
      // Whoever met the last requirement is not the one to be told; GitHub takes the wish back.
      if (!(error instanceof GitHubError)) throw error;
      await dropAutoMerge(world, repository, pull, hand, error.message);
    }
  }
  await advanceMergeQueues(world, repository);
}
