import { readCommit, readEntry, readObject, readTree } from "../git/git-repository.ts";
import type { TreeEntry } from "../git/parse-tree.ts";
import { formatNodeId } from "../node-id.ts";
import { fullName, type Repository } from "../world.ts";
import type { GraphqlContext } from "./execute.ts";
import { viewCommit } from "./view-commit.ts";
import { viewRepository } from "./view-repository.ts";

/** GitHub gives no more than this much of a blob's text, and says so in `isTruncated`. */
const mostTextBytes = 512_000;

/** The object that a revision names (`main:Pulumi.yaml`, an oid); null when there is none. */
export async function viewObject(
  context: GraphqlContext,
  repository: Repository,
  revision: string,
): Promise<object | null> {
  const object = await readObject(repository.git, revision);
  if (object === null) return null;
  switch (object.type) {
    case "commit": {
      const commit = await readCommit(repository.git, object.oid);
      return commit === null ? null : viewCommit(context, repository, commit);
    }
    case "tree":
      return viewTree(context, repository, object.oid);
    case "blob":
      return viewBlob(context, repository, object.oid, object.content);
    default:
      throw new Error("GitHub stand-in: annotated tags are not implemented in GraphQL.");
  }
}

export function viewTree(context: GraphqlContext, repository: Repository, oid: string, path = ""): object {
  return {
    __typename: "Tree",
    ...viewIdentity(context, repository, "Tree", oid),
    entries: async () => {
      const entries = (await readTree(repository.git, oid)) ?? [];
      return entries.map((entry) => viewTreeEntry(context, repository, entry, path));
    },
  };
}

/** The entry of one path of a commit; null when it is not there. */
export async function viewEntry(
  context: GraphqlContext,
  repository: Repository,
  commit: string,
  path: string,
): Promise<object | null> {
  const entry = await readEntry(repository.git, commit, path);
  const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : "";
  return entry === null ? null : viewTreeEntry(context, repository, entry, parent);
}

function viewTreeEntry(
  context: GraphqlContext,
  repository: Repository,
  entry: TreeEntry,
  parent: string,
): object {
  const path = `${parent}${entry.name}`;
  return {
    __typename: "TreeEntry",
    name: entry.name,
    path,
    mode: Number.parseInt(entry.mode, 8),
    type: entry.type,
    oid: entry.oid,
    extension: /\.[^.]*$/.exec(entry.name)?.[0] ?? "",
    isGenerated: false,
    size: async () =>
      entry.type === "blob" ? ((await readObject(repository.git, entry.oid))?.content.length ?? 0) : 0,
    object: () =>
      entry.type === "tree"
        ? viewTree(context, repository, entry.oid, `${path}/`)
        : viewObject(context, repository, entry.oid),
    repository: () => viewRepository(context, repository),
  };
}

function viewBlob(context: GraphqlContext, repository: Repository, oid: string, content: Buffer): object {
  const isBinary = content.subarray(0, 8000).includes(0);
  return {
    __typename: "Blob",
    ...viewIdentity(context, repository, "Blob", oid),
    byteSize: content.length,
    isBinary,
    isTruncated: content.length > mostTextBytes,
    text: isBinary ? null : content.subarray(0, mostTextBytes).toString("utf8"),
  };
}

function viewIdentity(
  context: GraphqlContext,
  repository: Repository,
  kind: "Tree" | "Blob",
  oid: string,
): object {
  const resourcePath = `/${fullName(repository)}/${kind.toLowerCase()}/${oid}`;
  return {
    id: formatNodeId(kind, repository.id, oid),
    oid,
    abbreviatedOid: oid.slice(0, 7),
    commitUrl: `${context.world.baseUrl}${resourcePath}`,
    commitResourcePath: resourcePath,
    repository: () => viewRepository(context, repository),
  };
}
