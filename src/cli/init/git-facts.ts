import { dirname } from "node:path";
import { Git } from "../../forge/git.ts";

/** Whether git would never commit a file, as a rule of the repository leaves it out. Without a repository: false. */
export async function isIgnoredByGit(
  path: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const asked = new Git(environment).run(["check-ignore", "--quiet", "--", path], { cwd: dirname(path) });
  return await asked.then(
    () => true,
    () => false,
  );
}

/** Whether commits of git are what scales a program, or the file itself where there is none. */
export async function isInWorkTree(
  dir: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  const asked = new Git(environment).ask(["rev-parse", "--is-inside-work-tree"], { cwd: dir });
  return (await asked.catch(() => "false")) === "true";
}
