import { actorOf } from "../auth/caller.ts";
import { roleOf } from "../auth/permissions.ts";
import { readRef } from "../git/git-repository.ts";
import { listRefs } from "../git/refs.ts";
import { formatNodeId } from "../node-id.ts";
import { repositoryPage } from "../render/repository.ts";
import { formatTime } from "../render/time.ts";
import { forksOf, fullName, type Repository } from "../world.ts";
import { connect, type PageArgs } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { findIssues, type IssueArgs } from "./find-issues.ts";
import { findPulls, type PullArgs } from "./find-pulls.ts";
import { couldNotResolve } from "./graphql-error.ts";
import { requireRead } from "./require-read.ts";
import { viewActor } from "./view-account.ts";
import { viewIssue, viewLabel } from "./view-conversation.ts";
import { viewObject } from "./view-git-object.ts";
import { viewMergeQueue } from "./view-merge-queue.ts";
import { viewPinnedIssue } from "./view-pinned-issue.ts";
import { viewPull } from "./view-pull.ts";
import { viewRef } from "./view-ref.ts";

/** A `Repository`. */
export function viewRepository(context: GraphqlContext, repository: Repository): object {
  const { world } = context;
  const { settings, git } = repository;
  const viewer = actorOf(world, context.caller);
  const url = repositoryPage(world, repository);
  return {
    __typename: "Repository",
    id: formatNodeId("Repository", repository.id),
    databaseId: repository.id,
    name: repository.name,
    nameWithOwner: fullName(repository),
    owner: () => viewActor(world, repository.owner),
    description: settings.description,
    url,
    resourcePath: url.slice(world.baseUrl.length),
    sshUrl: `git@127.0.0.1:${fullName(repository)}.git`,
    createdAt: formatTime(repository.createdAt),
    updatedAt: formatTime(repository.updatedAt),
    pushedAt: formatTime(repository.pushedAt),
    isArchived: settings.archived,
    isPrivate: settings.private,
    isDisabled: false,
    isLocked: false,
    isFork: repository.parent !== null,
    parent: () => (repository.parent === null ? null : viewRepository(context, repository.parent)),
    forkCount: forksOf(world, repository).length,
    isTemplate: false,
    isMirror: false,
    isInOrganization: repository.owner.kind === "Organization",
    isEmpty: async () => (await listRefs(git, "refs/heads/")).size === 0,
    visibility: settings.private ? "PRIVATE" : "PUBLIC",
    autoMergeAllowed: settings.allow_auto_merge,
    mergeCommitAllowed: settings.allow_merge_commit,
    squashMergeAllowed: settings.allow_squash_merge,
    rebaseMergeAllowed: settings.allow_rebase_merge,
    deleteBranchOnMerge: settings.delete_branch_on_merge,
    allowUpdateBranch: settings.allow_update_branch,
    mergeCommitTitle: settings.merge_commit_title,
    mergeCommitMessage: settings.merge_commit_message,
    squashMergeCommitTitle: settings.squash_merge_commit_title,
    squashMergeCommitMessage: settings.squash_merge_commit_message,
    webCommitSignoffRequired: false,
    viewerPermission: viewer === null ? null : (roleOf(repository, viewer.login)?.toUpperCase() ?? null),
    viewerCanAdminister: viewer !== null && roleOf(repository, viewer.login) === "admin",
    defaultBranchRef: () => viewNamedRef(context, repository, `refs/heads/${settings.default_branch}`),
    ref: ({ qualifiedName }: { qualifiedName: string }) =>
      viewQualifiedRef(context, repository, qualifiedName),
    refs: async (args: PageArgs & { refPrefix: string; query?: string | null }) => {
      requireRead(context, repository, "contents");
      const refs = [...(await listRefs(git, args.refPrefix))].filter(
        ([ref]) => args.query == null || ref.slice(args.refPrefix.length).includes(args.query),
      );
      return connect("refs", args, refs, ([ref, oid]) => viewRef(context, repository, ref, oid));
    },
    object: ({ expression, oid }: { expression?: string | null; oid?: string | null }) => {
      requireRead(context, repository, "contents");
      return viewObject(context, repository, expression ?? oid ?? "");
    },
    pullRequest: ({ number }: { number: number }) => {
      requireRead(context, repository, "pull_requests");
      const issue = repository.issues.get(number);
      if (issue?.kind !== "pull-request") {
        throw couldNotResolve(`Could not resolve to a PullRequest with the number of ${number}.`);
      }
      return viewPull(context, repository, issue);
    },
    mergeQueue: ({ branch }: { branch?: string | null }) =>
      viewMergeQueue(context, repository, branch ?? settings.default_branch),
    pullRequests: (args: PullArgs) => {
      requireRead(context, repository, "pull_requests");
      return connect("pullRequests", args, findPulls(repository, args), (pull) =>
        viewPull(context, repository, pull),
      );
    },
    issue: ({ number }: { number: number }) => {
      requireRead(context, repository, "issues");
      const issue = repository.issues.get(number);
      if (issue?.kind !== "issue")
        throw couldNotResolve(`Could not resolve to an Issue with the number of ${number}.`);
      return viewIssue(context, repository, issue);
    },
    issues: (args: IssueArgs) => {
      requireRead(context, repository, "issues");
      return connect("issues", args, findIssues(repository, args), (issue) =>
        viewIssue(context, repository, issue),
      );
    },
    pinnedIssues: (args: PageArgs) => {
      requireRead(context, repository, "issues");
      return connect("pinnedIssues", args, repository.pinnedIssues, ({ number }) =>
        viewPinnedIssue(context, repository, number),
      );
    },
    label: ({ name }: { name: string }) => {
      const label = repository.labels.get(name.toLowerCase());
      return label === undefined ? null : viewLabel(context, repository, label);
    },
    labels: (args: PageArgs) =>
      connect("labels", args, [...repository.labels.values()], (label) =>
        viewLabel(context, repository, label),
      ),
  };
}

/** Takes `main`, `heads/main` and `refs/heads/main`. */
async function viewQualifiedRef(
  context: GraphqlContext,
  repository: Repository,
  name: string,
): Promise<object | null> {
  for (const ref of [name, `refs/${name}`, `refs/heads/${name}`, `refs/tags/${name}`]) {
    if (!ref.startsWith("refs/")) continue;
    const view = await viewNamedRef(context, repository, ref);
    if (view !== null) return view;
  }
  return null;
}

async function viewNamedRef(
  context: GraphqlContext,
  repository: Repository,
  ref: string,
): Promise<object | null> {
  requireRead(context, repository, "contents");
  const oid = await readRef(repository.git, ref);
  return oid === null ? null : viewRef(context, repository, ref, oid);
}
