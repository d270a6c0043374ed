import { type Caller, handOf } from "../auth/caller.ts";
import { mayDo, requireAccess } from "../auth/permissions.ts";
import { GitHubError, notFound } from "../github-error.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { renderIssueComment } from "../render/issue.ts";
import { addComment, deleteComment, editComment, findComment } from "../repository/comment-on-issue.ts";
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

  "issues/list-comments-for-repo": ({ world, repository, query, asked }) => {
    const since = query.since === undefined ? 0 : new Date(query.since).getTime();
    const sortsByUpdate = query.sort === "updated";
    const found = [...repository.issues.values()].flatMap((issue) =>
      issue.comments.map((comment) => ({ issue, comment })),
    );
    const time = ({ comment }: (typeof found)[number]): number =>
      (sortsByUpdate ? comment.updatedAt : comment.createdAt).getTime();
    found.sort((one, other) => time(one) - time(other) || one.comment.id - other.comment.id);
    // GitHub heeds a direction only beside `sort`.
    if (asked.has("sort") && query.direction === "desc") found.reverse();
    return list(
      found.filter(({ comment }) => comment.updatedAt.getTime() >= since),
      ({ issue, comment }) => renderIssueComment(world, repository, issue, comment),
    );
  },

  "issues/get-comment": ({ world, repository, path }) => {
    const { issue, comment } = requireComment(repository, Number(path.comment_id));
    return { status: 200, body: renderIssueComment(world, repository, issue, comment) };
  },

  "issues/create-comment": ({ world, repository, path, body, caller }) => {
    const issue = requireIssue(repository, path.issue_number);
    requireConversation(caller, repository, issue);
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

export function requireComment(
  repository: Repository,
  id: number,
): { readonly issue: Issue | PullRequest; readonly comment: IssueComment } {
  const found = findComment(repository, id);
  if (found === null) throw notFound();
  return found;
}

/** Other people's comments are for those who may write in the repository. */
function requireOwnOrTriage(caller: Caller, repository: Repository, comment: IssueComment): void {
  if (caller.kind !== "user" || caller.account === comment.author) return;
  if (mayDo(caller, repository, { anyOf: [["issues", "write"]], role: "write" })) return;
  throw new GitHubError(403, "Must have admin rights to Repository.");
}

/** To talk under a pull request, an App needs the permission for pull requests; under an issue, the one for issues. */
function requireConversation(caller: Caller, repository: Repository, issue: Issue | PullRequest): void {
  const permission = issue.kind === "issue" ? "issues" : "pull_requests";
  requireAccess(caller, repository, { anyOf: [[permission, "write"]], role: "read" });
}
