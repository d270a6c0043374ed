import type { Git } from "./git.ts";
import { parseFile, readObjects } from "./git-objects.ts";

/** A version of a file. `at` is when its commit reached the branch, ISO 8601; `text` is null where it is no text, or too large. */
export type GitFileVersion = {
  path: string;
  blob: string;
  commit: string;
  at: string;
  text: string | null;
};

/** So many objects are read with one process; the largest of them may be of some MB. */
const AT_ONCE = 50;

/**
 * The versions of the files called `name` below a folder, newest first, as they came to be on a ref, at most `most`. Names that git has to
 * quote are left out. Throws `GitError`.
 */
export async function readFileVersions(
  git: Git,
  cwd: string,
  ref: string,
  { folder, name, most }: { folder: string; name: string; most: number },
): Promise<GitFileVersion[]> {
  const log = await git.ask(
    [
      ...["log", "--first-parent", "--diff-merges=first-parent", "--no-renames", "--raw", "--no-abbrev"],
      ...["--no-show-signature", "--no-notes", "--format=commit %H %cI", ref, "--", folder],
    ],
    { cwd },
  );
  const versions: Omit<GitFileVersion, "text">[] = [];
  let head = { commit: "", at: "" };
  for (const line of log.split("\n")) {
    const started = /^commit ([0-9a-f]{40,64}) (\S+)$/.exec(line);
    if (started !== null) head = { commit: started[1] ?? "", at: new Date(started[2] ?? 0).toISOString() };
    // A symbolic link is no file, and what was removed has no version.
    const [, blob = "", path = ""] =
      /^:\d{6} 100\d{3} [0-9a-f]+ ([0-9a-f]{40,64}) [AMT]\t(\S+)$/.exec(line) ?? [];
    if (path.startsWith(`${folder}/`) && path.endsWith(`/${name}`)) versions.push({ ...head, blob, path });
    if (versions.length >= most) break;
  }
  const texts: (string | null)[] = [];
  for (let at = 0; at < versions.length; at += AT_ONCE) {
    const objects = await readObjects(
      git,
      cwd,
      versions.slice(at, at + AT_ONCE).map(({ blob }) => blob),
    );
    for (const object of objects) {
      const file = parseFile(object);
      texts.push(file.kind === "text" ? file.text : null);
    }
  }
  return versions.map((version, index) => ({ ...version, text: texts[index] ?? null }));
}
