import { unprocessable } from "../github-error.ts";
import { renderIssue } from "../render/issue.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import type { Issue } from "./issue.ts";

const mostPinned = 3;

/** Puts an issue on top of the repository's list; throws for a fourth. One that is there stays. */
export function pinIssue(world: World, repository: Repository, issue: Issue, hand: Hand): void {
  const { pinnedIssues } = repository;
  if (pinnedIssues.some(({ number }) => number === issue.number)) return;
  if (pinnedIssues.length >= mostPinned) throw unprocessable("Maximum 3 pinned issues per repository");
  pinnedIssues.push({ number: issue.number, by: hand.account });
  tell(world, repository, issue, hand, "pinned");
}

export function unpinIssue(world: World, repository: Repository, issue: Issue, hand: Hand): void {
  const index = repository.pinnedIssues.findIndex(({ number }) => number === issue.number);
  if (index === -1) return;
  repository.pinnedIssues.splice(index, 1);
  tell(world, repository, issue, hand, "unpinned");
}

function tell(world: World, repository: Repository, issue: Issue, hand: Hand, action: string): void {
  announce(world, repository, hand, "issues", action, { issue: renderIssue(world, repository, issue) });
}
