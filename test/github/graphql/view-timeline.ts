import { formatNodeId } from "../node-id.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { formatTime } from "../render/time.ts";
import type { Repository } from "../world.ts";
import { connect, type PageArgs } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { viewActor } from "./view-account.ts";

export interface TimelineArgs extends PageArgs {
  readonly itemTypes?: readonly string[] | null;
}

/** What has happened to a pull request, as far as it is kept: that it was closed, the last time. Other events are an error. */
export function viewTimeline(
  { world }: GraphqlContext,
  repository: Repository,
  pull: PullRequest,
  args: TimelineArgs,
): object {
  if (args.itemTypes?.length !== 1 || args.itemTypes[0] !== "CLOSED_EVENT")
    throw new Error("the stand-in's timeline has only CLOSED_EVENT");
  const { closedAt, closedBy } = pull;
  const closed = closedAt === null ? [] : [{ at: closedAt, by: closedBy }];
  return {
    ...connect("timelineItems", args, closed, ({ at, by }) => ({
      __typename: "ClosedEvent",
      id: formatNodeId("ClosedEvent", repository.id, pull.number),
      createdAt: formatTime(at),
      actor: () => (by === null ? null : viewActor(world, by)),
    })),
    filteredCount: closed.length,
    pageCount: closed.length,
    updatedAt: formatTime(pull.updatedAt),
  };
}
