import { formatNodeId } from "../node-id.ts";
import type { Repository } from "../world.ts";
import type { GraphqlContext } from "./execute.ts";
import { viewActor } from "./view-account.ts";
import { viewIssue } from "./view-conversation.ts";
import { viewRepository } from "./view-repository.ts";

/** A `PinnedIssue`; null for one that is gone. */
export function viewPinnedIssue(
  context: GraphqlContext,
  repository: Repository,
  number: number,
): object | null {
  const issue = repository.issues.get(number);
  const pin = repository.pinnedIssues.find((one) => one.number === number);
  if (issue === undefined || pin === undefined) return null;
  return {
    __typename: "PinnedIssue",
    id: formatNodeId("PinnedIssue", repository.id, number),
    databaseId: issue.id,
    fullDatabaseId: String(issue.id),
    issue: () => viewIssue(context, repository, issue),
    pinnedBy: () => viewActor(context.world, pin.by),
    repository: () => viewRepository(context, repository),
  };
}
