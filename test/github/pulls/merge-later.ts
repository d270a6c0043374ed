import { randomUUID } from "node:crypto";
import { GitHubError } from "../github-error.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { type MergeWish, mergePull } from "./merge-pull.ts";
import { enqueuePull, queueRule } from "./merge-queue.ts";
import type { MergeMethod, PullRequest } from "./pull-request.ts";

/** A merge that was asked for and is carried out in the background. */
export interface AsyncMerge {
  readonly uuid: string;
  readonly pull: PullRequest;
  readonly method: MergeMethod;
  readonly action: MergeAction;
  readonly expectedHead: string;
  outcome:
    | { readonly kind: "pending" }
    | { readonly kind: "enqueued" }
    | { readonly kind: "merged"; readonly sha: string }
    | AsyncMergeFailure;
}

/** `default` is the queue where there is one. */
export type MergeAction = "default" | "direct_merge" | "merge_queue";

interface AsyncMergeFailure {
  readonly kind: "failed";
  readonly message: string;
}

/** Has a pull request merged once the caller's own lock is free, and never throws. */
export function mergeLater(
  world: World,
  repository: Repository,
  pull: PullRequest,
  wish: MergeWish & { readonly action: MergeAction },
  hand: Hand,
): AsyncMerge {
  const expectedHead = wish.expectedHead ?? pull.headOid;
  const merge: AsyncMerge = {
    uuid: randomUUID(),
    pull,
    method: wish.method,
    action: wish.action,
    expectedHead,
    outcome: { kind: "pending" },
  };
  repository.asyncMerges.push(merge);
  void repository.lock.run(async () => {
    // GitHub's background job finds out whether it can be merged before it tries.
    pull.unknownReads = 0;
    const queues =
      wish.action === "merge_queue" ||
      (wish.action === "default" && queueRule(repository, pull.baseRef) !== null);
    merge.outcome = await attempt(async () => {
      if (!queues)
        return {
          kind: "merged",
          sha: await mergePull(world, repository, pull, { ...wish, expectedHead }, hand),
        };
      await enqueuePull(world, repository, pull, { expectedHead, place: "back" }, hand);
      return { kind: "enqueued" };
    });
  });
  return merge;
}

async function attempt(merge: () => Promise<AsyncMerge["outcome"]>): Promise<AsyncMerge["outcome"]> {
  try {
    return await merge();
  } catch (error) {
    const message = error instanceof GitHubError ? error.message : `GitHub stand-in: ${String(error)}`;
    return { kind: "failed", message };
  }
}
