import { formatNodeId } from "../node-id.ts";
import { queueRule, readEntryState } from "../pulls/merge-queue.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { repositoryPage } from "../render/repository.ts";
import { formatTime } from "../render/time.ts";
import type { Repository } from "../world.ts";
import { connect, type PageArgs } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { viewActor } from "./view-account.ts";
import { viewCommitByOid } from "./view-checks.ts";
import { viewPull } from "./view-pull.ts";
import { viewRepository } from "./view-repository.ts";

/** The `MergeQueue` of a branch; null: it has none. */
export function viewMergeQueue(
  context: GraphqlContext,
  repository: Repository,
  branch: string,
): object | null {
  const rule = queueRule(repository, branch);
  if (rule === null) return null;
  const url = `${repositoryPage(context.world, repository)}/queue/${branch}`;
  return {
    __typename: "MergeQueue",
    id: formatNodeId("MergeQueue", repository.id, branch),
    url,
    resourcePath: url.slice(context.world.baseUrl.length),
    repository: () => viewRepository(context, repository),
    nextEntryEstimatedTimeToMerge: null,
    configuration: {
      checkResponseTimeout: 60,
      maximumEntriesToBuild: rule.maxEntriesToBuild ?? 5,
      maximumEntriesToMerge: 5,
      mergeMethod: rule.mergeMethod.toUpperCase(),
      mergingStrategy: "ALLGREEN",
      minimumEntriesToMerge: 1,
      minimumEntriesToMergeWaitTime: 5,
    },
    entries: (args: PageArgs) =>
      connect("entries", args, repository.mergeQueues.get(branch) ?? [], (pull) =>
        viewQueueEntry(context, repository, pull),
      ),
  };
}

/** A pull request's `MergeQueueEntry`; null: it is in no queue. */
export function viewQueueEntry(
  context: GraphqlContext,
  repository: Repository,
  pull: PullRequest,
): object | null {
  const entry = pull.queueEntry;
  if (entry === null) return null;
  const { group } = entry;
  return {
    __typename: "MergeQueueEntry",
    id: formatNodeId("MergeQueueEntry", repository.id, entry.id),
    enqueuedAt: formatTime(entry.enqueuedAt),
    enqueuer: () => viewActor(context.world, entry.enqueuer),
    estimatedTimeToMerge: null,
    jump: entry.jump,
    solo: false,
    position: (repository.mergeQueues.get(pull.baseRef) ?? []).indexOf(pull) + 1,
    state: readEntryState(repository, pull),
    baseCommit: () => (group === null ? null : viewCommitByOid(context, repository, group.baseOid)),
    headCommit: () => (group === null ? null : viewCommitByOid(context, repository, group.headOid)),
    mergeQueue: () => viewMergeQueue(context, repository, pull.baseRef),
    pullRequest: () => viewPull(context, repository, pull),
  };
}
