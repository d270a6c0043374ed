import { canSee } from "../auth/permissions.ts";
import { readCommit, readRef } from "../git/git-repository.ts";
import { formatNodeId } from "../node-id.ts";
import { listPullCommits, listPullFiles } from "../pulls/list-pull-changes.ts";
import { queueRule } from "../pulls/merge-queue.ts";
import { type MergeStanding, readMergeStanding } from "../pulls/mergeability.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { decideReviews, latestReviews, mayApprove } from "../pulls/review-decision.ts";
import { associationOf } from "../render/issue.ts";
import { repositoryPage } from "../render/repository.ts";
import { formatTime } from "../render/time.ts";
import { isThere, type Repository } from "../world.ts";
import { connect, type PageArgs } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { viewActor } from "./view-account.ts";
import { viewRollup } from "./view-checks.ts";
import { viewCommit } from "./view-commit.ts";
import { isViewer, viewComments, viewLabel, viewReview } from "./view-conversation.ts";
import { viewMergeQueue, viewQueueEntry } from "./view-merge-queue.ts";
import { viewRef } from "./view-ref.ts";
import { viewRepository } from "./view-repository.ts";
import { type TimelineArgs, viewTimeline } from "./view-timeline.ts";

interface ReviewArgs extends PageArgs {
  readonly author?: string | null;
  readonly states?: readonly string[] | null;
}

/** A `PullRequest`. */
export function viewPull(context: GraphqlContext, repository: Repository, pull: PullRequest): object {
  const { world } = context;
  const url = `${repositoryPage(world, repository)}/pull/${pull.number}`;
  // `mergeable` and `mergeStateStatus` are of one moment.
  let standing: Promise<MergeStanding> | undefined;
  const readStanding = (): Promise<MergeStanding> => (standing ??= readMergeStanding(repository, pull));
  let files: ReturnType<typeof listPullFiles> | undefined;
  const readFiles = (): ReturnType<typeof listPullFiles> => (files ??= listPullFiles(repository, pull));
  const head = findHead(context, pull);
  return {
    __typename: "PullRequest",
    id: formatNodeId("PullRequest", repository.id, pull.number),
    databaseId: pull.id,
    fullDatabaseId: String(pull.id),
    number: pull.number,
    title: pull.title,
    body: pull.body ?? "",
    bodyText: pull.body ?? "",
    state: pull.merge !== null ? "MERGED" : pull.state.toUpperCase(),
    closed: pull.state === "closed",
    closedAt: pull.closedAt === null ? null : formatTime(pull.closedAt),
    merged: pull.merge !== null,
    mergedAt: pull.merge === null ? null : formatTime(pull.merge.at),
    mergedBy: () => (pull.merge === null ? null : viewActor(world, pull.merge.by)),
    mergeCommit: async () =>
      pull.merge === null ? null : viewCommitOf(context, repository, pull.merge.commitOid),
    mergeable: async () => (await readStanding()).mergeability.toUpperCase(),
    mergeStateStatus: async () => (await readStanding()).state.toUpperCase(),
    isDraft: pull.draft,
    isCrossRepository: pull.headRepository !== repository,
    isInMergeQueue: pull.queueEntry !== null,
    isMergeQueueEnabled: queueRule(repository, pull.baseRef) !== null,
    mergeQueueEntry: () => viewQueueEntry(context, repository, pull),
    mergeQueue: () => viewMergeQueue(context, repository, pull.baseRef),
    locked: pull.conversationLock !== null,
    activeLockReason: pull.conversationLock?.reason?.toUpperCase().replace(/[- ]/, "_") ?? null,
    maintainerCanModify: false,
    createdAt: formatTime(pull.createdAt),
    publishedAt: formatTime(pull.createdAt),
    updatedAt: formatTime(pull.updatedAt),
    url,
    permalink: url,
    resourcePath: url.slice(world.baseUrl.length),
    author: () => viewActor(world, pull.author),
    authorAssociation: associationOf(repository, pull.author),
    viewerDidAuthor: isViewer(context, pull.author),
    headRefName: pull.headRef,
    headRefOid: pull.headOid,
    headRef: () => (head === null ? null : viewBranch(context, head, pull.headRef)),
    baseRefName: pull.baseRef,
    baseRefOid: pull.baseOid,
    baseRef: () => viewBranch(context, repository, pull.baseRef),
    repository: () => viewRepository(context, repository),
    headRepository: () => (head === null ? null : viewRepository(context, head)),
    baseRepository: () => viewRepository(context, repository),
    headRepositoryOwner: () => (head === null ? null : viewActor(world, head.owner)),
    additions: async () => (await readFiles()).reduce((sum, file) => sum + file.additions, 0),
    deletions: async () => (await readFiles()).reduce((sum, file) => sum + file.deletions, 0),
    changedFiles: async () => (await readFiles()).length,
    files: async (args: PageArgs) =>
      connect("files", args, await readFiles(), (file) => ({
        path: file.path,
        additions: file.additions,
        deletions: file.deletions,
        changeType: file.status === "removed" ? "DELETED" : file.status.toUpperCase(),
        viewerViewedState: "UNVIEWED",
      })),
    commits: async (args: PageArgs) => {
      const commits = await listPullCommits(repository, pull);
      return connect("commits", args, commits, (commit) => ({
        __typename: "PullRequestCommit",
        id: formatNodeId("Commit", repository.id, `${pull.number}-${commit.oid}`),
        commit: () => viewCommit(context, repository, commit),
        pullRequest: () => viewPull(context, repository, pull),
        url: `${url}/commits/${commit.oid}`,
        resourcePath: `${url.slice(world.baseUrl.length)}/commits/${commit.oid}`,
      }));
    },
    labels: (args: PageArgs) =>
      connect("labels", args, [...pull.labels.values()], (label) => viewLabel(context, repository, label)),
    comments: (args: PageArgs) => viewComments(context, repository, pull, args),
    totalCommentsCount: pull.comments.length,
    reviews: (args: ReviewArgs) => {
      const reviews = pull.reviews.filter(
        (review) =>
          (args.author == null || review.author.login === args.author) &&
          (args.states == null || args.states.includes(review.state)),
      );
      return connect("reviews", args, reviews, (review) => viewReview(context, repository, pull, review));
    },
    latestReviews: (args: PageArgs) =>
      connect("latestReviews", args, latestReviews(pull), (review) =>
        viewReview(context, repository, pull, review),
      ),
    latestOpinionatedReviews: (args: PageArgs & { writersOnly?: boolean | null }) =>
      connect(
        "latestOpinionatedReviews",
        args,
        latestReviews(pull).filter(
          (review) => args.writersOnly !== true || mayApprove(repository, review.author),
        ),
        (review) => viewReview(context, repository, pull, review),
      ),
    reviewDecision: async () => (await decideReviews(repository, pull)).decision,
    statusCheckRollup: () => viewRollup(context, repository, pull.headOid),
    autoMergeRequest: () => viewAutoMerge(context, repository, pull),
    timelineItems: (args: TimelineArgs) => viewTimeline(context, repository, pull, args),
  };
}

/** Where the head branch is; null where that is gone, or nobody's whom the caller may know of. */
function findHead({ world, caller }: GraphqlContext, { headRepository }: PullRequest): Repository | null {
  return isThere(world, headRepository) && canSee(caller, headRepository) ? headRepository : null;
}

function viewAutoMerge(context: GraphqlContext, repository: Repository, pull: PullRequest): object | null {
  const { autoMerge } = pull;
  if (autoMerge === null) return null;
  return {
    __typename: "AutoMergeRequest",
    enabledAt: formatTime(autoMerge.enabledAt),
    enabledBy: () => viewActor(context.world, autoMerge.enabledBy),
    mergeMethod: autoMerge.method.toUpperCase(),
    commitHeadline: autoMerge.title,
    commitBody: autoMerge.message,
    authorEmail: null,
    pullRequest: () => viewPull(context, repository, pull),
  };
}

async function viewCommitOf(
  context: GraphqlContext,
  repository: Repository,
  oid: string,
): Promise<object | null> {
  const commit = await readCommit(repository.git, oid);
  return commit === null ? null : viewCommit(context, repository, commit);
}

async function viewBranch(
  context: GraphqlContext,
  repository: Repository,
  branch: string,
): Promise<object | null> {
  const ref = `refs/heads/${branch}`;
  const oid = await readRef(repository.git, ref);
  return oid === null ? null : viewRef(context, repository, ref, oid);
}
