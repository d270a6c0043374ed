import { handOf } from "../auth/caller.ts";
import { notFound } from "../github-error.ts";
import { changePull } from "../pulls/change-pull.ts";
import { createPull } from "../pulls/create-pull.ts";
import { listPullCommits, listPullPatches } from "../pulls/list-pull-changes.ts";
import { mergePull } from "../pulls/merge-pull.ts";
import { readMergeStanding } from "../pulls/mergeability.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { updatePullBranch } from "../pulls/update-pull-branch.ts";
import { renderCommit, renderFile } from "../render/commit.ts";
import { renderPull, renderSimplePull } from "../render/pull-request.ts";
import { repositoryUrl } from "../render/repository.ts";
import type { Repository } from "../world.ts";
import { isLogin } from "./issues.ts";
import { list, type RestHandlers } from "./operation.ts";

export const pullOperations = {
  "pulls/list": ({ world, repository, query }) => {
    const [, owner, head] = /^(?:([^:]+):)?(.+)$/.exec(query.head ?? "") ?? [];
    const pulls = [...repository.issues.values()]
      .filter((issue) => issue.kind === "pull-request")
      .filter((pull) => query.state === "all" || pull.state === (query.state ?? "open"))
      .filter((pull) => head === undefined || pull.headRef === head)
      .filter((pull) => owner === undefined || isLogin(pull.headRepository.owner, owner))
      .filter((pull) => query.base === undefined || pull.baseRef === query.base);
    const time = (pull: PullRequest): number =>
      query.sort === "updated" ? pull.updatedAt.getTime() : pull.createdAt.getTime();
    pulls.sort((one, other) => time(one) - time(other) || one.number - other.number);
    const newestFirst =
      query.direction === undefined ? (query.sort ?? "created") === "created" : query.direction === "desc";
    if (newestFirst) pulls.reverse();
    return list(pulls, (pull) => renderSimplePull(world, repository, pull));
  },

  "pulls/get": async ({ world, repository, path }) => {
    const pull = requirePull(repository, path.pull_number);
    const standing = await readMergeStanding(repository, pull);
    return { status: 200, body: await renderPull(world, repository, pull, standing) };
  },

  "pulls/create": async ({ world, repository, body, caller }) => {
    const wish = {
      title: body.title ?? "",
      body: body.body ?? null,
      head: body.head,
      base: body.base,
      draft: body.draft === true ? ("draft" as const) : ("ready" as const),
    };
    const pull = await createPull(world, repository, wish, handOf(world, caller));
    const rendered = await renderPull(world, repository, pull, null);
    return {
      status: 201,
      body: rendered,
      headers: { location: `${repositoryUrl(world, repository)}/pulls/${pull.number}` },
    };
  },

  "pulls/merge": async ({ world, repository, path, body, caller }) => {
    const wish = {
      method: body.merge_method ?? "merge",
      title: body.commit_title ?? null,
      message: body.commit_message ?? null,
      expectedHead: body.sha ?? null,
    };
    const pull = requirePull(repository, path.pull_number);
    const sha = await mergePull(world, repository, pull, wish, handOf(world, caller));
    return { status: 200, body: { sha, merged: true, message: "Pull Request successfully merged" } };
  },

  "pulls/check-if-merged": ({ repository, path }) => {
    if (requirePull(repository, path.pull_number).merge === null) throw notFound();
    return { status: 204 };
  },
  "pulls/update": async ({ world, repository, path, body, caller }) => {
    const pull = requirePull(repository, path.pull_number);
    const change = {
      ...(body.title === undefined ? {} : { title: body.title }),
      ...(body.body === undefined ? {} : { body: body.body }),
      ...(body.base === undefined ? {} : { base: body.base }),
      ...(body.state === undefined ? {} : { state: body.state }),
    };
    await changePull(world, repository, pull, change, handOf(world, caller));
    const standing = await readMergeStanding(repository, pull);
    return { status: 200, body: await renderPull(world, repository, pull, standing) };
  },

  "pulls/update-branch": async ({ world, repository, path, body, caller }) => {
    const pull = requirePull(repository, path.pull_number);
    await updatePullBranch(world, repository, pull, body.expected_head_sha ?? null, handOf(world, caller));
    const url = `${repositoryUrl(world, repository)}/pulls/${pull.number}`;
    return { status: 202, body: { message: "Updating pull request branch.", url } };
  },

  "pulls/list-files": async ({ world, repository, path }) => {
    const pull = requirePull(repository, path.pull_number);
    const files = await listPullPatches(repository, pull);
    return list(files, (file) => renderFile(world, repository, pull.headOid, file));
  },

  "pulls/list-commits": async ({ world, repository, path }) => {
    const commits = await listPullCommits(repository, requirePull(repository, path.pull_number));
    return list(commits, (commit) => renderCommit(world, repository, commit));
  },
} satisfies RestHandlers;

export function requirePull(repository: Repository, number: number): PullRequest {
  const issue = repository.issues.get(number);
  if (issue?.kind !== "pull-request") throw notFound();
  return issue;
}
