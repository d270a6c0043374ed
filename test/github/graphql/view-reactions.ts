import { actorOf } from "../auth/caller.ts";
import { formatNodeId } from "../node-id.ts";
import { formatTime } from "../render/time.ts";
import { type Reaction, type ReactionContent, reactionContents } from "../repository/issue.ts";
import { connect, type PageArgs } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { viewActor, viewUser } from "./view-account.ts";

export interface ReactionArgs extends PageArgs {
  readonly content?: string | null;
}

/** GraphQL's names of what REST writes as `+1`. */
const reactionNames: Readonly<Record<ReactionContent, string>> = {
  "+1": "THUMBS_UP",
  "-1": "THUMBS_DOWN",
  laugh: "LAUGH",
  confused: "CONFUSED",
  heart: "HEART",
  hooray: "HOORAY",
  rocket: "ROCKET",
  eyes: "EYES",
};

/** GraphQL itself has refused any other name before. */
export function reactionContentOf(name: string): ReactionContent {
  const content = reactionContents.find((one) => reactionNames[one] === name);
  if (content === undefined) throw new Error(`GitHub's schema has no reaction ${name}.`);
  return content;
}

/** A `ReactionConnection`. */
export function viewReactions(context: GraphqlContext, reactions: readonly Reaction[], args: ReactionArgs) {
  const wanted = reactions.filter(
    ({ content }) => args.content == null || reactionNames[content] === args.content,
  );
  return {
    ...connect("reactions", args, wanted, (reaction) => viewReaction(context, reaction)),
    viewerHasReacted: wanted.some((reaction) => isOwn(context, reaction)),
  };
}

/** One group for each reaction that there is, given or not. */
export function viewReactionGroups(context: GraphqlContext, reactions: readonly Reaction[]): object[] {
  return reactionContents.map((content) => {
    const given = reactions.filter((reaction) => reaction.content === content);
    return {
      content: reactionNames[content],
      createdAt: given[0] === undefined ? null : formatTime(given[0].createdAt),
      viewerHasReacted: given.some((reaction) => isOwn(context, reaction)),
      reactors: (args: PageArgs) =>
        connect("reactors", args, given, ({ author }) => viewActor(context.world, author)),
    };
  });
}

export function viewReaction(context: GraphqlContext, reaction: Reaction): object {
  const { author } = reaction;
  return {
    __typename: "Reaction",
    id: formatNodeId("Reaction", reaction.id),
    databaseId: reaction.id,
    content: reactionNames[reaction.content],
    createdAt: formatTime(reaction.createdAt),
    // An App's reaction is nobody's here: GitHub's type is a user.
    user: () => (author.kind === "User" ? viewUser(context.world, author) : null),
  };
}

function isOwn(context: GraphqlContext, { author }: Reaction): boolean {
  return actorOf(context.world, context.caller) === author;
}
