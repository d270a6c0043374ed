import { formatNodeId, type NodeKind } from "../node-id.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import { formatTime } from "../render/time.ts";
import type { Account, Repository } from "../world.ts";
import { connect, type PageArgs } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { viewActor } from "./view-account.ts";

export interface TimelineArgs extends PageArgs {
  readonly itemTypes?: readonly string[] | null;
}

/** What has happened to a pull request, as far as it is kept: that it was closed, reopened or moved to another base, the last time each. Other events are an error. */
export function viewTimeline(
  { world }: GraphqlContext,
  repository: Repository,
  pull: PullRequest,
  args: TimelineArgs,
): object {
  const events = (args.itemTypes ?? [])
    .flatMap((type) => eventsOf(pull, type))
    .toSorted((a, b) => a.at.getTime() - b.at.getTime());
  return {
    ...connect("timelineItems", args, events, ({ name, at, by }) => ({
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

type TimelineEvent = { readonly name: NodeKind; readonly at: Date; readonly by: Account | null };

function eventsOf({ closedAt, closedBy, reopened, baseChanged }: PullRequest, type: string): TimelineEvent[] {
  switch (type) {
    case "CLOSED_EVENT":
      return closedAt === null ? [] : [{ name: "ClosedEvent", at: closedAt, by: closedBy }];
    case "REOPENED_EVENT":
      return reopened === null ? [] : [{ name: "ReopenedEvent", ...reopened }];
    case "BASE_REF_CHANGED_EVENT":
      return baseChanged === null ? [] : [{ name: "BaseRefChangedEvent", ...baseChanged }];
    // The stand-in moves no base by itself.
    case "AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT":
      return [];
    default:
      throw new Error(`the stand-in's timeline has no ${type}`);
  }
}
