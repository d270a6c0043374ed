import { readObject } from "../git/git-repository.ts";
import { notFound } from "../github-error.ts";
import { formatNodeId } from "../node-id.ts";
import type { Repository, World } from "../world.ts";
import { repositoryUrl } from "./repository.ts";

/** The `git-ref` of REST. `ref` is a full name. */
export async function renderRef(world: World, repository: Repository, ref: string) {
  const object = await readObject(repository.git, ref);
  if (object === null) throw notFound();
  const url = repositoryUrl(world, repository);
  return {
    ref,
    node_id: formatNodeId("Ref", repository.id, ref),
    url: `${url}/git/${ref}`,
    object: { sha: object.oid, type: object.type, url: `${url}/git/${object.type}s/${object.oid}` },
  };
}
