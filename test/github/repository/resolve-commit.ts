import { readCommit, readObject } from "../git/git-repository.ts";
import type { GitCommit } from "../git/parse-commit.ts";
import { notFound, unprocessable } from "../github-error.ts";
import type { Repository } from "../world.ts";

/** The commit that a branch, a tag, a full ref or an oid names, as REST's `ref` parameters do; null: none. */
export async function resolveCommit(repository: Repository, ref: string): Promise<GitCommit | null> {
  const tries = [
    `refs/heads/${ref}`,
    `refs/tags/${ref}`,
    ...(ref.startsWith("refs/") ? [ref] : [`refs/${ref}`]),
  ];
  if (/^[0-9a-f]{4,40}$/.test(ref)) tries.unshift(ref);
  if (ref === "HEAD") tries.unshift("HEAD");
  for (const revision of tries) {
    const object = await readObject(repository.git, `${revision}^{commit}`);
    if (object !== null) return readCommit(repository.git, object.oid);
  }
  return null;
}

export async function requireCommit(repository: Repository, ref: string): Promise<GitCommit> {
  const commit = await resolveCommit(repository, ref);
  if (commit !== null) return commit;
  // github.com tells a wrong oid from a wrong name.
  throw /^[0-9a-f]{40}$/.test(ref) ? unprocessable(`No commit found for SHA: ${ref}`) : notFound();
}
