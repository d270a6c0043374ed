import { roleOf } from "../auth/permissions.ts";
import { formatNodeId } from "../node-id.ts";
import { type Account, forksOf, fullName, type Repository, type World } from "../world.ts";
import { renderAccount } from "./account.ts";
import { formatTime } from "./time.ts";

/** REST's address of a repository. */
export function repositoryUrl(world: World, repository: Repository): string {
  return `${world.baseUrl}/api/v3/repos/${fullName(repository)}`;
}

/** The page of a repository. */
export function repositoryPage(world: World, repository: Repository): string {
  return `${world.baseUrl}/${fullName(repository)}`;
}

/** The `minimal-repository` that lists hold. */
export function renderMinimalRepository(world: World, repository: Repository) {
  const url = repositoryUrl(world, repository);
  const page = repositoryPage(world, repository);
  return {
    id: repository.id,
    node_id: formatNodeId("Repository", repository.id),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.settings.private,
    owner: renderAccount(world, repository.owner),
    html_url: page,
    description: repository.settings.description,
    fork: repository.parent !== null,
    url,
    archive_url: `${url}/{archive_format}{/ref}`,
    assignees_url: `${url}/assignees{/user}`,
    blobs_url: `${url}/git/blobs{/sha}`,
    branches_url: `${url}/branches{/branch}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    comments_url: `${url}/comments{/number}`,
    commits_url: `${url}/commits{/sha}`,
    compare_url: `${url}/compare/{base}...{head}`,
    contents_url: `${url}/contents/{+path}`,
    contributors_url: `${url}/contributors`,
    deployments_url: `${url}/deployments`,
    downloads_url: `${url}/downloads`,
    events_url: `${url}/events`,
    forks_url: `${url}/forks`,
    git_commits_url: `${url}/git/commits{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    hooks_url: `${url}/hooks`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    issue_events_url: `${url}/issues/events{/number}`,
    issues_url: `${url}/issues{/number}`,
    keys_url: `${url}/keys{/key_id}`,
    labels_url: `${url}/labels{/name}`,
    languages_url: `${url}/languages`,
    merges_url: `${url}/merges`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    pulls_url: `${url}/pulls{/number}`,
    releases_url: `${url}/releases{/id}`,
    stargazers_url: `${url}/stargazers`,
    statuses_url: `${url}/statuses/{sha}`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    tags_url: `${url}/tags`,
    teams_url: `${url}/teams`,
    trees_url: `${url}/git/trees{/sha}`,
  };
}

/** The `repository` of REST and webhooks. */
export function renderRepository(world: World, repository: Repository) {
  const page = repositoryPage(world, repository);
  const { settings } = repository;
  const forks = forksOf(world, repository).length;
  const openIssues = [...repository.issues.values()].filter((issue) => issue.state === "open").length;
  return {
    ...renderMinimalRepository(world, repository),
    git_url: `${page.replace(/^http/, "git")}.git`,
    ssh_url: `git@127.0.0.1:${fullName(repository)}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
    homepage: null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: false,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: forks,
    mirror_url: null,
    archived: settings.archived,
    disabled: false,
    open_issues_count: openIssues,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: settings.private ? "private" : "public",
    forks,
    open_issues: openIssues,
    watchers: 0,
    default_branch: settings.default_branch,
    created_at: formatTime(repository.createdAt),
    updated_at: formatTime(repository.updatedAt),
    pushed_at: formatTime(repository.pushedAt),
  };
}

/** The `full-repository` of one repository by itself, as `viewer` sees it. How it merges is told to writers alone. */
export function renderFullRepository(
  world: World,
  repository: Repository,
  viewer: Account | null,
  sees: "merge-settings" | "basics",
) {
  const role = viewer === null ? null : roleOf(repository, viewer.login);
  return {
    ...renderRepository(world, repository),
    ...(sees === "merge-settings" ? renderMergeSettings(repository) : {}),
    ...(repository.parent === null
      ? {}
      : {
          parent: renderRepository(world, repository.parent),
          source: renderRepository(world, repository.parent),
        }),
    permissions: {
      admin: role === "admin",
      maintain: role === "admin" || role === "maintain",
      push: role === "admin" || role === "maintain" || role === "write",
      triage: role !== null && role !== "read",
      pull: true,
    },
    temp_clone_token: "",
    network_count: 0,
    subscribers_count: 0,
  };
}

function renderMergeSettings({ settings }: Repository) {
  return {
    allow_merge_commit: settings.allow_merge_commit,
    allow_squash_merge: settings.allow_squash_merge,
    allow_rebase_merge: settings.allow_rebase_merge,
    allow_auto_merge: settings.allow_auto_merge,
    allow_update_branch: settings.allow_update_branch,
    delete_branch_on_merge: settings.delete_branch_on_merge,
    squash_merge_commit_title: settings.squash_merge_commit_title,
    squash_merge_commit_message: settings.squash_merge_commit_message,
    merge_commit_title: settings.merge_commit_title,
    merge_commit_message: settings.merge_commit_message,
  };
}
