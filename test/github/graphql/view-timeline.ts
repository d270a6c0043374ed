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

/** What has happened to a pull request, as far as it is kept: that it was closed or reopened, the last time. Other events are an error. */
export function viewTimeline(
  { world }: GraphqlContext,
  repository: Repository,
  pull: PullRequest,
  args: TimelineArgs,
): object {
  const [type, ...others] = args.itemTypes ?? [];
  if (others.length > 0 || (type !== "CLOSED_EVENT" && type !== "REOPENED_EVENT"))
    throw new Error("the stand-in's timeline has only CLOSED_EVENT or only REOPENED_EVENT");
  const name = type === "CLOSED_EVENT" ? "ClosedEvent" : "ReopenedEvent";
  const { closedAt, closedBy, reopened } = pull;
  const closed = closedAt === null ? null : { at: closedAt, by: closedBy };
  const last = type === "CLOSED_EVENT" ? closed : reopened;
  const events = last === null ? [] : [last];
  return {
    ...connect("timelineItems", args, events, ({ at, by }) => ({
      __typename: name,
      id: formatNodeId(name, repository.id, pull.number),
      createdAt: formatTime(at),
      actor: () => (by === null ? null : viewActor(world, by)),
    })),
    filteredCount: events.length,
    pageCount: events.length,
    updatedAt: formatTime(pull.updatedAt),
  };
}
