import { handOf } from "../auth/caller.ts";
import { readCommit, readEntry, readObject, readRef, readTree } from "../git/git-repository.ts";
import { RefConflictError } from "../git/refs.ts";
import { writeBlob } from "../git/write-objects.ts";
import type { TreeChange } from "../git/write-tree.ts";
import { GitHubError, notFound, unprocessable } from "../github-error.ts";
import { renderGitCommit } from "../render/commit.ts";
import { renderContent } from "../render/content.ts";
import { commitChanges, type TreeCommitWish } from "../repository/commit-changes.ts";
import { requireUnprotected } from "../repository/guard-branch.ts";
import { requireWorkflowPermission } from "../repository/guard-workflows.ts";
import { moveRefs } from "../repository/move-refs.ts";
import { requireCommit } from "../repository/resolve-commit.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { toIdentity } from "./git-database.ts";
import type { RestHandlers } from "./operation.ts";

export const contentOperations = {
  "repos/get-content": async ({ world, repository, path, query, accept }) => {
    const ref = query.ref ?? repository.settings.default_branch;
    const commit = await requireCommit(repository, ref);
    const where = trimSlashes(path.path);
    const entry = where === "" ? null : await readEntry(repository.git, commit.oid, where);
    if (where !== "" && entry === null) throw notFound();
    if (entry === null || entry.type === "tree") {
      const entries = (await readTree(repository.git, entry?.oid ?? commit.tree)) ?? [];
      const rendered = entries.map((child) =>
        renderContent(
          world,
          repository,
          ref,
          where === "" ? child.name : `${where}/${child.name}`,
          child,
          null,
        ),
      );
      return { status: 200, body: rendered };
    }
    const object = await readObject(repository.git, entry.oid);
    if (object !== null && accept.includes("raw")) {
      const contentType = "application/vnd.github.raw+json; charset=utf-8";
      return { status: 200, raw: { contentType, content: object.content } };
    }
    return {
      status: 200,
      body: renderContent(world, repository, ref, where, entry, object?.content ?? null),
    };
  },

  "repos/create-or-update-file-contents": async ({ world, repository, path, body, caller }) => {
    const where = trimSlashes(path.path);
    requireWorkflowPermission(caller, [where]);
    if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(body.content)) throw unprocessable("content is not valid Base64");
    const target = await findTarget(repository, body.branch);
    const known = target.head === null ? null : await readEntry(repository.git, target.head, where);
    if (known !== null && body.sha === undefined) {
      throw unprocessable(`Invalid request.\n\n"sha" wasn't supplied.`);
    }
    // A sha for a path that is gone creates the file anew; github.com does not mind.
    if (known !== null && known.oid !== body.sha)
      throw new GitHubError(409, `${where} does not match ${body.sha}`);
    const oid = await writeBlob(repository.git, Buffer.from(body.content, "base64"));
    const mode = known?.type === "blob" ? known.mode : "100644";
    const made = await commitOne(
      world,
      repository,
      target,
      { kind: "set", path: where, mode, oid },
      {
        message: body.message,
        ...identities(body, world.now()),
        hand: handOf(world, caller),
      },
    );
    const entry = await readEntry(repository.git, made, where);
    const object = await readObject(repository.git, oid);
    if (entry === null || object === null) throw notFound();
    const {
      content: _content,
      encoding: _encoding,
      ...content
    } = {
      ...renderContent(world, repository, target.branch, where, entry, object.content),
    };
    return {
      status: known === null ? 201 : 200,
      body: { content, commit: await renderMade(world, repository, made) },
    };
  },

  "repos/delete-file": async ({ world, repository, path, body, caller }) => {
    const where = trimSlashes(path.path);
    requireWorkflowPermission(caller, [where]);
    const target = await findTarget(repository, body.branch);
    const known = target.head === null ? null : await readEntry(repository.git, target.head, where);
    if (known === null) throw notFound();
    if (known.oid !== body.sha) throw new GitHubError(409, `${where} does not match ${body.sha}`);
    const made = await commitOne(
      world,
      repository,
      target,
      { kind: "remove", path: where },
      {
        message: body.message,
        ...identities(body, world.now()),
        hand: handOf(world, caller),
      },
    );
    return { status: 200, body: { content: null, commit: await renderMade(world, repository, made) } };
  },
} satisfies RestHandlers;

interface Target {
  readonly branch: string;
  readonly ref: string;
  /** Null for the default branch of an empty repository. */
  readonly head: string | null;
}

async function findTarget(repository: Repository, wanted: string | undefined): Promise<Target> {
  const branch = (wanted ?? repository.settings.default_branch).replace(/^refs\/heads\//, "");
  const ref = `refs/heads/${branch}`;
  const head = await readRef(repository.git, ref);
  if (head === null && branch !== repository.settings.default_branch) {
    throw new GitHubError(404, `Branch ${branch} not found`);
  }
  return { branch, ref, head };
}

async function commitOne(
  world: World,
  repository: Repository,
  target: Target,
  change: TreeChange,
  wish: Pick<TreeCommitWish, "message" | "author" | "committer"> & { readonly hand: Hand },
): Promise<string> {
  const oid = await commitChanges(world, repository, {
    ...wish,
    base: target.head,
    parents: target.head === null ? [] : [target.head],
    changes: [change],
    signed: "for-apps",
  });
  try {
    await requireUnprotected(repository, target.ref, oid, wish.hand);
    await moveRefs(world, repository, [{ ref: target.ref, before: target.head, after: oid }], wish.hand);
  } catch (error) {
    if (error instanceof RefConflictError) {
      throw new GitHubError(
        409,
        `is at ${target.head ?? "nothing"} but expected otherwise: ${error.message}`,
      );
    }
    // Where REST's contents meet a protected branch, the answer is a 409, not the 422 of the git database.
    if (error instanceof GitHubError) throw new GitHubError(409, error.message);
    throw error;
  }
  return oid;
}

interface People {
  readonly author?: { readonly name: string; readonly email: string; readonly date?: string };
  readonly committer?: { readonly name: string; readonly email: string; readonly date?: string };
}

/** One of the two alone stands for both. */
function identities(
  body: { author?: Partial<People["author"]>; committer?: Partial<People["committer"]> },
  now: Date,
) {
  const author = body.author ?? body.committer;
  const committer = body.committer ?? body.author;
  return {
    author: author === undefined ? undefined : toIdentity(author, now),
    committer: committer === undefined ? undefined : toIdentity(committer, now),
  };
}

async function renderMade(world: World, repository: Repository, oid: string) {
  const commit = await readCommit(repository.git, oid);
  if (commit === null) throw notFound();
  return renderGitCommit(world, repository, commit);
}

function trimSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}
