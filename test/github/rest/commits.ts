import { handOf } from "../auth/caller.ts";
import { requireAccess } from "../auth/permissions.ts";
import { diffPatches, readPatch } from "../git/diff.ts";
import { readRef } from "../git/git-repository.ts";
import { findMergeBase, listCommits } from "../git/history.ts";
import { listRefs } from "../git/refs.ts";
import { GitHubError, notFound } from "../github-error.ts";
import { movedAnswer } from "../http/redirect.ts";
import { findPullsOfCommit } from "../pulls/find-pulls-of-commit.ts";
import { renderBranch, renderShortBranch } from "../render/branch.ts";
import { renderCommit, renderCommitWithFiles, renderFile } from "../render/commit.ts";
import { renderCommitComment } from "../render/commit-comment.ts";
import { renderSimplePull } from "../render/pull-request.ts";
import { repositoryPage, repositoryUrl } from "../render/repository.ts";
import type { CommitComment } from "../repository/commit-marks.ts";
import { renameBranch } from "../repository/rename-branch.ts";
import { requireCommit, resolveCommit } from "../repository/resolve-commit.ts";
import { announce } from "../webhooks/announce.ts";
import { list, type RestHandlers } from "./operation.ts";

export const commitOperations = {
  "repos/list-commits": async ({ world, repository, query }) => {
    const from = await resolveCommit(repository, query.sha ?? repository.settings.default_branch);
    if (from === null && (await listRefs(repository.git, "refs/heads/")).size === 0) {
      throw new GitHubError(409, "Git Repository is empty.");
    }
    if (from === null) throw notFound();
    const commits = await listCommits(repository.git, {
      from: from.oid,
      ...(query.path === undefined ? {} : { path: query.path }),
      ...(query.since === undefined ? {} : { since: query.since }),
      ...(query.until === undefined ? {} : { until: query.until }),
      ...(query.author === undefined ? {} : { author: query.author }),
    });
    return list(commits, (commit) => renderCommit(world, repository, commit));
  },

  "repos/get-commit": async ({ world, repository, path, accept }) => {
    const commit = await requireCommit(repository, path.ref);
    if (accept.includes("vnd.github.sha")) {
      return {
        status: 200,
        raw: { contentType: "application/vnd.github.sha; charset=utf-8", content: commit.oid },
      };
    }
    return { status: 200, body: await renderCommitWithFiles(world, repository, commit) };
  },

  "repos/compare-commits-with-basehead": async ({ world, repository, path, accept }) => {
    const [baseName = "", headName = ""] = path.basehead
      .split("...")
      .map((name) => name.replace(/^[^:]*:/, ""));
    const base = await resolveCommit(repository, baseName);
    const head = await resolveCommit(repository, headName);
    if (base === null || head === null) throw notFound();
    const shared = await findMergeBase(repository.git, base.oid, head.oid);
    if (shared === null) {
      throw new GitHubError(404, `No common ancestor between ${baseName} and ${headName}.`);
    }
    if (accept.includes("diff")) {
      const content = await readPatch(repository.git, shared, head.oid);
      return { status: 200, raw: { contentType: "application/vnd.github.diff; charset=utf-8", content } };
    }
    const ahead = await listCommits(repository.git, {
      from: head.oid,
      without: [base.oid],
      order: "oldest-first",
    });
    const behind = await listCommits(repository.git, { from: base.oid, without: [head.oid] });
    const files = await diffPatches(repository.git, shared, head.oid);
    const mergeBase = await requireCommit(repository, shared);
    const page = `${repositoryPage(world, repository)}/compare/${baseName}...${headName}`;
    const url = `${repositoryUrl(world, repository)}/compare/${baseName}...${headName}`;
    return list(
      ahead,
      (commit) => renderCommit(world, repository, commit),
      (commits) => ({
        url,
        html_url: page,
        permalink_url: page,
        diff_url: `${page}.diff`,
        patch_url: `${page}.patch`,
        base_commit: renderCommit(world, repository, base),
        merge_base_commit: renderCommit(world, repository, mergeBase),
        status: describeDistance(ahead.length, behind.length),
        ahead_by: ahead.length,
        behind_by: behind.length,
        total_commits: ahead.length,
        commits,
        files: files.map((file) => renderFile(world, repository, head.oid, file)),
      }),
    );
  },

  "repos/list-branches": async ({ world, repository, query }) => {
    const branches = [...(await listRefs(repository.git, "refs/heads/"))].filter(
      ([ref]) =>
        query.protected === undefined ||
        query.protected === repository.protections.has(ref.slice("refs/heads/".length)),
    );
    return list(branches, ([ref, oid]) =>
      renderShortBranch(world, repository, ref.slice("refs/heads/".length), oid),
    );
  },

  "repos/get-branch": async ({ world, repository, path }) => {
    const ref = `refs/heads/${path.branch}`;
    const oid = await readRef(repository.git, ref);
    const renamed = repository.renamedBranches.get(path.branch);
    if (oid === null && renamed !== undefined)
      throw movedAnswer(world, repository, "GET", `/branches/${renamed}`);
    if (oid === null) throw new GitHubError(404, "Branch not found");
    const commit = await requireCommit(repository, oid);
    return { status: 200, body: renderBranch(world, repository, path.branch, commit) };
  },

  "repos/rename-branch": async ({ world, repository, path, body, caller }) => {
    if (path.branch === repository.settings.default_branch)
      requireAccess(caller, repository, { anyOf: [["administration", "write"]], role: "admin" });
    await renameBranch(world, repository, path.branch, body.new_name, handOf(world, caller));
    const oid = await readRef(repository.git, `refs/heads/${body.new_name}`);
    const commit = await requireCommit(repository, oid ?? "");
    return { status: 201, body: renderBranch(world, repository, body.new_name, commit) };
  },

  "repos/list-pull-requests-associated-with-commit": async ({ world, repository, path }) => {
    const commit = await requireCommit(repository, path.commit_sha);
    const pulls = await findPullsOfCommit(repository, commit.oid);
    return list(pulls, (pull) => renderSimplePull(world, repository, pull));
  },

  "repos/list-comments-for-commit": async ({ world, repository, path }) => {
    const commit = await requireCommit(repository, path.commit_sha);
    const comments = repository.commitComments.filter(({ sha }) => sha === commit.oid);
    return list(comments, (comment) => renderCommitComment(world, repository, comment));
  },

  "repos/create-commit-comment": async ({ world, repository, path, body, caller }) => {
    const commit = await requireCommit(repository, path.commit_sha);
    const hand = handOf(world, caller);
    const comment: CommitComment = {
      id: world.nextId(),
      sha: commit.oid,
      author: hand.account,
      path: body.path ?? null,
      position: body.position ?? null,
      createdAt: world.now(),
      body: body.body,
      updatedAt: world.now(),
    };
    repository.commitComments.push(comment);
    const rendered = renderCommitComment(world, repository, comment);
    announce(world, repository, hand, "commit_comment", "created", { comment: rendered });
    return { status: 201, body: rendered };
  },

  "repos/update-commit-comment": ({ world, repository, path, body }) => {
    const comment = repository.commitComments.find(({ id }) => id === Number(path.comment_id));
    if (comment === undefined) throw notFound();
    comment.body = body.body;
    comment.updatedAt = world.now();
    return { status: 200, body: renderCommitComment(world, repository, comment) };
  },

  "repos/delete-commit-comment": ({ repository, path }) => {
    const at = repository.commitComments.findIndex(({ id }) => id === Number(path.comment_id));
    if (at === -1) throw notFound();
    repository.commitComments.splice(at, 1);
    return { status: 204 };
  },
} satisfies RestHandlers;

function describeDistance(ahead: number, behind: number): string {
  if (ahead > 0 && behind > 0) return "diverged";
  if (ahead > 0) return "ahead";
  return behind > 0 ? "behind" : "identical";
}
