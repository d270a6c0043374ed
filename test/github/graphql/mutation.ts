import { handOf } from "../auth/caller.ts";
import { type Need, requireAccess } from "../auth/permissions.ts";
import { GitHubError } from "../github-error.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository } from "../world.ts";
import type { GraphqlContext } from "./execute.ts";

export interface MutationInput {
  readonly clientMutationId?: string | null;
}

/** Access that several mutations need. */
export const writeContents: Need = { anyOf: [["contents", "write"]], role: "write" };
export const writePulls: Need = { anyOf: [["pull_requests", "write"]], role: "write" };
export const writeConversation: Need = {
  anyOf: [
    ["issues", "write"],
    ["pull_requests", "write"],
  ],
  role: "read",
};

/** Checks access and runs one mutation alone in its repository. */
export async function mutate(
  context: GraphqlContext,
  repository: Repository,
  need: Need,
  input: MutationInput,
  run: (hand: Hand) => Promise<object>,
): Promise<object> {
  requireAccess(context.caller, repository, need);
  const hand = handOf(context.world, context.caller);
  const payload = await repository.lock.run(() => run(hand));
  return { clientMutationId: input.clientMutationId ?? null, ...payload };
}

/** GraphQL gives every refusal of a write this type where it has none of its own. */
export function refuse(message: string): GitHubError {
  return new GitHubError(422, message, { type: "UNPROCESSABLE" });
}
