import { actorOf } from "../auth/caller.ts";
import { canSee } from "../auth/permissions.ts";
import { GitHubError } from "../github-error.ts";
import { findMoved } from "../http/redirect.ts";
import { findRepository } from "../world.ts";
import type { GraphqlContext } from "./execute.ts";
import { couldNotResolve } from "./graphql-error.ts";
import { viewUser } from "./view-account.ts";
import { viewNode } from "./view-node.ts";
import { viewRepository } from "./view-repository.ts";

interface RepositoryArgs {
  readonly owner: string;
  readonly name: string;
  /** True unless given. */
  readonly followRenames?: boolean | null;
}

/** The fields of `Query`. */
export function queryRoot(context: GraphqlContext): object {
  const { world, caller } = context;
  return {
    __typename: "Query",
    repository: ({ owner, name, followRenames }: RepositoryArgs) => {
      const moved = followRenames === false ? null : findMoved(world, caller, owner, name);
      const repository = findRepository(world, owner, name) ?? moved;
      if (repository === null || !canSee(caller, repository)) {
        throw couldNotResolve(`Could not resolve to a Repository with the name '${owner}/${name}'.`);
      }
      return viewRepository(context, repository);
    },
    viewer: () => {
      const account = actorOf(world, caller);
      if (account === null) throw new GitHubError(401, "Requires authentication");
      return viewUser(world, account);
    },
    user: ({ login }: { login: string }) => {
      const account = world.accounts.get(login.toLowerCase());
      if (account?.kind !== "User")
        throw couldNotResolve(`Could not resolve to a User with the login of '${login}'.`);
      return viewUser(world, account);
    },
    node: ({ id }: { id: string }) => viewNode(context, id),
    nodes: ({ ids }: { ids: readonly string[] }) => ids.map((id) => viewNode(context, id)),
    rateLimit: () => {
      const { limit, remaining, used, resetSeconds } = context.rateLimit();
      return {
        cost: context.cost,
        limit,
        remaining,
        used,
        nodeCount: 0,
        resetAt: new Date(resetSeconds * 1000).toISOString(),
      };
    },
  };
}
