import type { PullRequest } from "../pulls/pull-request.ts";
import { addComment } from "../repository/comment-on-issue.ts";
import type { Issue, Label } from "../repository/issue.ts";
import { addLabels, removeLabel } from "../repository/label-issue.ts";
import type { Repository } from "../world.ts";
import { connect } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { requireIssueNode, requireNode } from "./find-node.ts";
import { couldNotResolve } from "./graphql-error.ts";
import { type MutationInput, mutate, writeConversation } from "./mutation.ts";
import { viewComment, viewIssue } from "./view-conversation.ts";
import { viewPull } from "./view-pull.ts";

interface LabelsInput extends MutationInput {
  readonly labelableId: string;
  readonly labelIds: readonly string[];
}

interface CommentInput extends MutationInput {
  readonly subjectId: string;
  readonly body: string;
}

export function conversationMutations(context: GraphqlContext) {
  const { world } = context;
  return {
    addLabelsToLabelable: ({ input }: { input: LabelsInput }) => {
      const { repository, issue } = requireIssueNode(context, input.labelableId);
      return mutate(context, repository, { ...writeConversation, role: "triage" }, input, async (hand) => {
        const labels = input.labelIds.map((id) => requireLabel(context, id));
        await addLabels(world, repository, issue, labels, hand);
        return { labelable: () => viewLabelable(context, repository, issue) };
      });
    },

    removeLabelsFromLabelable: ({ input }: { input: LabelsInput }) => {
      const { repository, issue } = requireIssueNode(context, input.labelableId);
      return mutate(context, repository, { ...writeConversation, role: "triage" }, input, async (hand) => {
        for (const id of input.labelIds) {
          const { name } = requireLabel(context, id);
          if (issue.labels.has(name.toLowerCase())) await removeLabel(world, repository, issue, name, hand);
        }
        return { labelable: () => viewLabelable(context, repository, issue) };
      });
    },

    addComment: ({ input }: { input: CommentInput }) => {
      const { repository, issue } = requireIssueNode(context, input.subjectId);
      return mutate(context, repository, writeConversation, input, async (hand) => {
        const comment = addComment(world, repository, issue, input.body, hand);
        return {
          subject: () => viewLabelable(context, repository, issue),
          commentEdge: () => ({
            ...connect("comments", { first: 1 }, [comment], () => null).edges()[0],
            node: () => viewComment(context, repository, issue, comment),
          }),
        };
      });
    },
  };
}

function requireLabel(context: GraphqlContext, id: string): Label {
  const { repository, rest } = requireNode(context, id);
  const label = [...repository.labels.values()].find((one) => String(one.id) === rest);
  if (label === undefined) throw couldNotResolve(`Could not resolve to a node with the global id of '${id}'`);
  return label;
}

function viewLabelable(context: GraphqlContext, repository: Repository, issue: Issue | PullRequest): object {
  return issue.kind === "pull-request"
    ? viewPull(context, repository, issue)
    : viewIssue(context, repository, issue);
}
