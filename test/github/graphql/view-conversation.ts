import { actorOf } from "../auth/caller.ts";
import { readCommit } from "../git/git-repository.ts";
import { formatNodeId } from "../node-id.ts";
import type { PullRequest, Review } from "../pulls/pull-request.ts";
import { mayApprove } from "../pulls/review-decision.ts";
import { associationOf } from "../render/issue.ts";
import { repositoryPage } from "../render/repository.ts";
import { formatTime } from "../render/time.ts";
import type { Issue, IssueComment, Label } from "../repository/issue.ts";
import type { Account, Repository } from "../world.ts";
import { connect, type PageArgs } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { viewActor } from "./view-account.ts";
import { viewCommit } from "./view-commit.ts";
import { viewPull } from "./view-pull.ts";
import { type ReactionArgs, viewReactionGroups, viewReactions } from "./view-reactions.ts";
import { viewRepository } from "./view-repository.ts";

export function viewLabel(context: GraphqlContext, repository: Repository, label: Label): object {
  const url = `${repositoryPage(context.world, repository)}/labels/${encodeURIComponent(label.name)}`;
  return {
    __typename: "Label",
    id: formatNodeId("Label", repository.id, label.id),
    name: label.name,
    color: label.color,
    description: label.description,
    isDefault: false,
    url,
    resourcePath: url.slice(context.world.baseUrl.length),
    repository: () => viewRepository(context, repository),
  };
}

interface CommentArgs extends PageArgs {
  readonly orderBy?: { readonly direction: string } | null;
}

/** The `comments` of an issue or a pull request, oldest first unless asked for by their last update. */
export function viewComments(
  context: GraphqlContext,
  repository: Repository,
  issue: Issue | PullRequest,
  args: CommentArgs,
) {
  const comments = [...issue.comments];
  if (args.orderBy != null)
    comments.sort((one, other) => one.updatedAt.getTime() - other.updatedAt.getTime());
  if (args.orderBy?.direction === "DESC") comments.reverse();
  return connect("comments", args, comments, (comment) => viewComment(context, repository, issue, comment));
}

export function viewComment(
  context: GraphqlContext,
  repository: Repository,
  issue: Issue | PullRequest,
  comment: IssueComment,
): object {
  const page = `${repositoryPage(context.world, repository)}/${issue.kind === "issue" ? "issues" : "pull"}`;
  return {
    __typename: "IssueComment",
    id: formatNodeId("IssueComment", repository.id, comment.id),
    databaseId: comment.id,
    fullDatabaseId: String(comment.id),
    body: comment.body,
    bodyText: comment.body,
    author: () => viewActor(context.world, comment.author),
    viewerDidAuthor: isViewer(context, comment.author),
    authorAssociation: associationOf(repository, comment.author),
    createdAt: formatTime(comment.createdAt),
    updatedAt: formatTime(comment.updatedAt),
    publishedAt: formatTime(comment.createdAt),
    lastEditedAt: comment.lastEdit === null ? null : formatTime(comment.lastEdit.at),
    editor: () => (comment.lastEdit === null ? null : viewActor(context.world, comment.lastEdit.by)),
    includesCreatedEdit: comment.lastEdit !== null,
    isMinimized: comment.minimized !== null,
    minimizedReason: comment.minimized?.toLowerCase() ?? null,
    createdViaEmail: false,
    // Of a comment on a pull request, too, GitHub names an issue: the pull request seen as one.
    issue: () => viewIssue(context, repository, issue),
    pullRequest: () => (issue.kind === "issue" ? null : viewPull(context, repository, issue)),
    reactions: (args: ReactionArgs) => viewReactions(context, comment.reactions, args),
    reactionGroups: () => viewReactionGroups(context, comment.reactions),
    url: `${page}/${issue.number}#issuecomment-${comment.id}`,
    repository: () => viewRepository(context, repository),
  };
}

export function viewReview(
  context: GraphqlContext,
  repository: Repository,
  pull: PullRequest,
  review: Review,
): object {
  const url = `${repositoryPage(context.world, repository)}/pull/${pull.number}#pullrequestreview-${review.id}`;
  return {
    __typename: "PullRequestReview",
    id: formatNodeId("PullRequestReview", repository.id, review.id),
    databaseId: review.id,
    fullDatabaseId: String(review.id),
    state: review.state,
    body: review.body,
    bodyText: review.body,
    author: () => viewActor(context.world, review.author),
    authorAssociation: associationOf(repository, review.author),
    authorCanPushToRepository: mayApprove(repository, review.author),
    viewerDidAuthor: isViewer(context, review.author),
    commit: async () => {
      const commit = await readCommit(repository.git, review.commitOid);
      return commit === null ? null : viewCommit(context, repository, commit);
    },
    createdAt: formatTime(review.submittedAt),
    submittedAt: formatTime(review.submittedAt),
    updatedAt: formatTime(review.submittedAt),
    url,
    resourcePath: url.slice(context.world.baseUrl.length),
    pullRequest: () => viewPull(context, repository, pull),
    repository: () => viewRepository(context, repository),
  };
}

export function viewIssue(
  context: GraphqlContext,
  repository: Repository,
  issue: Issue | PullRequest,
): object {
  const url = `${repositoryPage(context.world, repository)}/issues/${issue.number}`;
  return {
    __typename: "Issue",
    id: formatNodeId("Issue", repository.id, issue.number),
    databaseId: issue.id,
    fullDatabaseId: String(issue.id),
    number: issue.number,
    title: issue.title,
    body: issue.body ?? "",
    bodyText: issue.body ?? "",
    state: issue.state.toUpperCase(),
    closed: issue.state === "closed",
    stateReason: issue.kind === "issue" ? (issue.stateReason?.toUpperCase() ?? null) : null,
    isPinned: repository.pinnedIssues.some(({ number }) => number === issue.number),
    locked: issue.conversationLock !== null,
    activeLockReason: issue.conversationLock?.reason?.toUpperCase().replace(/[- ]/, "_") ?? null,
    viewerDidAuthor: isViewer(context, issue.author),
    reactions: (args: ReactionArgs) => viewReactions(context, issue.reactions, args),
    reactionGroups: () => viewReactionGroups(context, issue.reactions),
    closedAt: issue.closedAt === null ? null : formatTime(issue.closedAt),
    createdAt: formatTime(issue.createdAt),
    updatedAt: formatTime(issue.updatedAt),
    url,
    resourcePath: url.slice(context.world.baseUrl.length),
    author: () => viewActor(context.world, issue.author),
    authorAssociation: associationOf(repository, issue.author),
    repository: () => viewRepository(context, repository),
    labels: (args: PageArgs) =>
      connect("labels", args, [...issue.labels.values()], (label) => viewLabel(context, repository, label)),
    comments: (args: CommentArgs) => viewComments(context, repository, issue, args),
  };
}

/** Whether the caller acts in this account's name, an App's bot included. */
export function isViewer(context: GraphqlContext, account: Account): boolean {
  return actorOf(context.world, context.caller) === account;
}
