import { basename, isAbsolute, resolve } from "node:path";
import { type Git, GitError } from "./git.ts";

/** The git work tree that a Pulumi program stands in. Paths are absolute but for `dir`. */
export type LocalRepository = {
  git: Git;
  /** The work tree's top folder, without symbolic links. */
  root: string;
  /** The program's folder from `root`, with forward slashes; `.` for the root itself. */
  dir: string;
  /** The work tree's own git directory. */
  gitDir: string;
  /** What all work trees of the repository share; the same as `gitDir` where there is one. */
  commonDir: string;
  /** Where PulumiScale keeps what belongs to this work tree alone. */
  stateDir: string;
  /** The branch that is checked out, without `refs/heads/`. */
  branch: string;
};

/** The directory cannot be used as a work tree; the sentence says what to change. */
export class LocalRepositoryError extends Error {
  readonly code = "local-repository";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LocalRepositoryError";
  }
}

/**
 * Finds the git work tree of a folder and the branch that is checked out. Null where the folder is in no work tree, or where
 * git is not installed. Throws `LocalRepositoryError` for a work tree that takes no commits as it is.
 */
export async function openLocalRepository(git: Git, workDir: string): Promise<LocalRepository | null> {
  const ask = (...args: string[]) => git.ask(["rev-parse", ...args], { cwd: workDir });
  const kind = await readKind(ask, workDir);
  if (kind === null) return null;
  if (kind !== "work tree") throw new LocalRepositoryError(`${workDir} is in ${kind}`);
  // One command each: a path may hold a line break.
  const [root, prefix, gitDir, commonDir, stateDir] = await Promise.all([
    ask("--show-toplevel"),
    ask("--show-prefix"),
    ask("--absolute-git-dir"),
    ask("--git-common-dir"),
    ask("--git-path", "pulumiscale"),
  ]);
  const absolute = (path: string) => (isAbsolute(path) ? path : resolve(workDir, path));
  const dir = prefix === "" ? "." : prefix.replace(/\/$/, "");
  const branch = await readBranch(git, root);
  return {
    git,
    root,
    dir,
    gitDir,
    commonDir: absolute(commonDir),
    stateDir: absolute(stateDir),
    branch,
  };
}

async function readKind(
  ask: (...args: string[]) => Promise<string>,
  workDir: string,
): Promise<string | null> {
  try {
    const [isBare, isInside] = (await ask("--is-bare-repository", "--is-inside-work-tree")).split("\n");
    if (isInside === "true") return "work tree";
    return isBare === "true"
      ? "a bare git repository, which has no files to edit. Clone it, and start in the clone."
      : `the git directory of a work tree. Start in the work tree itself, beside ${basename(workDir)}.`;
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    if (error.reason === "not-started" || /not a git repository/i.test(error.stderr)) return null;
    throw new LocalRepositoryError(
      `git does not open the repository of ${workDir}: ${error.stderr.trim()} Correct that first.`,
      { cause: error },
    );
  }
}

async function readBranch(git: Git, root: string): Promise<string> {
  const head = await git.ask(["symbolic-ref", "--quiet", "HEAD"], { cwd: root }).catch((cause: unknown) => {
    throw new LocalRepositoryError(
      `${root} has no branch checked out (detached HEAD), so a commit would belong to no branch. Run: git switch <branch>.`,
      { cause },
    );
  });
  const branch = head.replace(/^refs\/heads\//, "");
  await git
    .run(["rev-parse", "--verify", "--quiet", `${head}^{commit}`], { cwd: root })
    .catch((cause: unknown) => {
      throw new LocalRepositoryError(
        `The branch ${branch} of ${root} has no commit yet, so nothing says which values are in force. Commit the program and its stack file first.`,
        { cause },
      );
    });
  return branch;
}
