import { realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, relative } from "node:path";
import { type Checkout, CheckoutError, readProgramStack } from "./checkout.ts";
import type { FolderProgram } from "./folder-program.ts";

/** A stack whose program's directory is in no git. Its stack file is from there. */
export type FolderStack = Omit<Checkout, "commit">;

/**
 * Finds the stack in a directory that is in no git. `stackName` is `stack`, `org/stack` or `org/project/stack`. Throws
 * `CheckoutError`, also where the stack file is kept outside: what happens there, nobody would see from here.
 */
export async function readFolderStack(workDir: string, stackName: string): Promise<FolderStack> {
  const { project, stack, stackFile } = await readProgramStack(workDir, stackName);
  const path = normalize(stackFile);
  const isInside = !isAbsolute(path) && !leaves(path) && !(await leavesByLink(workDir, path));
  if (!isInside) {
    throw new CheckoutError(
      `The stack file ${path} of ${workDir} stands outside of that directory, which is in no git, so its changes cannot be followed. Set stackConfigDir in Pulumi.yaml to a folder inside, or put both into one git repository.`,
    );
  }
  return { workDir, dir: ".", project, stack, stackFilePath: path.split("\\").join("/"), vcs: "none" };
}

/** The stack with the id of what the directory holds now, instead of a commit. Throws `CheckoutError`. */
export async function readFolderCheckout(stack: FolderStack, program: FolderProgram): Promise<Checkout> {
  return { ...stack, commit: (await program.read()).commit };
}

/** A folder on the way may be a link to elsewhere. */
async function leavesByLink(workDir: string, path: string): Promise<boolean> {
  const [root, folder] = await Promise.all([
    realpath(workDir),
    realpath(join(workDir, dirname(path))).catch(() => null),
  ]);
  return folder !== null && leaves(relative(root, folder));
}

function leaves(path: string): boolean {
  return isAbsolute(path) || path.split(/[\\/]/)[0] === "..";
}
