import { handOf } from "../auth/caller.ts";
import { notFound, validationFailed } from "../github-error.ts";
import { renderLabel } from "../render/issue.ts";
import { addLabels, findOrCreateLabel, removeLabel, replaceLabels } from "../repository/label-issue.ts";
import { announce } from "../webhooks/announce.ts";
import { labelNames, requireIssue } from "./issues.ts";
import { list, type RestHandlers } from "./operation.ts";

export const labelOperations = {
  "issues/list-labels-for-repo": ({ world, repository }) =>
    list([...repository.labels.values()], (label) => renderLabel(world, repository, label)),

  "issues/get-label": ({ world, repository, path }) => {
    const label = repository.labels.get(path.name.toLowerCase());
    if (label === undefined) throw notFound();
    return { status: 200, body: renderLabel(world, repository, label) };
  },

  "issues/create-label": ({ world, repository, body, caller }) => {
    if (repository.labels.has(body.name.toLowerCase())) {
      throw validationFailed({ resource: "Label", field: "name", code: "already_exists" });
    }
    const label = findOrCreateLabel(world, repository, body.name);
    label.color = body.color ?? label.color;
    label.description = body.description ?? null;
    const rendered = renderLabel(world, repository, label);
    announce(world, repository, handOf(world, caller), "label", "created", { label: rendered });
    return { status: 201, body: rendered };
  },

  "issues/list-labels-on-issue": ({ world, repository, path }) =>
    list([...requireIssue(repository, path.issue_number).labels.values()], (label) =>
      renderLabel(world, repository, label),
    ),

  "issues/add-labels": async ({ world, repository, path, body, caller }) => {
    const issue = requireIssue(repository, path.issue_number);
    const labels = labelNames(body.labels ?? []).map((name) => findOrCreateLabel(world, repository, name));
    await addLabels(world, repository, issue, labels, handOf(world, caller));
    return {
      status: 200,
      body: [...issue.labels.values()].map((label) => renderLabel(world, repository, label)),
    };
  },

  "issues/set-labels": async ({ world, repository, path, body, caller }) => {
    const issue = requireIssue(repository, path.issue_number);
    const wanted = typeof body === "object" && "labels" in body ? (body.labels ?? []) : [];
    const labels = labelNames(wanted).map((name) => findOrCreateLabel(world, repository, name));
    await replaceLabels(world, repository, issue, labels, handOf(world, caller));
    return {
      status: 200,
      body: [...issue.labels.values()].map((label) => renderLabel(world, repository, label)),
    };
  },

  "issues/remove-label": async ({ world, repository, path, caller }) => {
    const issue = requireIssue(repository, path.issue_number);
    await removeLabel(world, repository, issue, path.name, handOf(world, caller));
    return {
      status: 200,
      body: [...issue.labels.values()].map((label) => renderLabel(world, repository, label)),
    };
  },
} satisfies RestHandlers;
