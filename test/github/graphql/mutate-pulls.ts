import { actorOf } from "../auth/caller.ts";
import type { Need } from "../auth/permissions.ts";
import { disableAutoMerge, enableAutoMerge } from "../pulls/auto-merge.ts";
import { changePull, type PullChange } from "../pulls/change-pull.ts";
import { createPull } from "../pulls/create-pull.ts";
import { mergePull } from "../pulls/merge-pull.ts";
import type { MergeMethod } from "../pulls/pull-request.ts";
import type { GraphqlContext } from "./execute.ts";
import { requireNode, requirePullNode } from "./find-node.ts";
import { type MutationInput, mutate, refuse, writeContents, writePulls } from "./mutation.ts";
import { viewActor } from "./view-account.ts";
import { viewPull } from "./view-pull.ts";

interface CreatePullInput extends MutationInput {
  readonly repositoryId: string;
  readonly baseRefName: string;
  readonly headRefName: string;
  readonly title: string;
  readonly body?: string | null;
  readonly draft?: boolean | null;
}

interface PullInput extends MutationInput {
  readonly pullRequestId: string;
}

interface UpdatePullInput extends PullInput {
  readonly title?: string | null;
  readonly body?: string | null;
  readonly state?: "OPEN" | "CLOSED" | null;
  readonly baseRefName?: string | null;
}

interface MergeInput extends PullInput {
  readonly mergeMethod?: "MERGE" | "SQUASH" | "REBASE" | null;
  readonly commitHeadline?: string | null;
  readonly commitBody?: string | null;
  readonly expectedHeadOid?: string | null;
}

const openPulls: Need = { anyOf: [["pull_requests", "write"]], role: "read" };
const methods: Readonly<Record<string, MergeMethod>> = { MERGE: "merge", SQUASH: "squash", REBASE: "rebase" };

export function pullMutations(context: GraphqlContext) {
  const { world } = context;
  const change = (input: PullInput, wish: PullChange): Promise<object> => {
    const { repository, pull } = requirePullNode(context, input.pullRequestId);
    return mutate(context, repository, openPulls, input, async (hand) => {
      await changePull(world, repository, pull, wish, hand);
      return { pullRequest: () => viewPull(context, repository, pull) };
    });
  };
  const actor = (): object | null => {
    const account = actorOf(world, context.caller);
    return account === null ? null : viewActor(world, account);
  };
  return {
    createPullRequest: ({ input }: { input: CreatePullInput }) => {
      const { repository } = requireNode(context, input.repositoryId);
      return mutate(context, repository, openPulls, input, async (hand) => {
        const wish = {
          title: input.title,
          body: input.body ?? null,
          head: input.headRefName,
          base: input.baseRefName,
          draft: input.draft === true ? ("draft" as const) : ("ready" as const),
        };
        const pull = await createPull(world, repository, wish, hand);
        return { pullRequest: () => viewPull(context, repository, pull) };
      });
    },

    updatePullRequest: async ({ input }: { input: UpdatePullInput }) => ({
      ...(await change(input, {
        ...(input.title == null ? {} : { title: input.title }),
        ...(input.body == null ? {} : { body: input.body }),
        ...(input.baseRefName == null ? {} : { base: input.baseRefName }),
        ...(input.state == null ? {} : { state: input.state === "OPEN" ? "open" : "closed" }),
      })),
      actor,
    }),

    closePullRequest: ({ input }: { input: PullInput }) => change(input, { state: "closed" }),
    reopenPullRequest: ({ input }: { input: PullInput }) => change(input, { state: "open" }),
    convertPullRequestToDraft: ({ input }: { input: PullInput }) => change(input, { draft: "draft" }),
    markPullRequestReadyForReview: ({ input }: { input: PullInput }) => change(input, { draft: "ready" }),

    mergePullRequest: ({ input }: { input: MergeInput }) => {
      const { repository, pull } = requirePullNode(context, input.pullRequestId);
      return mutate(context, repository, writeContents, input, async (hand) => {
        await mergePull(world, repository, pull, mergeWish(input), hand);
        return { pullRequest: () => viewPull(context, repository, pull), actor };
      });
    },

    enablePullRequestAutoMerge: ({ input }: { input: MergeInput }) => {
      const { repository, pull } = requirePullNode(context, input.pullRequestId);
      return mutate(context, repository, writePulls, input, async (hand) => {
        await enableAutoMerge(world, repository, pull, mergeWish(input), hand);
        return { pullRequest: () => viewPull(context, repository, pull), actor };
      });
    },

    disablePullRequestAutoMerge: ({ input }: { input: PullInput }) => {
      const { repository, pull } = requirePullNode(context, input.pullRequestId);
      return mutate(context, repository, writePulls, input, async (hand) => {
        await disableAutoMerge(world, repository, pull, hand);
        return { pullRequest: () => viewPull(context, repository, pull), actor };
      });
    },
  };
}

function mergeWish(input: MergeInput) {
  const method = methods[input.mergeMethod ?? "MERGE"];
  if (method === undefined) throw refuse(`Unknown merge method ${input.mergeMethod}`);
  return {
    method,
    title: input.commitHeadline ?? null,
    message: input.commitBody ?? null,
    expectedHead: input.expectedHeadOid ?? null,
  };
}
