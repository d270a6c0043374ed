import { readRef } from "../git/git-repository.ts";
import { isRefName, RefConflictError } from "../git/refs.ts";
import { unprocessable } from "../github-error.ts";
import type { Hand } from "../webhooks/announce.ts";
import type { Repository, World } from "../world.ts";
import { moveRefs } from "./move-refs.ts";

/** Makes a new ref; throws GitHub's 422 for one that exists, is no ref name, or collides (`a/b` while `a` exists). */
export async function createRef(
  world: World,
  repository: Repository,
  ref: string,
  oid: string,
  hand: Hand,
): Promise<void> {
  if (!(await isRefName(ref))) throw unprocessable(`${ref} is not a valid ref name.`);
  if ((await readRef(repository.git, ref)) !== null) throw unprocessable("Reference already exists");
  try {
    await moveRefs(world, repository, [{ ref, before: null, after: oid }], hand);
  } catch (error) {
    if (error instanceof RefConflictError) throw unprocessable("Reference update failed");
    throw error;
  }
}
