import type { Issue } from "../repository/issue.ts";
import type { Repository } from "../world.ts";
import type { PageArgs } from "./connection.ts";

export interface IssueArgs extends PageArgs {
  readonly states?: readonly string[] | null;
  readonly labels?: readonly string[] | null;
  readonly orderBy?: { readonly field: string; readonly direction: string } | null;
  readonly filterBy?: {
    readonly createdBy?: string | null;
    readonly since?: string | null;
    readonly labels?: readonly string[] | null;
    readonly states?: readonly string[] | null;
  } | null;
}

/** The issues that an `issues` field asks for, oldest first unless told; pull requests are none. */
export function findIssues(repository: Repository, args: IssueArgs): Issue[] {
  const filter = args.filterBy ?? {};
  const states = filter.states ?? args.states ?? null;
  const labels = (filter.labels ?? args.labels)?.map((name) => name.toLowerCase());
  const sinceMs = filter.since == null ? 0 : new Date(filter.since).getTime();
  const author = filter.createdBy?.toLowerCase();
  const issues = [...repository.issues.values()]
    .filter((issue) => issue.kind === "issue")
    .filter((issue) => states === null || states.includes(issue.state.toUpperCase()))
    .filter((issue) => labels === undefined || labels.some((name) => issue.labels.has(name)))
    .filter((issue) => author === undefined || issue.author.login.toLowerCase() === author)
    .filter((issue) => issue.updatedAt.getTime() >= sinceMs);
  const key = (issue: Issue): number => {
    switch (args.orderBy?.field) {
      case "UPDATED_AT":
        return issue.updatedAt.getTime();
      case "COMMENTS":
        return issue.comments.length;
      default:
        return issue.createdAt.getTime();
    }
  };
  issues.sort((one, other) => key(one) - key(other) || one.number - other.number);
  return args.orderBy?.direction === "DESC" ? issues.reverse() : issues;
}
