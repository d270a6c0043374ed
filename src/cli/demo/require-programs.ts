import { tmpdir } from "node:os";
import { PulumiMissingError } from "../../apply/pulumi-errors.ts";
import { readWithPulumi } from "../../apply/pulumi-process.ts";
import { Git, GitError } from "../../forge/git.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws a sentence with what to do where git or Pulumi is not there. */
export async function requirePrograms(environment: Environment): Promise<void> {
  const missing = [
    ...((await hasGit(environment)) ? [] : ["git (https://git-scm.com/downloads)"]),
    ...((await hasPulumi(environment)) ? [] : ["the Pulumi CLI (https://www.pulumi.com/docs/install/)"]),
  ];
  if (missing.length === 0) return;
  throw new Error(
    `The demo needs ${missing.join(" and ")} on the PATH. Install it and start the demo again.`,
  );
}

async function hasGit(environment: Environment): Promise<boolean> {
  try {
    await new Git(environment).run(["--version"], { cwd: tmpdir() });
    return true;
  } catch (error) {
    if (error instanceof GitError) return false;
    throw error;
  }
}

async function hasPulumi(environment: Environment): Promise<boolean> {
  try {
    return (await readWithPulumi(["version"], { workDir: tmpdir(), environment })).exitCode === 0;
  } catch (error) {
    if (error instanceof PulumiMissingError) return false;
    throw error;
  }
}
