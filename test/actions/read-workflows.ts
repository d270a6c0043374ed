import { runGitText } from "../github/git/git-process.ts";
import { type ParsedWorkflow, parseWorkflow } from "./workflow.ts";

/** The workflow files of a commit, in the order of their names. */
export async function readWorkflows(gitDirectory: string, sha: string): Promise<ParsedWorkflow[]> {
  const listed = await runGitText(gitDirectory, ["ls-tree", "--name-only", "-z", sha, ".github/workflows/"]);
  const paths = listed.split("\0").filter((path) => /\.ya?ml$/.test(path));
  return await Promise.all(
    paths.map(async (path) =>
      parseWorkflow(path, await runGitText(gitDirectory, ["cat-file", "blob", `${sha}:${path}`])),
    ),
  );
}

/** What a push changed; the first push of a branch is compared with where it left the default branch. */
export async function readChangedFiles(
  gitDirectory: string,
  push: { readonly before: string | null; readonly after: string; readonly defaultBranch: string },
): Promise<string[]> {
  const { before, after, defaultBranch } = push;
  const base = before ?? (await readForkPoint(gitDirectory, after, defaultBranch));
  const listed = await runGitText(gitDirectory, [
    "diff-tree",
    "-r",
    "-z",
    "--name-only",
    "--no-renames",
    base,
    after,
  ]);
  return listed.split("\0").filter((path) => path !== "");
}

const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

async function readForkPoint(gitDirectory: string, after: string, defaultBranch: string): Promise<string> {
  const base = await runGitText(gitDirectory, ["merge-base", after, `refs/heads/${defaultBranch}`]).catch(
    () => after,
  );
  return base === after ? emptyTree : base;
}

export async function readHead(gitDirectory: string, branch: string): Promise<string> {
  return await runGitText(gitDirectory, ["rev-parse", "--verify", `refs/heads/${branch}^{commit}`]);
}

export async function readMessage(gitDirectory: string, sha: string): Promise<string> {
  return await runGitText(gitDirectory, ["log", "-1", "--format=%B", sha]);
}
