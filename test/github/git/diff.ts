import { runGitText } from "./git-process.ts";
import type { GitRepository } from "./git-repository.ts";
import { remember } from "./remember.ts";

export interface ChangedFile {
  readonly path: string;
  readonly previousPath: string | null;
  readonly status: "added" | "removed" | "modified" | "renamed" | "changed";
  readonly additions: number;
  readonly deletions: number;
  readonly oid: string;
}

/** The empty tree, which git knows without its being written. */
export const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** What changed between two trees or commits, with renames found as GitHub does. */
export function diffFiles(git: GitRepository, from: string, to: string): Promise<ChangedFile[]> {
  return remember(git.diffs, `${from} ${to}`, async () => {
    const args = ["diff-tree", "-z", "--no-abbrev", "--raw", "--numstat", "-r", "--find-renames", from, to];
    const listed = await runGitText(git.directory, args);
    const counted = parseCounts(listed);
    return parseRaw(listed).map((file, position) => ({
      ...file,
      additions: counted[position]?.additions ?? 0,
      deletions: counted[position]?.deletions ?? 0,
    }));
  });
}

/** Like {@link diffFiles}, each file with its patch; null for a binary, or where only the mode changed. */
export async function diffPatches(
  git: GitRepository,
  from: string,
  to: string,
): Promise<(ChangedFile & { readonly patch: string | null })[]> {
  const [files, whole] = await Promise.all([diffFiles(git, from, to), readPatch(git, from, to)]);
  const patches = parsePatches(whole);
  return files.map((file, position) => ({ ...file, patch: patches[position] ?? null }));
}

type RawFile = Pick<ChangedFile, "path" | "previousPath" | "status" | "oid">;

function parseRaw(output: string): RawFile[] {
  const fields = output.split("\0");
  const files: RawFile[] = [];
  for (let at = 0; at < fields.length; ) {
    const header = /^:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) ([A-Z])\d*$/.exec(fields[at] ?? "");
    if (header === null) break;
    const [, before = "", after = "", letter = ""] = header;
    const first = fields[at + 1] ?? "";
    const renamed = letter === "R" || letter === "C";
    files.push({
      path: renamed ? (fields[at + 2] ?? "") : first,
      previousPath: renamed ? first : null,
      status: statuses[letter] ?? "changed",
      oid: letter === "D" ? before : after,
    });
    at += renamed ? 3 : 2;
  }
  return files;
}

const statuses: Readonly<Record<string, ChangedFile["status"]>> = {
  A: "added",
  D: "removed",
  M: "modified",
  R: "renamed",
};

function parseCounts(output: string): { additions: number; deletions: number }[] {
  const fields = output.split("\0");
  const counts: { additions: number; deletions: number }[] = [];
  for (let at = 0; at < fields.length; at += 1) {
    const [additions, deletions, path] = (fields[at] ?? "").split("\t");
    if (additions === undefined || deletions === undefined) continue;
    counts.push({ additions: Number(additions) || 0, deletions: Number(deletions) || 0 });
    if (path === "") at += 2;
  }
  return counts;
}

/** One per file, in the same order; null for a binary or an unchanged content. */
function parsePatches(output: string): (string | null)[] {
  return output
    .split(/^diff --git /m)
    .slice(1)
    .map((part) => {
      const start = part.search(/^@@ /m);
      return start === -1 ? null : part.slice(start).replace(/\n$/, "");
    });
}

/** The whole diff as text. */
export async function readPatch(git: GitRepository, from: string, to: string): Promise<string> {
  return `${await runGitText(git.directory, ["-c", "core.quotePath=false", "diff-tree", "--patch", "-r", "--find-renames", from, to])}\n`;
}
