import { type Caller, handOf } from "../auth/caller.ts";
import { mayDo } from "../auth/permissions.ts";
import { GitHubError, notFound } from "../github-error.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { renderIssueComment } from "../render/issue.ts";
import { addComment, deleteComment, editComment } from "../repository/comment-on-issue.ts";
import type { Issue, IssueComment } from "../repository/issue.ts";
import type { Repository } from "../world.ts";
import { requireIssue } from "./issues.ts";
import { list, type RestHandlers } from "./operation.ts";

export const commentOperations = {
  "issues/list-comments": ({ world, repository, path, query }) => {
    const issue = requireIssue(repository, path.issue_number);
    const since = query.since === undefined ? 0 : new Date(query.since).getTime();
    const comments = issue.comments.filter((comment) => comment.updatedAt.getTime() >= since);
    return list(comments, (comment) => renderIssueComment(world, repository, issue, comment));
  },

  "issues/get-comment": ({ world, repository, path }) => {
    const { issue, comment } = requireComment(repository, Number(path.comment_id));
    return { status: 200, body: renderIssueComment(world, repository, issue, comment) };
  },

  "issues/create-comment": ({ world, repository, path, body, caller }) => {
    const issue = requireIssue(repository, path.issue_number);
    const comment = addComment(world, repository, issue, body.body, handOf(world, caller));
    return { status: 201, body: renderIssueComment(world, repository, issue, comment) };
  },

  "issues/update-comment": ({ world, repository, path, body, caller }) => {
    const { issue, comment } = requireComment(repository, Number(path.comment_id));
    requireOwnOrTriage(caller, repository, comment);
    editComment(world, repository, issue, comment, body.body, handOf(world, caller));
    return { status: 200, body: renderIssueComment(world, repository, issue, comment) };
  },

  "issues/delete-comment": ({ world, repository, path, caller }) => {
    const { issue, comment } = requireComment(repository, Number(path.comment_id));
    requireOwnOrTriage(caller, repository, comment);
    deleteComment(world, repository, issue, comment, handOf(world, caller));
    return { status: 204 };
  },
} satisfies RestHandlers;

function requireComment(
  repository: Repository,
  id: number,
): { readonly issue: Issue | PullRequest; readonly comment: IssueComment } {
  for (const issue of repository.issues.values()) {
    const comment = issue.comments.find((one) => one.id === id);
    if (comment !== undefined) return { issue, comment };
  }
  throw notFound();
}

/** Other people's comments are for those who may write in the repository. */
function requireOwnOrTriage(caller: Caller, repository: Repository, comment: IssueComment): void {
  if (caller.kind !== "user" || caller.account === comment.author) return;
  if (mayDo(caller, repository, { anyOf: [["issues", "write"]], role: "write" })) return;
  throw new GitHubError(403, "Must have admin rights to Repository.");
}
