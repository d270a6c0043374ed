import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChangedFile } from "./diff.ts";
import { updateHook } from "./git-http.ts";
import { runGitText } from "./git-process.ts";
import type { MergedTree } from "./merge.ts";
import { type GitObject, type ObjectReader, openObjectReader } from "./object-reader.ts";
import { type GitCommit, parseCommit } from "./parse-commit.ts";
import { parseTree, type TreeEntry } from "./parse-tree.ts";

/** One bare repository on disk. */
export interface GitRepository {
  readonly directory: string;
  readonly reader: ObjectReader;
  /** Commits never change, so they are parsed once. */
  readonly commits: Map<string, GitCommit>;
  /** What git said once about objects by their oids; see remember.ts. */
  readonly ancestors: Map<string, Promise<boolean>>;
  readonly mergeBases: Map<string, Promise<string | null>>;
  readonly merges: Map<string, Promise<MergedTree>>;
  readonly diffs: Map<string, Promise<ChangedFile[]>>;
  readonly ranges: Map<string, Promise<string[]>>;
}

/** Creates a bare repository whose HEAD points to `defaultBranch`; it has no commit yet. */
export async function createGitRepository(directory: string, defaultBranch: string): Promise<GitRepository> {
  await runGitText(".", [
    "init",
    "--quiet",
    "--bare",
    "--template=",
    `--initial-branch=${defaultBranch}`,
    directory,
  ]);
  await appendFile(join(directory, "config"), settings);
  await mkdir(join(directory, "hooks"), { recursive: true });
  await writeFile(join(directory, "hooks", "update"), updateHook, { mode: 0o755 });
  return {
    directory,
    reader: openObjectReader(directory),
    commits: new Map(),
    ancestors: new Map(),
    mergeBases: new Map(),
    merges: new Map(),
    diffs: new Map(),
    ranges: new Map(),
  };
}

/** What github.com allows that git does not by itself: fetching any commit, partial clones; and no rewriting by itself. */
const settings = `[http]
	receivepack = true
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[receive]
	hideRefs = refs/pull
	denyDeleteCurrent = refuse
	autogc = false
[gc]
	auto = 0
`;

export async function readObject(git: GitRepository, revision: string): Promise<GitObject | null> {
  return git.reader.read(revision);
}

/** The oid that a full ref name points to, or null. */
export async function readRef(git: GitRepository, ref: string): Promise<string | null> {
  const object = await git.reader.read(ref);
  return object?.oid ?? null;
}

export async function readCommit(git: GitRepository, oid: string): Promise<GitCommit | null> {
  const known = git.commits.get(oid);
  if (known !== undefined) return known;
  const object = await git.reader.read(`${oid}^{commit}`);
  if (object === null) return null;
  const commit = parseCommit(object.oid, object.content.toString("utf8"));
  git.commits.set(object.oid, commit);
  return commit;
}

export async function readTree(git: GitRepository, revision: string): Promise<TreeEntry[] | null> {
  const object = await git.reader.read(revision);
  return object?.type === "tree" ? parseTree(object.content) : null;
}

/** The entry of `path` in the tree of a commit; null when it is not there. */
export async function readEntry(git: GitRepository, commit: string, path: string): Promise<TreeEntry | null> {
  const parts = path.split("/");
  const name = parts.pop() ?? "";
  if (name === "" || parts.includes("")) return null;
  const entries = await readTree(
    git,
    parts.length === 0 ? `${commit}^{tree}` : `${commit}:${parts.join("/")}`,
  );
  return entries?.find((entry) => entry.name === name) ?? null;
}
