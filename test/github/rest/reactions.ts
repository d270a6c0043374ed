import { type Caller, handOf } from "../auth/caller.ts";
import { notFound } from "../github-error.ts";
import { renderReaction } from "../render/issue.ts";
import type { Reaction, ReactionContent } from "../repository/issue.ts";
import { addReaction, type Reactable } from "../repository/react.ts";
import type { World } from "../world.ts";
import { requireComment } from "./comments.ts";
import { requireIssue } from "./issues.ts";
import { list, type RestAnswer, type RestHandlers } from "./operation.ts";

export const reactionOperations = {
  "reactions/list-for-issue-comment": ({ world, repository, path, query }) => {
    const { comment } = requireComment(repository, Number(path.comment_id));
    return listReactions(world, comment.reactions, query.content);
  },

  "reactions/create-for-issue-comment": ({ world, repository, path, body, caller }) => {
    const { issue, comment } = requireComment(repository, Number(path.comment_id));
    return createReaction(world, { issue, reactions: comment.reactions }, body.content, caller);
  },

  "reactions/delete-for-issue-comment": ({ world, repository, path, caller }) => {
    const { comment } = requireComment(repository, Number(path.comment_id));
    return deleteReaction(world, comment.reactions, path.reaction_id, caller);
  },

  "reactions/list-for-issue": ({ world, repository, path, query }) =>
    listReactions(world, requireIssue(repository, path.issue_number).reactions, query.content),

  "reactions/create-for-issue": ({ world, repository, path, body, caller }) => {
    const issue = requireIssue(repository, path.issue_number);
    return createReaction(world, { issue, reactions: issue.reactions }, body.content, caller);
  },

  "reactions/delete-for-issue": ({ world, repository, path, caller }) =>
    deleteReaction(world, requireIssue(repository, path.issue_number).reactions, path.reaction_id, caller),
} satisfies RestHandlers;

function listReactions(
  world: World,
  reactions: readonly Reaction[],
  content: ReactionContent | undefined,
): RestAnswer {
  const wanted = reactions.filter((reaction) => content === undefined || reaction.content === content);
  return list(wanted, (reaction) => renderReaction(world, reaction));
}

/** A 200 tells that this account had reacted so before. */
function createReaction(
  world: World,
  reactable: Reactable,
  content: ReactionContent,
  caller: Caller,
): RestAnswer {
  const before = reactable.reactions.length;
  const reaction = addReaction(world, reactable, content, handOf(world, caller).account);
  return { status: reactable.reactions.length === before ? 200 : 201, body: renderReaction(world, reaction) };
}

/** Everyone takes back their own alone. */
function deleteReaction(world: World, reactions: Reaction[], id: number, caller: Caller): RestAnswer {
  const { account } = handOf(world, caller);
  const index = reactions.findIndex((reaction) => reaction.id === id && reaction.author === account);
  if (index === -1) throw notFound();
  reactions.splice(index, 1);
  return { status: 204 };
}
