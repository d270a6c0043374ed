import { formatNodeId } from "../node-id.ts";
import type { Repository } from "../world.ts";
import { connect } from "./connection.ts";
import type { GraphqlContext } from "./execute.ts";
import { findPulls, type PullArgs } from "./find-pulls.ts";
import { viewObject } from "./view-git-object.ts";
import { viewPull } from "./view-pull.ts";
import { viewRepository } from "./view-repository.ts";

/** A `Ref`; `ref` is its full name. */
export function viewRef(context: GraphqlContext, repository: Repository, ref: string, oid: string): object {
  const [, prefix = "refs/", name = ref] = /^(refs\/(?:heads|tags|pull)\/)(.+)$/.exec(ref) ?? [];
  return {
    __typename: "Ref",
    id: formatNodeId("Ref", repository.id, ref),
    name,
    prefix,
    target: () => viewObject(context, repository, oid),
    repository: () => viewRepository(context, repository),
    associatedPullRequests: (args: PullArgs) =>
      connect(
        "associatedPullRequests",
        args,
        findPulls(repository, { ...args, headRefName: name }).filter(
          (pull) => pull.headRepository === repository,
        ),
        (pull) => viewPull(context, repository, pull),
      ),
  };
}
