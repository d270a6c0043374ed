import { formatNodeId } from "../node-id.ts";
import { listPullCommits, listPullFiles } from "../pulls/list-pull-changes.ts";
import type { MergeStanding } from "../pulls/mergeability.ts";
import type { PullRequest, Review } from "../pulls/pull-request.ts";
import { isThere, type Repository, type World } from "../world.ts";
import { renderAccount } from "./account.ts";
import { associationOf, renderLabel } from "./issue.ts";
import { renderRepository, repositoryPage, repositoryUrl } from "./repository.ts";
import { formatTime } from "./time.ts";

/** The `pull-request-simple` of lists. */
export function renderSimplePull(world: World, repository: Repository, pull: PullRequest) {
  const base = repositoryUrl(world, repository);
  const url = `${base}/pulls/${pull.number}`;
  const issueUrl = `${base}/issues/${pull.number}`;
  const html = `${repositoryPage(world, repository)}/pull/${pull.number}`;
  const statuses = `${base}/statuses/${pull.headOid}`;
  const branch = (of: Repository, ref: string, sha: string) => ({
    label: `${of.owner.login}:${ref}`,
    ref,
    sha,
    user: renderAccount(world, of.owner),
    repo: isThere(world, of) ? renderRepositoryOfPull(world, of) : null,
  });
  return {
    url,
    id: pull.id,
    node_id: formatNodeId("PullRequest", repository.id, pull.number),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl,
    number: pull.number,
    state: pull.state,
    locked: pull.conversationLock !== null,
    title: pull.title,
    user: renderAccount(world, pull.author),
    body: pull.body,
    created_at: formatTime(pull.createdAt),
    updated_at: formatTime(pull.updatedAt),
    closed_at: pull.closedAt === null ? null : formatTime(pull.closedAt),
    merged_at: pull.merge === null ? null : formatTime(pull.merge.at),
    merge_commit_sha: pull.merge?.commitOid ?? null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    labels: [...pull.labels.values()].map((label) => renderLabel(world, repository, label)),
    milestone: null,
    draft: pull.draft,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${base}/pulls/comments{/number}`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: statuses,
    head: branch(pull.headRepository, pull.headRef, pull.headOid),
    base: branch(repository, pull.baseRef, pull.baseOid),
    _links: {
      self: { href: url },
      html: { href: html },
      issue: { href: issueUrl },
      comments: { href: `${issueUrl}/comments` },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: `${base}/pulls/comments{/number}` },
      commits: { href: `${url}/commits` },
      statuses: { href: statuses },
    },
    author_association: associationOf(repository, pull.author),
    auto_merge: renderAutoMerge(world, pull),
    active_lock_reason: pull.conversationLock?.reason ?? null,
  };
}

/** One pull request by itself. `standing` null: GitHub has not found out yet whether it can be merged. */
export async function renderPull(
  world: World,
  repository: Repository,
  pull: PullRequest,
  standing: MergeStanding | null,
) {
  const files = await listPullFiles(repository, pull);
  const commits = await listPullCommits(repository, pull);
  const known = standing !== null && standing.mergeability !== "unknown";
  const mergeable = known ? standing.mergeability === "mergeable" : null;
  return {
    ...renderSimplePull(world, repository, pull),
    merged: pull.merge !== null,
    mergeable,
    rebaseable: mergeable,
    mergeable_state: standing?.state ?? "unknown",
    merged_by: pull.merge === null ? null : renderAccount(world, pull.merge.by),
    comments: pull.comments.length,
    review_comments: 0,
    maintainer_can_modify: false,
    commits: commits.length,
    additions: files.reduce((sum, file) => sum + file.additions, 0),
    deletions: files.reduce((sum, file) => sum + file.deletions, 0),
    changed_files: files.length,
  };
}

export function renderReview(world: World, repository: Repository, pull: PullRequest, review: Review) {
  const html = `${repositoryPage(world, repository)}/pull/${pull.number}#pullrequestreview-${review.id}`;
  const url = `${repositoryUrl(world, repository)}/pulls/${pull.number}`;
  return {
    id: review.id,
    node_id: formatNodeId("PullRequestReview", repository.id, review.id),
    user: renderAccount(world, review.author),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: url,
    author_association: associationOf(repository, review.author),
    _links: { html: { href: html }, pull_request: { href: url } },
    submitted_at: formatTime(review.submittedAt),
    commit_id: review.commitOid,
  };
}

function renderAutoMerge(world: World, pull: PullRequest) {
  if (pull.autoMerge === null) return null;
  return {
    enabled_by: renderAccount(world, pull.autoMerge.enabledBy),
    merge_method: pull.autoMerge.method,
    commit_title: pull.autoMerge.title ?? "",
    commit_message: pull.autoMerge.message ?? "",
  };
}

/** The repository as a pull request's head and base hold it: with its merge settings. */
function renderRepositoryOfPull(world: World, repository: Repository) {
  const { settings } = repository;
  return {
    ...renderRepository(world, repository),
    allow_merge_commit: settings.allow_merge_commit,
    allow_squash_merge: settings.allow_squash_merge,
    allow_rebase_merge: settings.allow_rebase_merge,
    allow_auto_merge: settings.allow_auto_merge,
    allow_update_branch: settings.allow_update_branch,
    delete_branch_on_merge: settings.delete_branch_on_merge,
    use_squash_pr_title_as_default: settings.squash_merge_commit_title === "PR_TITLE",
    squash_merge_commit_title: settings.squash_merge_commit_title,
    squash_merge_commit_message: settings.squash_merge_commit_message,
    merge_commit_title: settings.merge_commit_title,
    merge_commit_message: settings.merge_commit_message,
  };
}
