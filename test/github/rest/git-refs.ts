import { handOf } from "../auth/caller.ts";
import { readObject, readRef } from "../git/git-repository.ts";
import { isAncestor } from "../git/history.ts";
import { listRefs } from "../git/refs.ts";
import { GitHubError, notFound, unprocessable } from "../github-error.ts";
import { renderRef } from "../render/ref.ts";
import { createRef } from "../repository/create-ref.ts";
import { requireUnprotected } from "../repository/guard-branch.ts";
import { moveRefs } from "../repository/move-refs.ts";
import type { Repository } from "../world.ts";
import { list, type RestHandlers } from "./operation.ts";

export const gitRefOperations = {
  "git/get-ref": async ({ world, repository, path }) => {
    const ref = `refs/${path.ref}`;
    if ((await readRef(repository.git, ref)) === null) throw notFound();
    return { status: 200, body: await renderRef(world, repository, ref) };
  },

  "git/list-matching-refs": async ({ world, repository, path }) => {
    const refs = [...(await listRefs(repository.git, "refs/")).keys()].filter((ref) =>
      ref.startsWith(`refs/${path.ref}`),
    );
    const rendered = await Promise.all(refs.map((ref) => renderRef(world, repository, ref)));
    return list(rendered, (ref) => ref);
  },

  "git/create-ref": async ({ world, repository, body, caller }) => {
    if (!/^refs\/[^/]+\/.+/.test(body.ref))
      throw unprocessable("Reference name must start with 'refs/' and have at least two slashes.");
    await requireObject(repository, body.sha);
    const hand = handOf(world, caller);
    await requireUnprotected(repository, body.ref, body.sha, hand);
    await createRef(world, repository, body.ref, body.sha, hand);
    return { status: 201, body: await renderRef(world, repository, body.ref) };
  },

  "git/update-ref": async ({ world, repository, path, body, caller }) => {
    const ref = `refs/${path.ref}`;
    const before = await readRef(repository.git, ref);
    if (before === null) throw unprocessable("Reference does not exist");
    await requireObject(repository, body.sha);
    if (body.force !== true && !(await isAncestor(repository.git, before, body.sha))) {
      throw unprocessable("Update is not a fast forward");
    }
    const hand = handOf(world, caller);
    await requireUnprotected(repository, ref, body.sha, hand);
    await moveRefs(world, repository, [{ ref, before, after: body.sha }], hand);
    return { status: 200, body: await renderRef(world, repository, ref) };
  },

  "git/delete-ref": async ({ world, repository, path, caller }) => {
    const ref = `refs/${path.ref}`;
    const before = await readRef(repository.git, ref);
    if (before === null) throw unprocessable("Reference does not exist");
    if (ref === `refs/heads/${repository.settings.default_branch}`)
      throw unprocessable("Cannot delete the default branch");
    const hand = handOf(world, caller);
    await requireUnprotected(repository, ref, null, hand);
    await moveRefs(world, repository, [{ ref, before, after: null }], hand);
    return { status: 204 };
  },
} satisfies RestHandlers;

async function requireObject(repository: Repository, sha: string): Promise<void> {
  if (!/^[0-9a-f]{40}$/.test(sha)) {
    throw new GitHubError(422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f].");
  }
  if ((await readObject(repository.git, sha)) === null) throw unprocessable("Object does not exist");
}
