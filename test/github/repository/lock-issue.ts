import { roleOf, roles } from "../auth/permissions.ts";
import { GitHubError } from "../github-error.ts";
import { announcePull } from "../pulls/announce-pull.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { renderIssue } from "../render/issue.ts";
import { announce, type Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import type { Issue, LockReason } from "./issue.ts";

/** Locks a conversation, or gives its lock another reason; `unlocked` opens it again. Runs inside the lock of the repository. */
export async function lockIssue(
  world: World,
  repository: Repository,
  issue: Issue | PullRequest,
  lock: { readonly reason: LockReason | null } | "unlocked",
  hand: Hand,
): Promise<void> {
  const was = issue.conversationLock !== null;
  issue.conversationLock = lock === "unlocked" ? null : lock;
  const is = issue.conversationLock !== null;
  if (was === is) return;
  issue.updatedAt = world.now();
  const action = is ? "locked" : "unlocked";
  if (issue.kind === "pull-request") await announcePull(world, repository, issue, hand, action);
  else announce(world, repository, hand, "issues", action, { issue: renderIssue(world, repository, issue) });
}

/** Throws where the conversation is locked and this is nobody who may write here: no App is, whatever its permissions. */
export function requireMayComment(repository: Repository, issue: Issue | PullRequest, hand: Hand): void {
  if (issue.conversationLock === null || mayStillTalk(repository, hand)) return;
  throw new GitHubError(403, "Unable to create comment because issue is locked.", {
    type: "FORBIDDEN",
    documentationUrl: "https://docs.github.com/articles/locking-conversations/",
  });
}

/** Throws where the conversation is locked: nobody reacts there, not even those who may still comment. */
export function requireMayReact(issue: Issue | PullRequest): void {
  if (issue.conversationLock === null) return;
  throw new GitHubError(403, "Unable to create reaction because issue is locked.", { type: "FORBIDDEN" });
}

function mayStillTalk(repository: Repository, { account, app }: Hand): boolean {
  const role = app === null ? roleOf(repository, account.login) : null;
  return role !== null && roles.indexOf(role) >= roles.indexOf("write");
}
