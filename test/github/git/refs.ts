import { GitError, runGit, runGitText } from "./git-process.ts";
import type { GitRepository } from "./git-repository.ts";

/** One compare-and-swap: `before` null means "must not exist", `after` null means "delete". */
export interface RefUpdate {
  readonly ref: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Some ref did not stand where it was expected, or its name collides with another (`a` and `a/b`). */
export class RefConflictError extends Error {
  readonly code = "ref-conflict";
}

const noObject = "0".repeat(40);

/** All refs below `prefix`, in git's order. */
export async function listRefs(git: GitRepository, prefix: string): Promise<Map<string, string>> {
  const lines = await runGitText(git.directory, [
    "for-each-ref",
    "--format=%(objectname) %(refname)",
    prefix,
  ]);
  const refs = new Map<string, string>();
  for (const line of lines.split("\n")) {
    const space = line.indexOf(" ");
    if (space > 0) refs.set(line.slice(space + 1), line.slice(0, space));
  }
  return refs;
}

/** Moves all the refs or none. Throws {@link RefConflictError}. */
export async function updateRefs(git: GitRepository, updates: readonly RefUpdate[]): Promise<void> {
  const lines = updates.map(
    ({ ref, before, after }) => `update ${ref}\0${after ?? noObject}\0${before ?? noObject}\0`,
  );
  try {
    await runGit(git.directory, ["update-ref", "-z", "--stdin"], { stdin: lines.join("") });
  } catch (error) {
    if (error instanceof GitError) throw new RefConflictError(error.stderr.trim(), { cause: error });
    throw error;
  }
}

/** Points the repository's HEAD to another branch. */
export async function pointHead(git: GitRepository, ref: string): Promise<void> {
  await runGit(git.directory, ["symbolic-ref", "HEAD", ref]);
}

/** Whether git takes this as the full name of a ref. */
export async function isRefName(ref: string): Promise<boolean> {
  try {
    await runGit(".", ["check-ref-format", ref]);
    return true;
  } catch (error) {
    if (error instanceof GitError) return false;
    throw error;
  }
}
