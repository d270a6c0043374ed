import { unprocessable } from "../github-error.ts";
import { dequeuePull, enqueuePull } from "../pulls/merge-queue.ts";
import type { GraphqlContext } from "./execute.ts";
import { requirePullNode } from "./find-node.ts";
import { type MutationInput, mutate, writeContents } from "./mutation.ts";
import { viewQueueEntry } from "./view-merge-queue.ts";

interface EnqueueInput extends MutationInput {
  readonly pullRequestId: string;
  readonly expectedHeadOid?: string | null;
  readonly jump?: boolean | null;
}

interface DequeueInput extends MutationInput {
  /** Of the pull request, as GitHub's schema says. */
  readonly id: string;
}

export function queueMutations(context: GraphqlContext) {
  const { world } = context;
  return {
    enqueuePullRequest: ({ input }: { input: EnqueueInput }) => {
      const { repository, pull } = requirePullNode(context, input.pullRequestId);
      return mutate(context, repository, writeContents, input, async (hand) => {
        const wish = {
          expectedHead: input.expectedHeadOid ?? null,
          place: input.jump === true ? ("front" as const) : ("back" as const),
        };
        await enqueuePull(world, repository, pull, wish, hand);
        return { mergeQueueEntry: () => viewQueueEntry(context, repository, pull) };
      });
    },

    dequeuePullRequest: ({ input }: { input: DequeueInput }) => {
      const { repository, pull } = requirePullNode(context, input.id);
      return mutate(context, repository, writeContents, input, async (hand) => {
        if (pull.queueEntry === null) throw unprocessable("Pull request is not in the queue");
        const mergeQueueEntry = viewQueueEntry(context, repository, pull);
        await dequeuePull(world, repository, pull, "MANUAL", hand);
        return { mergeQueueEntry };
      });
    },
  };
}
