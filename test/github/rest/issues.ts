import { handOf } from "../auth/caller.ts";
import { GitHubError, notFound } from "../github-error.ts";
import { changePull } from "../pulls/change-pull.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { renderIssue } from "../render/issue.ts";
import { repositoryUrl } from "../render/repository.ts";
import { changeIssue } from "../repository/change-issue.ts";
import type { Issue } from "../repository/issue.ts";
import { findOrCreateLabel, replaceLabels } from "../repository/label-issue.ts";
import { lockIssue } from "../repository/lock-issue.ts";
import { openIssue } from "../repository/open-issue.ts";
import type { Account, Repository } from "../world.ts";
import { list, type RestHandlers } from "./operation.ts";

export const issueOperations = {
  "issues/list-for-repo": ({ world, repository, query }) => {
    const labels = query.labels?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
    const since = query.since === undefined ? 0 : new Date(query.since).getTime();
    const issues = [...repository.issues.values()]
      .filter((issue) => query.state === "all" || issue.state === (query.state ?? "open"))
      .filter((issue) => query.creator === undefined || isLogin(issue.author, query.creator))
      .filter((issue) => issue.updatedAt.getTime() >= since)
      .filter((issue) => labels.every((name) => issue.labels.has(name)));
    const key = (issue: Issue | PullRequest): number => {
      if (query.sort === "comments") return issue.comments.length;
      return (query.sort === "updated" ? issue.updatedAt : issue.createdAt).getTime();
    };
    issues.sort((one, other) => key(one) - key(other) || one.number - other.number);
    if (query.direction !== "asc") issues.reverse();
    return list(issues, (issue) => renderIssue(world, repository, issue));
  },

  "issues/get": ({ world, repository, path }) => ({
    status: 200,
    body: renderIssue(world, repository, requireIssue(repository, path.issue_number)),
  }),

  "issues/create": async ({ world, repository, body, caller }) => {
    const hand = handOf(world, caller);
    const wish = {
      title: String(body.title),
      body: body.body ?? null,
      labels: labelNames(body.labels ?? []),
    };
    const issue = await openIssue(world, repository, wish, hand);
    return {
      status: 201,
      body: renderIssue(world, repository, issue),
      headers: { location: `${repositoryUrl(world, repository)}/issues/${issue.number}` },
    };
  },

  "issues/update": async ({ world, repository, path, body, caller }) => {
    const issue = requireIssue(repository, path.issue_number);
    const hand = handOf(world, caller);
    if (body.labels !== undefined) {
      const labels = labelNames(body.labels).map((name) => findOrCreateLabel(world, repository, name));
      await replaceLabels(world, repository, issue, labels, hand);
    }
    const change = {
      ...(body.title == null ? {} : { title: String(body.title) }),
      ...(body.body === undefined ? {} : { body: body.body }),
      ...(body.state === undefined ? {} : { state: body.state }),
    };
    if (issue.kind === "pull-request") await changePull(world, repository, issue, change, hand);
    else changeIssue(world, repository, issue, { ...change, reason: body.state_reason ?? null }, hand);
    return { status: 200, body: renderIssue(world, repository, issue) };
  },

  "issues/lock": async ({ world, repository, path, body, caller }) => {
    const issue = requireIssue(repository, path.issue_number);
    const reason = body?.lock_reason ?? null;
    await lockIssue(world, repository, issue, { reason }, handOf(world, caller));
    return { status: 204 };
  },

  "issues/unlock": async ({ world, repository, path, caller }) => {
    const issue = requireIssue(repository, path.issue_number);
    await lockIssue(world, repository, issue, "unlocked", handOf(world, caller));
    return { status: 204 };
  },
} satisfies RestHandlers;

export function requireIssue(repository: Repository, number: number): Issue | PullRequest {
  const issue = repository.issues.get(number);
  if (issue === undefined) throw notFound();
  return issue;
}

/** Labels come as names or as objects with a name. */
export function labelNames(labels: readonly unknown[]): string[] {
  return labels.map((label) => {
    if (typeof label === "string") return label;
    if (typeof label === "object" && label !== null && "name" in label && typeof label.name === "string")
      return label.name;
    throw new GitHubError(422, "Invalid request.\n\nA label needs a name.");
  });
}

export function isLogin(account: Account, login: string): boolean {
  return account.login.toLowerCase() === login.toLowerCase();
}
