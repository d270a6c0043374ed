import { handOf } from "../auth/caller.ts";
import { GitHubError, notFound } from "../github-error.ts";
import { changePull } from "../pulls/change-pull.ts";
import { nextNumber } from "../pulls/create-pull.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { renderIssue } from "../render/issue.ts";
import { repositoryUrl } from "../render/repository.ts";
import type { Issue } from "../repository/issue.ts";
import { addLabels, findOrCreateLabel, replaceLabels } from "../repository/label-issue.ts";
import { announce } from "../webhooks/announce.ts";
import type { Repository } from "../world.ts";
import { list, type RestHandlers } from "./operation.ts";

export const issueOperations = {
  "issues/list-for-repo": ({ world, repository, query }) => {
    const labels = query.labels?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
    const issues = [...repository.issues.values()]
      .filter((issue) => query.state === "all" || issue.state === (query.state ?? "open"))
      .filter((issue) => query.creator === undefined || issue.author.login === query.creator)
      .filter((issue) => labels.every((name) => issue.labels.has(name)));
    if (query.direction !== "asc") issues.reverse();
    return list(issues, (issue) => renderIssue(world, repository, issue));
  },

  "issues/get": ({ world, repository, path }) => ({
    status: 200,
    body: renderIssue(world, repository, requireIssue(repository, path.issue_number)),
  }),

  "issues/create": async ({ world, repository, body, caller }) => {
    const hand = handOf(world, caller);
    const issue: Issue = {
      kind: "issue",
      id: world.nextId(),
      number: nextNumber(repository),
      author: hand.account,
      createdAt: world.now(),
      comments: [],
      labels: new Map(),
      title: String(body.title),
      body: body.body ?? null,
      state: "open",
      updatedAt: world.now(),
      closedAt: null,
      closedBy: null,
    };
    repository.issues.set(issue.number, issue);
    announce(world, repository, hand, "issues", "opened", { issue: renderIssue(world, repository, issue) });
    const labels = labelNames(body.labels ?? []).map((name) => findOrCreateLabel(world, repository, name));
    await addLabels(world, repository, issue, labels, hand);
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
    if (issue.kind === "pull-request") {
      await changePull(world, repository, issue, change, hand);
    } else {
      const before = issue.state;
      Object.assign(issue, change, { updatedAt: world.now() });
      issue.closedAt = issue.state === "closed" ? (issue.closedAt ?? world.now()) : null;
      issue.closedBy = issue.state === "closed" ? (issue.closedBy ?? hand.account) : null;
      const action = issue.state === before ? "edited" : issue.state === "closed" ? "closed" : "reopened";
      const changes = action === "edited" ? { changes: {} } : {};
      announce(world, repository, hand, "issues", action, {
        issue: renderIssue(world, repository, issue),
        ...changes,
      });
    }
    return { status: 200, body: renderIssue(world, repository, issue) };
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
