import type { StackFile } from "../domain/snapshot.ts";
import { LARGEST_FILE_BYTES, tooLarge } from "./decode-file.ts";
import { GitError } from "./git.ts";
import { parseFile, readObjects } from "./git-objects.ts";
import type { LocalRepository } from "./local-repository.ts";

/** A path at a commit. */
export type TreeEntry = { mode: string; oid: string };

/** Reads files by their names (an id, or `<commit>:<path>`), each once; all in one process. */
export async function readFiles(
  { git, root }: LocalRepository,
  names: Iterable<string>,
): Promise<Map<string, StackFile>> {
  const wanted = [...new Set(names)];
  try {
    const objects = await readObjects(git, root, wanted);
    return new Map(wanted.map((name, index) => [name, parseFile(objects[index] ?? null)]));
  } catch (error) {
    if (!(error instanceof GitError) || error.reason !== "too-large") throw error;
    return readSmallFiles({ git, root }, wanted);
  }
}

/** Where all of it together is more than can be held: only what is under the limit. */
async function readSmallFiles(
  { git, root }: Pick<LocalRepository, "git" | "root">,
  wanted: readonly string[],
): Promise<Map<string, StackFile>> {
  const input = wanted.map((name) => `${name}\0`).join("");
  const answer = await git.ask(["cat-file", "--batch-check=%(objectsize)", "-z"], { cwd: root, input });
  const sizes = answer.split("\n").map((line) => (/^\d+$/.test(line) ? Number(line) : 0));
  const isSmall = (_: string, index: number) => (sizes[index] ?? 0) <= LARGEST_FILE_BYTES;
  const small = wanted.filter(isSmall);
  const objects = await readObjects(git, root, small);
  const files = new Map<string, StackFile>(wanted.map((name, index) => [name, tooLarge(sizes[index] ?? 0)]));
  for (const [index, name] of small.entries()) files.set(name, parseFile(objects[index] ?? null));
  return files;
}

/** The entry of a path in a commit's tree, whatever is in the path's name; null where there is none. */
export async function readTreeEntry(
  { git, root }: LocalRepository,
  commit: string,
  path: string,
): Promise<TreeEntry | null> {
  const listed = await git.ask(["--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", path], {
    cwd: root,
  });
  for (const line of listed.split("\0")) {
    const match = /^(\d{6}) \w+ ([0-9a-f]+)\t/.exec(line);
    if (match !== null && line.slice(match[0].length) === path)
      return { mode: match[1] ?? "", oid: match[2] ?? "" };
  }
  return null;
}

/** Whether an entry is a plain file: a symbolic link's text is a path, and a submodule has none. */
export function isPlainFile({ mode }: TreeEntry): boolean {
  return mode === "100644" || mode === "100755";
}
