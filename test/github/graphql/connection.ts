import { GitHubError } from "../github-error.ts";

export interface PageArgs {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

/** A connection over a list that is there as a whole. `name` is the field's, for the error about a missing size. */
export function connect<Item>(
  name: string,
  args: PageArgs,
  items: readonly Item[],
  view: (item: Item) => object | null | Promise<object | null>,
) {
  requirePageSize(name, args);
  let start = args.after == null ? 0 : parseCursor(args.after) + 1;
  let end = args.before == null ? items.length : parseCursor(args.before);
  if (args.first != null) end = Math.min(end, start + args.first);
  else if (args.last != null) start = Math.max(start, end - args.last);
  const page = items.slice(start, end);
  return {
    totalCount: items.length,
    nodes: () => page.map(view),
    edges: () => page.map((item, index) => ({ cursor: formatCursor(start + index), node: () => view(item) })),
    pageInfo: {
      hasNextPage: end < items.length,
      hasPreviousPage: start > 0,
      startCursor: page.length === 0 ? null : formatCursor(start),
      endCursor: page.length === 0 ? null : formatCursor(start + page.length - 1),
    },
  };
}

/** GitHub refuses a connection without a size, and one above 100. */
export function requirePageSize(name: string, args: PageArgs): void {
  const size = args.first ?? args.last;
  if (size == null) {
    throw new GitHubError(
      422,
      `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`,
      { type: "MISSING_PAGINATION_BOUNDARIES" },
    );
  }
  if (size > 100 || size < 0) {
    throw new GitHubError(
      422,
      `Requesting ${size} records on the \`${name}\` connection exceeds the \`first\` limit of 100 records.`,
      { type: "EXCESSIVE_PAGINATION" },
    );
  }
}

function formatCursor(position: number): string {
  return Buffer.from(`cursor:v2:${position}`).toString("base64");
}

function parseCursor(cursor: string): number {
  const position = /^cursor:v2:(\d+)$/.exec(Buffer.from(cursor, "base64").toString("utf8"))?.[1];
  if (position === undefined) {
    throw new GitHubError(422, `\`${cursor}\` does not appear to be a valid cursor.`, {
      type: "INVALID_CURSOR_ARGUMENTS",
    });
  }
  return Number(position);
}
