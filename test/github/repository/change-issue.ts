import { renderIssue } from "../render/issue.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import type { Issue } from "./issue.ts";

export interface IssueChange {
  readonly title?: string;
  readonly body?: string | null;
  readonly state?: "open" | "closed";
  /** Why it closes; "completed" where it does not say. */
  readonly reason?: Issue["stateReason"];
}

/** Edits, closes, reopens an issue; what is as it was before is told to nobody. */
export function changeIssue(
  world: World,
  repository: Repository,
  issue: Issue,
  change: IssueChange,
  hand: Hand,
): void {
  const changes: Record<string, { readonly from: string }> = {};
  if (change.title !== undefined && change.title !== issue.title) {
    changes.title = { from: issue.title };
    issue.title = change.title;
  }
  if (change.body !== undefined && change.body !== issue.body) {
    changes.body = { from: issue.body ?? "" };
    issue.body = change.body;
  }
  const tell = (action: string, more: object = {}): void =>
    announce(world, repository, hand, "issues", action, {
      issue: renderIssue(world, repository, issue),
      ...more,
    });
  if (Object.keys(changes).length > 0) {
    issue.updatedAt = world.now();
    tell("edited", { changes });
  }
  if (change.state === undefined || change.state === issue.state) return;
  issue.state = change.state;
  issue.updatedAt = world.now();
  issue.closedAt = change.state === "closed" ? world.now() : null;
  issue.closedBy = change.state === "closed" ? hand.account : null;
  issue.stateReason = change.state === "closed" ? (change.reason ?? "completed") : "reopened";
  tell(change.state === "closed" ? "closed" : "reopened");
}
