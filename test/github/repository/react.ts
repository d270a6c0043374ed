import type { PullRequest } from "../pulls/pull-request.ts";
import type { Account, World } from "../world.ts";
import type { Issue, Reaction, ReactionContent } from "./issue.ts";
import { requireMayReact } from "./lock-issue.ts";

/** What can be reacted to: an issue, a pull request, or a comment under either. */
export interface Reactable {
  readonly issue: Issue | PullRequest;
  readonly reactions: Reaction[];
}

/** Adds a reaction, or gives the one that the account has put there before. GitHub sends no webhook for either. */
export function addReaction(
  world: World,
  { issue, reactions }: Reactable,
  content: ReactionContent,
  author: Account,
): Reaction {
  requireMayReact(issue);
  const known = reactions.find((one) => one.author === author && one.content === content);
  if (known !== undefined) return known;
  const reaction: Reaction = { id: world.nextId(), author, content, createdAt: world.now() };
  reactions.push(reaction);
  return reaction;
}
