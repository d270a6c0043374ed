import { handOf } from "../auth/caller.ts";
import { readCommit, readEntry, readObject, readTree } from "../git/git-repository.ts";
import type { GitIdentity } from "../git/parse-commit.ts";
import type { TreeEntry } from "../git/parse-tree.ts";
import { writeBlob } from "../git/write-objects.ts";
import type { TreeChange } from "../git/write-tree.ts";
import { GitHubError, notFound, unprocessable } from "../github-error.ts";
import { formatNodeId } from "../node-id.ts";
import { renderGitCommit } from "../render/commit.ts";
import { wrapBase64 } from "../render/content.ts";
import { repositoryUrl } from "../render/repository.ts";
import { commitTree, writeChangedTree } from "../repository/commit-changes.ts";
import { requireWorkflowPermission } from "../repository/guard-workflows.ts";
import type { Repository, World } from "../world.ts";
import type { RestHandlers } from "./operation.ts";

export const gitDatabaseOperations = {
  "git/get-blob": async ({ world, repository, path, accept }) => {
    const object = await readObject(repository.git, path.file_sha);
    if (object?.type !== "blob") throw notFound();
    if (accept.includes("raw")) {
      return {
        status: 200,
        raw: { contentType: "application/vnd.github.raw+json; charset=utf-8", content: object.content },
      };
    }
    return {
      status: 200,
      body: {
        sha: object.oid,
        node_id: formatNodeId("Blob", repository.id, object.oid),
        size: object.content.length,
        url: `${repositoryUrl(world, repository)}/git/blobs/${object.oid}`,
        content: wrapBase64(object.content),
        encoding: "base64",
      },
    };
  },

  "git/create-blob": async ({ world, repository, body }) => {
    const content = Buffer.from(body.content, body.encoding === "base64" ? "base64" : "utf8");
    const sha = await writeBlob(repository.git, content);
    return { status: 201, body: { sha, url: `${repositoryUrl(world, repository)}/git/blobs/${sha}` } };
  },

  "git/get-tree": async ({ world, repository, path, query }) => {
    const object = await readObject(repository.git, `${path.tree_sha}^{tree}`);
    if (object === null) throw notFound();
    const depth = query.recursive === undefined ? "flat" : "recursive";
    return { status: 200, body: await renderTree(world, repository, object.oid, depth) };
  },

  "git/create-tree": async ({ world, repository, body, caller }) => {
    requireWorkflowPermission(
      caller,
      body.tree.map((entry) => entry.path ?? ""),
    );
    const base = body.base_tree ?? null;
    if (base !== null && (await readObject(repository.git, `${base}^{tree}`)) === null) {
      throw unprocessable("base_tree is not a valid tree oid");
    }
    const changes: TreeChange[] = [];
    for (const entry of body.tree) changes.push(await parseTreeChange(repository, base, entry));
    const sha = await writeChangedTree(repository, base, changes);
    return { status: 201, body: await renderTree(world, repository, sha, "flat") };
  },

  "git/get-commit": async ({ world, repository, path }) => {
    const commit = await readCommit(repository.git, path.commit_sha);
    if (commit === null) throw notFound();
    return { status: 200, body: renderGitCommit(world, repository, commit) };
  },

  "git/create-commit": async ({ world, repository, body, caller }) => {
    if ((await readTree(repository.git, body.tree)) === null) throw unprocessable("Tree SHA does not exist");
    for (const parent of body.parents ?? []) {
      if ((await readCommit(repository.git, parent)) === null) {
        throw unprocessable("Parent SHA does not exist or is not a commit object");
      }
    }
    const author = body.author === undefined ? undefined : toIdentity(body.author, world.now());
    const committer = body.committer === undefined ? undefined : toIdentity(body.committer, world.now());
    const oid = await commitTree(world, repository, body.tree, {
      parents: body.parents ?? [],
      message: body.message,
      hand: handOf(world, caller),
      author,
      committer,
      signed: "for-apps",
    });
    const commit = await readCommit(repository.git, oid);
    if (commit === null) throw notFound();
    return { status: 201, body: renderGitCommit(world, repository, commit) };
  },
} satisfies RestHandlers;

export function toIdentity(
  person: { readonly name?: string; readonly email?: string; readonly date?: string },
  now: Date,
): GitIdentity {
  const date = person.date === undefined ? now : new Date(person.date);
  if (Number.isNaN(date.getTime())) throw unprocessable("Invalid request.\n\nInvalid date.");
  return { name: person.name ?? "", email: person.email ?? "", date };
}

async function parseTreeChange(
  repository: Repository,
  base: string | null,
  entry: { path?: string; mode?: string; sha?: string | null; content?: string },
): Promise<TreeChange> {
  const path = entry.path ?? "";
  if (entry.sha === null) {
    // github.com answers this for a path that isn't there.
    const known = base === null ? null : await readEntry(repository.git, base, path);
    if (known === null) throw new GitHubError(422, "GitRPC::BadObjectState");
    return { kind: "remove", path };
  }
  if (entry.mode === undefined) throw unprocessable("Must supply a valid tree.mode");
  if (entry.content !== undefined) {
    return { kind: "set", path, mode: entry.mode, oid: await writeBlob(repository.git, entry.content) };
  }
  if (entry.sha === undefined) throw unprocessable("Must supply either tree.sha or tree.content");
  if (entry.mode !== "160000" && (await readObject(repository.git, entry.sha)) === null) {
    throw unprocessable(`tree.sha ${entry.sha} is not a valid ${entry.mode === "040000" ? "tree" : "blob"}`);
  }
  return { kind: "set", path, mode: entry.mode, oid: entry.sha };
}

async function renderTree(world: World, repository: Repository, oid: string, depth: "flat" | "recursive") {
  const url = repositoryUrl(world, repository);
  const render = async (tree: string, prefix: string): Promise<object[]> => {
    const rendered: object[] = [];
    for (const entry of (await readTree(repository.git, tree)) ?? []) {
      rendered.push(await renderEntry(repository, url, entry, prefix));
      if (depth === "recursive" && entry.type === "tree") {
        rendered.push(...(await render(entry.oid, `${prefix}${entry.name}/`)));
      }
    }
    return rendered;
  };
  return { sha: oid, url: `${url}/git/trees/${oid}`, tree: await render(oid, ""), truncated: false };
}

async function renderEntry(
  repository: Repository,
  url: string,
  entry: TreeEntry,
  prefix: string,
): Promise<object> {
  const size =
    entry.type === "blob" ? (await readObject(repository.git, entry.oid))?.content.length : undefined;
  return {
    path: `${prefix}${entry.name}`,
    mode: entry.mode,
    type: entry.type,
    sha: entry.oid,
    ...(size === undefined ? {} : { size }),
    ...(entry.type === "commit" ? {} : { url: `${url}/git/${entry.type}s/${entry.oid}` }),
  };
}
