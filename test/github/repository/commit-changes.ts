import { GitError } from "../git/git-process.ts";
import type { GitIdentity } from "../git/parse-commit.ts";
import { type TreeChange, writeCommit, writeTree } from "../git/write-objects.ts";
import { unprocessable } from "../github-error.ts";
import { identityOf, webFlow } from "../pulls/identity.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";

export interface CommitWish {
  /** The tree or commit that the changes are made to; null: the empty tree. */
  readonly base: string | null;
  readonly parents: readonly string[];
  readonly changes: readonly TreeChange[];
  readonly message: string;
  readonly hand: Hand;
  /** Who it is said to be by; without them GitHub signs the commit itself. */
  readonly author?: GitIdentity;
  readonly committer?: GitIdentity;
}

/** Writes a commit as GitHub does for an API call; no ref moves. */
export async function commitChanges(world: World, repository: Repository, wish: CommitWish): Promise<string> {
  const tree = await writeChangedTree(repository, wish);
  const oid = await writeCommit(repository.git, {
    tree,
    parents: wish.parents,
    message: wish.message,
    author: wish.author ?? identityOf(wish.hand.account, world.now()),
    committer: wish.committer ?? wish.author ?? webFlow(world.now()),
  });
  if (wish.author === undefined && wish.committer === undefined) repository.verifiedCommits.add(oid);
  return oid;
}

async function writeChangedTree(repository: Repository, wish: CommitWish): Promise<string> {
  try {
    return await writeTree(repository.git, wish.base, wish.changes);
  } catch (error) {
    if (error instanceof GitError)
      throw unprocessable(`tree.path contains a malformed path component (${error.stderr.trim()})`);
    throw error;
  }
}
