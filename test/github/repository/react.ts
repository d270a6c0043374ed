import type { Account, World } from "../world.ts";
import type { Reaction, ReactionContent } from "./issue.ts";

/** Adds a reaction, or gives the one that the account has put there before. GitHub sends no webhook for either. */
export function addReaction(
  world: World,
  reactions: Reaction[],
  content: ReactionContent,
  author: Account,
): Reaction {
  const known = reactions.find((one) => one.author === author && one.content === content);
  if (known !== undefined) return known;
  const reaction: Reaction = { id: world.nextId(), author, content, createdAt: world.now() };
  reactions.push(reaction);
  return reaction;
}
