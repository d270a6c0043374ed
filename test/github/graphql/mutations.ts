import type { GraphqlContext } from "./execute.ts";
import { commitMutations } from "./mutate-commits.ts";
import { conversationMutations } from "./mutate-conversations.ts";
import { issueMutations } from "./mutate-issues.ts";
import { pullMutations } from "./mutate-pulls.ts";
import { queueMutations } from "./mutate-queue.ts";
import { branchMutations } from "./mutate-refs.ts";

/** The fields of `Mutation`. graphql-js runs them one after the other. */
export function mutations(context: GraphqlContext): object {
  return {
    __typename: "Mutation",
    ...branchMutations(context),
    ...commitMutations(context),
    ...pullMutations(context),
    ...queueMutations(context),
    ...conversationMutations(context),
    ...issueMutations(context),
  };
}
