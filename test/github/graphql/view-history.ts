import { countCommits, type HistoryQuery, listCommits } from "../git/history.ts";
import { GitHubError } from "../github-error.ts";
import type { Repository } from "../world.ts";
import { type PageArgs, requirePageSize } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { viewCommit } from "./view-commit.ts";

export interface HistoryArgs extends PageArgs {
  readonly path?: string | null;
  readonly since?: string | null;
  readonly until?: string | null;
  readonly author?: { readonly id?: string | null; readonly emails?: readonly string[] | null } | null;
}

/** A commit's `history`, which is git's own log; its cursors are `<oid> <position>`, as GitHub's. */
export async function viewHistory(
  context: GraphqlContext,
  repository: Repository,
  oid: string,
  args: HistoryArgs,
) {
  requirePageSize("history", args);
  if (args.last != null || args.before != null) {
    throw new GitHubError(422, "GitHub stand-in: history pages forward only (`first`, `after`).");
  }
  const first = args.first ?? 0;
  const skip = args.after == null ? 0 : parseHistoryCursor(args.after) + 1;
  const query: HistoryQuery = {
    from: oid,
    ...(args.path == null ? {} : { path: args.path }),
    ...(args.since == null ? {} : { since: args.since }),
    ...(args.until == null ? {} : { until: args.until }),
    ...(args.author?.emails?.[0] == null ? {} : { author: args.author.emails[0] }),
  };
  const found = await listCommits(repository.git, { ...query, skip, limit: first + 1 });
  const page = found.slice(0, first);
  const cursor = (position: number): string => `${oid} ${position}`;
  return {
    totalCount: () => countCommits(repository.git, query),
    nodes: () => page.map((commit) => viewCommit(context, repository, commit)),
    edges: () =>
      page.map((commit, index) => ({
        cursor: cursor(skip + index),
        node: () => viewCommit(context, repository, commit),
      })),
    pageInfo: {
      hasNextPage: found.length > first,
      hasPreviousPage: skip > 0,
      startCursor: page.length === 0 ? null : cursor(skip),
      endCursor: page.length === 0 ? null : cursor(skip + page.length - 1),
    },
  };
}

function parseHistoryCursor(cursor: string): number {
  const position = /^[0-9a-f]{40} (\d+)$/.exec(cursor)?.[1];
  if (position === undefined) {
    throw new GitHubError(422, `\`${cursor}\` does not appear to be a valid cursor.`, {
      type: "INVALID_CURSOR_ARGUMENTS",
    });
  }
  return Number(position);
}
