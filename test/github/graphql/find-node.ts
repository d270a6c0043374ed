import { canSee } from "../auth/permissions.ts";
import { parseNodeId } from "../node-id.ts";
import type { PullRequest } from "../pulls/pull-request.ts";
import type { Issue } from "../repository/issue.ts";
import type { Repository } from "../world.ts";
import type { GraphqlContext } from "./execute.ts";
import { couldNotResolve } from "./graphql-error.ts";

/** Splits an id into its kind, its repository (seen by the caller) and the rest. Throws NOT_FOUND. */
export function requireNode(
  context: GraphqlContext,
  id: string,
): { readonly kind: string; readonly repository: Repository; readonly rest: string } {
  const parsed = parseNodeId(id);
  const [first = "", rest = ""] = parsed?.parts ?? [];
  const repository = [...context.world.repositories.values()].find((one) => String(one.id) === first);
  if (parsed === null || repository === undefined || !canSee(context.caller, repository)) {
    throw couldNotResolve(`Could not resolve to a node with the global id of '${id}'`);
  }
  return { kind: parsed.kind, repository, rest };
}

/** The pull request behind an id. Throws NOT_FOUND. */
export function requirePullNode(
  context: GraphqlContext,
  id: string,
): { readonly repository: Repository; readonly pull: PullRequest } {
  const { repository, issue } = requireIssueNode(context, id);
  if (issue.kind !== "pull-request")
    throw couldNotResolve(`Could not resolve to PullRequest node with the global id of '${id}'.`);
  return { repository, pull: issue };
}

/** The issue or pull request behind an id. Throws NOT_FOUND. */
export function requireIssueNode(
  context: GraphqlContext,
  id: string,
): { readonly repository: Repository; readonly issue: Issue | PullRequest } {
  const { repository, rest } = requireNode(context, id);
  const issue = repository.issues.get(Number(rest));
  if (issue === undefined) throw couldNotResolve(`Could not resolve to a node with the global id of '${id}'`);
  return { repository, issue };
}
