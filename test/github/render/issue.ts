import { appById } from "../auth/caller.ts";
import { roleOf } from "../auth/permissions.ts";
import { formatNodeId } from "../node-id.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import type { Issue, IssueComment, Label } from "../repository/issue.ts";
import { type Account, fullName, type Repository, type World } from "../world.ts";
import { renderAccount } from "./account.ts";
import { renderApp } from "./app.ts";
import { repositoryPage, repositoryUrl } from "./repository.ts";
import { formatTime } from "./time.ts";

export function renderLabel(world: World, repository: Repository, label: Label) {
  return {
    id: label.id,
    node_id: formatNodeId("Label", fullName(repository), label.id),
    url: `${repositoryUrl(world, repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  };
}

/** The `issue` of REST and webhooks: a pull request is one too. */
export function renderIssue(world: World, repository: Repository, issue: Issue | PullRequest) {
  const url = `${repositoryUrl(world, repository)}/issues/${issue.number}`;
  const page = repositoryPage(world, repository);
  const isPull = issue.kind === "pull-request";
  const pullUrl = `${repositoryUrl(world, repository)}/pulls/${issue.number}`;
  const html = `${page}/${isPull ? "pull" : "issues"}/${issue.number}`;
  return {
    id: issue.id,
    node_id: formatNodeId(isPull ? "PullRequest" : "Issue", fullName(repository), issue.number),
    url,
    repository_url: repositoryUrl(world, repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    number: issue.number,
    state: issue.state,
    state_reason: issue.kind === "issue" && issue.state === "closed" ? "completed" : null,
    title: issue.title,
    body: issue.body,
    user: renderAccount(world, issue.author),
    labels: [...issue.labels.values()].map((label) => renderLabel(world, repository, label)),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: false,
    active_lock_reason: null,
    comments: issue.comments.length,
    created_at: formatTime(issue.createdAt),
    updated_at: formatTime(issue.updatedAt),
    closed_at: issue.closedAt === null ? null : formatTime(issue.closedAt),
    closed_by: issue.closedBy === null ? null : renderAccount(world, issue.closedBy),
    author_association: associationOf(repository, issue.author),
    performed_via_github_app: null,
    reactions: renderReactions(url),
    timeline_url: `${url}/timeline`,
    ...(issue.kind === "pull-request"
      ? {
          draft: issue.draft,
          pull_request: {
            url: pullUrl,
            html_url: html,
            diff_url: `${html}.diff`,
            patch_url: `${html}.patch`,
            merged_at: issue.merge === null ? null : formatTime(issue.merge.at),
          },
        }
      : {}),
  };
}

export function renderIssueComment(
  world: World,
  repository: Repository,
  issue: Issue | PullRequest,
  comment: IssueComment,
) {
  const base = repositoryUrl(world, repository);
  const page = `${repositoryPage(world, repository)}/${issue.kind === "issue" ? "issues" : "pull"}/${issue.number}`;
  const app = comment.appId === null ? null : appById(world, comment.appId);
  return {
    id: comment.id,
    node_id: formatNodeId("IssueComment", fullName(repository), comment.id),
    url: `${base}/issues/comments/${comment.id}`,
    html_url: `${page}#issuecomment-${comment.id}`,
    issue_url: `${base}/issues/${issue.number}`,
    body: comment.body,
    user: renderAccount(world, comment.author),
    created_at: formatTime(comment.createdAt),
    updated_at: formatTime(comment.updatedAt),
    author_association: associationOf(repository, comment.author),
    performed_via_github_app: app === null ? null : renderApp(world, app),
    reactions: renderReactions(`${base}/issues/comments/${comment.id}`),
  };
}

export function renderReactions(url: string) {
  return {
    url: `${url}/reactions`,
    total_count: 0,
    "+1": 0,
    "-1": 0,
    laugh: 0,
    hooray: 0,
    confused: 0,
    heart: 0,
    rocket: 0,
    eyes: 0,
  };
}

/** How an author stands to the repository. */
export function associationOf(repository: Repository, account: Account): string {
  if (repository.owner === account) return "OWNER";
  return roleOf(repository, account.login) === null ? "NONE" : "COLLABORATOR";
}
