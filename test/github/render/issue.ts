import { appById } from "../auth/caller.ts";
import { formatNodeId } from "../node-id.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import {
  type Issue,
  type IssueComment,
  type Label,
  type Reaction,
  type ReactionContent,
  reactionContents,
} from "../repository/issue.ts";
import type { Account, Repository, World } from "../world.ts";
import { renderAccount } from "./account.ts";
import { renderApp } from "./app.ts";
import { repositoryPage, repositoryUrl } from "./repository.ts";
import { formatTime } from "./time.ts";

export function renderLabel(world: World, repository: Repository, label: Label) {
  return {
    id: label.id,
    node_id: formatNodeId("Label", repository.id, label.id),
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
    node_id: formatNodeId(isPull ? "PullRequest" : "Issue", repository.id, issue.number),
    url,
    repository_url: repositoryUrl(world, repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    number: issue.number,
    state: issue.state,
    state_reason: issue.kind === "issue" ? issue.stateReason : null,
    title: issue.title,
    body: issue.body,
    user: renderAccount(world, issue.author),
    labels: [...issue.labels.values()].map((label) => renderLabel(world, repository, label)),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: issue.conversationLock !== null,
    active_lock_reason: issue.conversationLock?.reason ?? null,
    comments: issue.comments.length,
    created_at: formatTime(issue.createdAt),
    updated_at: formatTime(issue.updatedAt),
    closed_at: issue.closedAt === null ? null : formatTime(issue.closedAt),
    closed_by: issue.closedBy === null ? null : renderAccount(world, issue.closedBy),
    author_association: associationOf(repository, issue.author),
    performed_via_github_app: renderAppBehind(world, issue.appId),
    reactions: renderReactions(url, issue.reactions),
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
  return {
    id: comment.id,
    node_id: formatNodeId("IssueComment", repository.id, comment.id),
    url: `${base}/issues/comments/${comment.id}`,
    html_url: `${page}#issuecomment-${comment.id}`,
    issue_url: `${base}/issues/${issue.number}`,
    body: comment.body,
    user: renderAccount(world, comment.author),
    created_at: formatTime(comment.createdAt),
    updated_at: formatTime(comment.updatedAt),
    author_association: associationOf(repository, comment.author),
    performed_via_github_app: renderAppBehind(world, comment.appId),
    reactions: renderReactions(`${base}/issues/comments/${comment.id}`, comment.reactions),
  };
}

function renderAppBehind(world: World, appId: number | null) {
  return appId === null ? null : renderApp(world, appById(world, appId));
}

/** How often each reaction was given. */
export function renderReactions(url: string, reactions: readonly Reaction[]) {
  const count = (content: ReactionContent): number =>
    reactions.filter((reaction) => reaction.content === content).length;
  return {
    url: `${url}/reactions`,
    total_count: reactions.length,
    ...Object.fromEntries(reactionContents.map((content) => [content, count(content)])),
  };
}

export function renderReaction(world: World, reaction: Reaction) {
  return {
    id: reaction.id,
    node_id: formatNodeId("Reaction", reaction.id),
    user: renderAccount(world, reaction.author),
    content: reaction.content,
    created_at: formatTime(reaction.createdAt),
  };
}

/** How an author stands to the repository. */
export function associationOf(repository: Repository, account: Account): string {
  if (repository.owner === account) return "OWNER";
  if (repository.owner.organization?.members.has(account.login.toLowerCase()) === true) return "MEMBER";
  if (repository.collaborators.has(account.login.toLowerCase())) return "COLLABORATOR";
  const contributed = [...repository.issues.values()].some(
    (issue) => issue.kind === "pull-request" && issue.merge !== null && issue.author === account,
  );
  return contributed ? "CONTRIBUTOR" : "NONE";
}
