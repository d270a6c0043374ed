import { readRef } from "../git/git-repository.ts";
import { isAncestor } from "../git/history.ts";
import { mergeTrees } from "../git/merge.ts";
import { writeCommit } from "../git/write-objects.ts";
import { GitHubError, unprocessable, validationFailed } from "../github-error.ts";
import { moveRefs } from "../repository/move-refs.ts";
import { signCommit } from "../repository/sign-commit.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { identityOf, webFlow } from "./identity.ts";
import type { PullRequest } from "./pull-request.ts";

/** Merges the base branch into a pull request's head. Runs inside the lock. */
export async function updatePullBranch(
  world: World,
  repository: Repository,
  pull: PullRequest,
  expectedHead: string | null,
  hand: Hand,
): Promise<void> {
  if (expectedHead !== null && expectedHead !== pull.headOid) {
    const message = `expected_head_sha does not match current HEAD: ${pull.headOid}`;
    throw validationFailed({ resource: "PullRequest", field: "head", code: "invalid", message });
  }
  if (pull.headRepository !== repository)
    throw new GitHubError(403, "Resource not accessible by integration", { type: "FORBIDDEN" });
  if (pull.queueEntry !== null) throw unprocessable("Branches that are queued for merging cannot be updated");
  const base = await readRef(repository.git, `refs/heads/${pull.baseRef}`);
  if (base === null || (await isAncestor(repository.git, base, pull.headOid))) {
    throw unprocessable("There are no new commits on the base branch.");
  }
  const merged = await mergeTrees(repository.git, pull.headOid, base);
  if (merged.kind === "conflict") throw unprocessable("merge conflict between base and head");
  const oid = await writeCommit(repository.git, {
    tree: merged.tree,
    parents: [pull.headOid, base],
    message: `Merge branch '${pull.baseRef}' into ${pull.headRef}`,
    author: identityOf(hand.account, world.now()),
    committer: webFlow(world.now()),
  });
  signCommit(world, repository, oid);
  const ref = `refs/heads/${pull.headRef}`;
  await moveRefs(world, repository, [{ ref, before: pull.headOid, after: oid }], hand);
}
