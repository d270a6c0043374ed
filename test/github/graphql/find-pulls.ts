import type { PullRequest } from "../pulls/pull-request.ts";
import type { Repository } from "../world.ts";
import type { PageArgs } from "./connection.ts";

export interface PullArgs extends PageArgs {
  readonly states?: readonly string[] | null;
  readonly baseRefName?: string | null;
  readonly headRefName?: string | null;
  readonly labels?: readonly string[] | null;
  readonly orderBy?: { readonly field: string; readonly direction: string } | null;
}

/** The pull requests that a `pullRequests` field asks for, oldest first unless told. */
export function findPulls(repository: Repository, args: PullArgs): PullRequest[] {
  const labels = args.labels?.map((name) => name.toLowerCase());
  const pulls = [...repository.issues.values()]
    .filter((issue) => issue.kind === "pull-request")
    .filter((pull) => args.states == null || args.states.includes(stateOf(pull)))
    .filter((pull) => args.baseRefName == null || pull.baseRef === args.baseRefName)
    .filter((pull) => args.headRefName == null || pull.headRef === args.headRefName)
    .filter((pull) => labels === undefined || labels.some((name) => pull.labels.has(name)));
  const key = (pull: PullRequest): number => {
    switch (args.orderBy?.field) {
      case "UPDATED_AT":
        return pull.updatedAt.getTime();
      case "COMMENTS":
        return pull.comments.length;
      default:
        return pull.createdAt.getTime();
    }
  };
  pulls.sort((one, other) => key(one) - key(other) || one.number - other.number);
  return args.orderBy?.direction === "DESC" ? pulls.reverse() : pulls;
}

function stateOf(pull: PullRequest): string {
  return pull.merge !== null ? "MERGED" : pull.state.toUpperCase();
}
