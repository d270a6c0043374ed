import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join, normalize, relative } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { decodeStackFile } from "../domain/stack-file.ts";

const run = promisify(execFile);

/** The work tree that the deploy job has checked out, and where the stack stands in it. */
export type Checkout = {
  /** The commit that is checked out. */
  commit: string;
  /** The Pulumi program's directory, absolute. */
  workDir: string;
  /** The same from the repository's root, `.` for the root itself. */
  dir: string;
  project: string;
  /** The stack's own name, without organization and project. */
  stack: string;
  /** The stack file from the repository's root. */
  stackFilePath: string;
  /** `none` where the directory is in no git, so that the disk is what is committed; git, unless told otherwise. */
  vcs?: "git" | "none";
};

/** The work tree is not what a deploy job needs; the sentence says what to change. */
export class CheckoutError extends Error {
  readonly code = "checkout";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CheckoutError";
  }
}

const ProjectFile = z.object({ name: z.string().min(1), stackConfigDir: z.string().optional() });

/**
 * Finds the stack in the work tree. `stackName` is `stack`, `org/stack` or `org/project/stack`. Throws `CheckoutError`.
 */
export async function readCheckout(workDir: string, stackName: string): Promise<Checkout> {
  const { project, stack, stackFile } = await readProgramStack(workDir, stackName);
  const { commit, root, dir } = await readGit(workDir);
  const path = relative(root, join(root, dir, stackFile));
  return { commit, workDir, dir, project, stack, stackFilePath: path.split("\\").join("/") };
}

/** The stack's names, and its file from the program's directory, which it may leave. Throws `CheckoutError`. */
export async function readProgramStack(
  workDir: string,
  stackName: string,
): Promise<{ project: string; stack: string; stackFile: string }> {
  const { project, extension } = await readProject(workDir);
  const names = stackName.split("/");
  const stack = names.at(-1) ?? "";
  if (stack === "") {
    throw new CheckoutError(
      "No stack is named. Set stack-name (--stack), as in `org/project/stack` or `stack`.",
    );
  }
  if (names.length === 3 && names[1] !== project.name) {
    throw new CheckoutError(
      `The stack's name (stack-name, --stack) says the project ${names[1]}, but ${join(workDir, "Pulumi.yaml")} is the project ${project.name}. Correct it, or the directory (work-dir, --dir).`,
    );
  }
  const stackFile = join(project.stackConfigDir ?? ".", `Pulumi.${stack}.${extension}`);
  return { project: project.name, stack, stackFile };
}

/** The commit that is checked out in a work tree. Throws `CheckoutError`. */
export async function readHeadCommit(workDir: string): Promise<string> {
  return (await readGit(workDir)).commit;
}

/**
 * The program's files that differ from the checked out commit, from the repository's root, the stack file left out. Files that
 * git does not track are what a job's own steps make (packages, builds), and do not count.
 */
export async function readChangedFiles({ workDir, stackFilePath, vcs }: Checkout): Promise<string[]> {
  if (vcs === "none") return [];
  const args = ["-c", "safe.directory=*", "diff", "--name-only", "--no-ext-diff", "-z", "HEAD", "--", "."];
  const { stdout } = await run("git", args, { cwd: workDir, maxBuffer: 50_000_000 });
  return stdout.split("\0").filter((path) => path !== "" && path !== stackFilePath);
}

/** The work tree's own stack file, absolute. */
export function stackFileOf(checkout: Checkout): string {
  return join(checkout.workDir, relative(checkout.dir, checkout.stackFilePath));
}

/** The text of the work tree's stack file. Throws `CheckoutError` where it is not there, or not UTF-8. */
export async function readStackFileText(checkout: Checkout): Promise<string> {
  const path = stackFileOf(checkout);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new CheckoutError(
      `The stack file ${path} cannot be read, so there are no values to apply. Commit it, or correct the stack's name (stack-name, --stack).`,
      { cause },
    );
  });
  const decoded = decodeStackFile(bytes);
  if (decoded.kind === "refused") throw new CheckoutError(`${path}: ${decoded.refusal.message}`);
  return decoded.text;
}

export async function writeStackFileText(checkout: Checkout, text: string): Promise<void> {
  await writeFile(stackFileOf(checkout), text);
}

async function readProject(
  workDir: string,
): Promise<{ project: z.infer<typeof ProjectFile>; extension: "yaml" | "yml" }> {
  for (const extension of ["yaml", "yml"] as const) {
    const path = join(workDir, `Pulumi.${extension}`);
    const text = await readFile(path, "utf8").catch(() => null);
    if (text === null) continue;
    try {
      return { project: ProjectFile.parse(parse(text, { maxAliasCount: 50 })), extension };
    } catch (cause) {
      throw new CheckoutError(`${path} is no Pulumi project file with a name. Correct it.`, { cause });
    }
  }
  throw new CheckoutError(
    `There is no Pulumi.yaml in ${workDir}. Give the Pulumi program's directory (work-dir, --dir); in a workflow, after actions/checkout.`,
  );
}

async function readGit(workDir: string): Promise<{ commit: string; root: string; dir: string }> {
  try {
    // In a container the work tree often belongs to another user, which git refuses unless told.
    const args = ["-c", "safe.directory=*", "rev-parse", "HEAD", "--show-toplevel", "--show-prefix"];
    const { stdout } = await run("git", args, { cwd: workDir });
    const [commit = "", root = "", prefix = ""] = stdout.split("\n");
    return { commit, root, dir: normalize(prefix === "" ? "." : prefix.replace(/\/$/, "")) };
  } catch (cause) {
    throw new CheckoutError(
      `${workDir} is not in a git work tree, so nobody knows which commit it is. Run actions/checkout before this step.`,
      { cause },
    );
  }
}
