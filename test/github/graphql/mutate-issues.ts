import type { Need } from "../auth/permissions.ts";
import { GitHubError } from "../github-error.ts";
import { deleteComment, editComment, findComment } from "../repository/comment-on-issue.ts";
import type { Issue } from "../repository/issue.ts";
import { pinIssue, unpinIssue } from "../repository/pin-issue.ts";
import { addReaction, type Reactable } from "../repository/react.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository } from "../world.ts";
import type { GraphqlContext } from "./execute.ts";
import { requireIssueNode, requireNode } from "./find-node.ts";
import { couldNotResolve } from "./graphql-error.ts";
import { type MutationInput, mutate, writeConversation } from "./mutation.ts";
import { viewComment, viewIssue } from "./view-conversation.ts";
import { reactionContentOf, viewReaction } from "./view-reactions.ts";

interface IssueInput extends MutationInput {
  readonly issueId: string;
}

interface ReactionInput extends MutationInput {
  readonly subjectId: string;
  readonly content: string;
}

interface CommentInput extends MutationInput {
  readonly id: string;
}

const pinIssues: Need = { anyOf: [["issues", "write"]], role: "write" };

export function issueMutations(context: GraphqlContext) {
  const { world } = context;
  return {
    pinIssue: ({ input }: { input: IssueInput }) => {
      const { repository, issue } = requireIssue(context, input.issueId);
      return mutate(context, repository, pinIssues, input, async (hand) => {
        pinIssue(world, repository, issue, hand);
        return { issue: () => viewIssue(context, repository, issue) };
      });
    },

    unpinIssue: ({ input }: { input: IssueInput }) => {
      const { repository, issue } = requireIssue(context, input.issueId);
      return mutate(context, repository, pinIssues, input, async (hand) => {
        unpinIssue(world, repository, issue, hand);
        return { issue: () => viewIssue(context, repository, issue) };
      });
    },

    addReaction: ({ input }: { input: ReactionInput }) => {
      const { repository, ...reactable } = requireReactable(context, input.subjectId);
      return mutate(context, repository, writeConversation, input, async (hand) => {
        const content = reactionContentOf(input.content);
        requireMayReactTo(reactable, hand);
        const reaction = addReaction(world, reactable, content, hand.account);
        return { reaction: () => viewReaction(context, reaction) };
      });
    },

    removeReaction: ({ input }: { input: ReactionInput }) => {
      const { repository, reactions } = requireReactable(context, input.subjectId);
      return mutate(context, repository, writeConversation, input, async (hand) => {
        const content = reactionContentOf(input.content);
        const index = reactions.findIndex((one) => one.author === hand.account && one.content === content);
        const [gone] = index === -1 ? [] : reactions.splice(index, 1);
        return { reaction: () => (gone === undefined ? null : viewReaction(context, gone)) };
      });
    },

    updateIssueComment: ({ input }: { input: CommentInput & { readonly body: string } }) => {
      const { repository, issue, comment } = requireComment(context, input.id);
      return mutate(context, repository, writeConversation, input, async (hand) => {
        editComment(world, repository, issue, comment, input.body, hand);
        return { issueComment: () => viewComment(context, repository, issue, comment) };
      });
    },

    deleteIssueComment: ({ input }: { input: CommentInput }) => {
      const { repository, issue, comment } = requireComment(context, input.id);
      return mutate(context, repository, writeConversation, input, async (hand) => {
        deleteComment(world, repository, issue, comment, hand);
        return {};
      });
    },

    minimizeComment: ({
      input,
    }: {
      input: MutationInput & { readonly subjectId: string; readonly classifier: string };
    }) => {
      const { repository, issue, comment } = requireComment(context, input.subjectId);
      return mutate(context, repository, { ...writeConversation, role: "write" }, input, async () => {
        comment.minimized = input.classifier;
        return { minimizedComment: () => viewComment(context, repository, issue, comment) };
      });
    },
  };
}

function requireIssue(context: GraphqlContext, id: string): { repository: Repository; issue: Issue } {
  const { repository, issue } = requireIssueNode(context, id);
  if (issue.kind !== "issue")
    throw couldNotResolve(`Could not resolve to Issue node with the global id of '${id}'.`);
  return { repository, issue };
}

export function requireComment(context: GraphqlContext, id: string) {
  const { kind, repository, rest } = requireNode(context, id);
  const found = kind === "IssueComment" ? findComment(repository, Number(rest)) : null;
  if (found === null) throw couldNotResolve(`Could not resolve to a node with the global id of '${id}'`);
  return { repository, ...found };
}

/** What one can react to: an issue, a pull request, a comment under either. */
function requireReactable(context: GraphqlContext, id: string): { repository: Repository } & Reactable {
  if (requireNode(context, id).kind === "IssueComment") {
    const { repository, issue, comment } = requireComment(context, id);
    return { repository, issue, reactions: comment.reactions };
  }
  const { repository, issue } = requireIssueNode(context, id);
  return { repository, issue, reactions: issue.reactions };
}

/** GraphQL words it as a missing right, whoever asks. */
function requireMayReactTo({ issue }: Reactable, { account }: Hand): void {
  if (issue.conversationLock === null) return;
  const message = `${account.login} does not have the correct permissions to execute \`AddReaction\``;
  throw new GitHubError(403, message, { type: "FORBIDDEN" });
}
