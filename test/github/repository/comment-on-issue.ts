import { validationFailed } from "../github-error.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { renderIssue, renderIssueComment } from "../render/issue.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import type { Issue, IssueComment } from "./issue.ts";
import { requireMayComment } from "./lock-issue.ts";

export function addComment(
  world: World,
  repository: Repository,
  issue: Issue | PullRequest,
  body: string,
  hand: Hand,
): IssueComment {
  requireMayComment(repository, issue, hand);
  requireCommentLength(body);
  const comment: IssueComment = {
    id: world.nextId(),
    author: hand.account,
    appId: hand.app?.id ?? null,
    createdAt: world.now(),
    reactions: [],
    body,
    updatedAt: world.now(),
    lastEdit: null,
    minimized: null,
  };
  issue.comments.push(comment);
  issue.updatedAt = world.now();
  announceComment(world, repository, issue, comment, "created", hand);
  return comment;
}

export function editComment(
  world: World,
  repository: Repository,
  issue: Issue | PullRequest,
  comment: IssueComment,
  body: string,
  hand: Hand,
): void {
  requireCommentLength(body);
  const changes = { body: { from: comment.body } };
  comment.body = body;
  comment.updatedAt = world.now();
  comment.lastEdit = { at: world.now(), by: hand.account };
  announceComment(world, repository, issue, comment, "edited", hand, { changes });
}

/** The comment of this id, and what it stands under. */
export function findComment(
  repository: Repository,
  id: number,
): { readonly issue: Issue | PullRequest; readonly comment: IssueComment } | null {
  for (const issue of repository.issues.values()) {
    const comment = issue.comments.find((one) => one.id === id);
    if (comment !== undefined) return { issue, comment };
  }
  return null;
}

export function deleteComment(
  world: World,
  repository: Repository,
  issue: Issue | PullRequest,
  comment: IssueComment,
  hand: Hand,
): void {
  issue.comments.splice(issue.comments.indexOf(comment), 1);
  announceComment(world, repository, issue, comment, "deleted", hand);
}

function announceComment(
  world: World,
  repository: Repository,
  issue: Issue | PullRequest,
  comment: IssueComment,
  action: string,
  hand: Hand,
  more: Readonly<Record<string, unknown>> = {},
): void {
  announce(world, repository, hand, "issue_comment", action, {
    issue: renderIssue(world, repository, issue),
    comment: renderIssueComment(world, repository, issue, comment),
    ...more,
  });
}

const longestBody = 65_536;

function requireCommentLength(body: string): void {
  if (body.length <= longestBody) return;
  const message = `Body is too long (maximum is ${longestBody} characters)`;
  throw validationFailed({ resource: "IssueComment", field: "data", code: "unprocessable", message });
}
