import type { GitIdentity } from "../git/parse-commit.ts";
import { writeCommit } from "../git/write-objects.ts";
import { MalformedPathError, type TreeChange, writeTree } from "../git/write-tree.ts";
import { unprocessable } from "../github-error.ts";
import { identityOf, webFlow } from "../pulls/identity.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { signCommit } from "./sign-commit.ts";

export interface TreeCommitWish {
  readonly parents: readonly string[];
  readonly message: string;
  readonly hand: Hand;
  /** Who it is said to be by, where that isn't who asks for it. */
  readonly author?: GitIdentity | undefined;
  readonly committer?: GitIdentity | undefined;
  /** GraphQL signs every commit with GitHub's own key, REST only those of Apps; neither signs for somebody else. */
  readonly signed: "always" | "for-apps";
}

export interface CommitWish extends TreeCommitWish {
  /** The tree or commit that the changes are made to; null: the empty tree. */
  readonly base: string | null;
  readonly changes: readonly TreeChange[];
}

/** Writes a commit as GitHub does for an API call; no ref moves. */
export async function commitChanges(world: World, repository: Repository, wish: CommitWish): Promise<string> {
  return commitTree(world, repository, await writeChangedTree(repository, wish.base, wish.changes), wish);
}

/** Writes a commit of a tree that is there already; no ref moves. */
export async function commitTree(
  world: World,
  repository: Repository,
  tree: string,
  wish: TreeCommitWish,
): Promise<string> {
  const signed =
    wish.author === undefined &&
    wish.committer === undefined &&
    (wish.signed === "always" || wish.hand.app !== null);
  const author = wish.author ?? identityOf(wish.hand.account, world.now());
  const oid = await writeCommit(repository.git, {
    tree,
    parents: wish.parents,
    message: wish.message,
    author,
    committer: wish.committer ?? (signed ? webFlow(world.now()) : author),
  });
  if (signed) signCommit(world, repository, oid);
  return oid;
}

/** Like git's own writeTree, with GitHub's words for a path that git refuses. */
export async function writeChangedTree(
  repository: Repository,
  base: string | null,
  changes: readonly TreeChange[],
): Promise<string> {
  try {
    return await writeTree(repository.git, base, changes);
  } catch (error) {
    if (error instanceof MalformedPathError)
      throw unprocessable("tree.path contains a malformed path component");
    throw error;
  }
}
