import { notFound } from "../github-error.ts";
import { announcePull } from "../pulls/announce-pull.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { renderIssue, renderLabel } from "../render/issue.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import type { Issue, Label } from "./issue.ts";

/** The label of this name, made when the repository has none: GitHub does so for who adds it to an issue. */
export function findOrCreateLabel(world: World, repository: Repository, name: string): Label {
  const known = repository.labels.get(name.toLowerCase());
  if (known !== undefined) return known;
  const label: Label = { id: world.nextId(), name, color: "ededed", description: null };
  repository.labels.set(name.toLowerCase(), label);
  return label;
}

export async function addLabels(
  world: World,
  repository: Repository,
  issue: Issue | PullRequest,
  labels: readonly Label[],
  hand: Hand,
): Promise<void> {
  for (const label of labels) {
    const key = label.name.toLowerCase();
    if (issue.labels.has(key)) continue;
    issue.labels.set(key, label);
    issue.updatedAt = world.now();
    await announceLabel(world, repository, issue, label, "labeled", hand);
  }
}

/** Throws a 404 for a label that the issue does not have. */
export async function removeLabel(
  world: World,
  repository: Repository,
  issue: Issue | PullRequest,
  name: string,
  hand: Hand,
): Promise<void> {
  const label = issue.labels.get(name.toLowerCase());
  if (label === undefined) throw notFound();
  issue.labels.delete(name.toLowerCase());
  issue.updatedAt = world.now();
  await announceLabel(world, repository, issue, label, "unlabeled", hand);
}

async function announceLabel(
  world: World,
  repository: Repository,
  issue: Issue | PullRequest,
  label: Label,
  action: "labeled" | "unlabeled",
  hand: Hand,
): Promise<void> {
  const payload = { label: renderLabel(world, repository, label) };
  if (issue.kind === "pull-request") await announcePull(world, repository, issue, hand, action, payload);
  else
    announce(world, repository, hand, "issues", action, {
      issue: renderIssue(world, repository, issue),
      ...payload,
    });
}

/** Takes off what is not in `labels` and puts on what is. */
export async function replaceLabels(
  world: World,
  repository: Repository,
  issue: Issue | PullRequest,
  labels: readonly Label[],
  hand: Hand,
): Promise<void> {
  for (const label of [...issue.labels.values()]) {
    if (!labels.includes(label)) await removeLabel(world, repository, issue, label.name, hand);
  }
  await addLabels(world, repository, issue, labels, hand);
}
