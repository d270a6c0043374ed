import { nextNumber } from "../pulls/create-pull.ts";
import { renderIssue } from "../render/issue.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import type { Issue } from "./issue.ts";
import { addLabels, findOrCreateLabel } from "./label-issue.ts";

export interface IssueWish {
  readonly title: string;
  readonly body: string | null;
  readonly labels: readonly string[];
}

/** Opens an issue. Runs inside the lock. */
export async function openIssue(
  world: World,
  repository: Repository,
  wish: IssueWish,
  hand: Hand,
): Promise<Issue> {
  const issue: Issue = {
    kind: "issue",
    id: world.nextId(),
    number: nextNumber(repository),
    author: hand.account,
    appId: hand.app?.id ?? null,
    createdAt: world.now(),
    reactions: [],
    comments: [],
    labels: new Map(),
    title: wish.title,
    body: wish.body,
    state: "open",
    stateReason: null,
    updatedAt: world.now(),
    closedAt: null,
    closedBy: null,
    conversationLock: null,
  };
  repository.issues.set(issue.number, issue);
  announce(world, repository, hand, "issues", "opened", { issue: renderIssue(world, repository, issue) });
  const labels = wish.labels.map((name) => findOrCreateLabel(world, repository, name));
  await addLabels(world, repository, issue, labels, hand);
  return issue;
}
