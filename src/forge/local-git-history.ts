import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileCommit, StackFile } from "../domain/snapshot.ts";
import { isPlainFile, readFiles, type TreeEntry } from "./local-git-objects.ts";
import type { LocalRepository } from "./local-repository.ts";

/** More history than this is not read for one decision; the cooldown then counts from what was seen. */
const MOST_COMMITS = 200;
/** So many are read however old they are: what changed last is told, and a repeated event found. */
const ALWAYS_READ = 20;

/** A stack file at one head, and the commits that led there. */
export type FileHistory = {
  head: TreeEntry | null;
  commits: FileCommit[];
  /** False where there may be older ones. */
  isComplete: boolean;
  texts: ReadonlyMap<string, StackFile>;
};

/**
 * The commits that changed a file, newest first, as they reached the branch: a merged commit counts from the merge, and the
 * merge's message is kept with it. `alsoRead` are further objects to read in the same go.
 */
export async function readFileHistory(
  repository: LocalRepository,
  headOid: string,
  path: string,
  sinceMs: number,
  alsoRead: readonly string[],
): Promise<FileHistory> {
  const shallow = await readShallow(repository);
  const chain = await readLog(repository, path, ["--first-parent", "-m", `-n${MOST_COMMITS}`, headOid]);
  const merged = chain.some(({ parents }) => parents.length > 1)
    ? await readMerged(repository, path, chain)
    : [];
  const arrived = inOrderOfArrival(chain, merged);
  const listed = arrived
    // A shallow clone's last commit seems to bring every file; what it changed is not known.
    .filter(({ commit }) => !shallow.has(commit.oid))
    .filter(({ arrival }, index) => index < ALWAYS_READ || arrival.committedMs >= sinceMs);
  const head = entryOf(chain[0]?.after);
  const entries = [head, ...listed.flatMap(({ commit }) => [entryOf(commit.before), entryOf(commit.after)])];
  const oids = entries.flatMap((entry) => (entry === null || !isPlainFile(entry) ? [] : [entry.oid]));
  const texts = await readFiles(repository, [...oids, ...alsoRead]);
  return {
    head,
    texts,
    isComplete: chain.length < MOST_COMMITS && listed.length === arrived.length,
    commits: listed.map(({ commit, arrival }) => ({
      oid: commit.oid,
      message: commit.message,
      reachedAtMs: Math.max(commit.committedMs, arrival.committedMs),
      author: commit.author,
      pullRequest: null,
      mergeMessage: arrival === commit ? null : arrival.message,
      before: fileOf(entryOf(commit.before), texts),
      after: fileOf(entryOf(commit.after), texts),
    })),
  };
}

/** The file that an entry means, out of what was read. */
export function fileOf(entry: TreeEntry | null, texts: ReadonlyMap<string, StackFile>): StackFile {
  if (entry === null) return { kind: "missing" };
  if (!isPlainFile(entry))
    return { kind: "unreadable", message: "it is a symbolic link or a submodule; commit a plain file" };
  return texts.get(entry.oid) ?? { kind: "missing" };
}

type Logged = {
  oid: string;
  parents: string[];
  committedMs: number;
  author: string;
  message: string;
  before: TreeEntry;
  after: TreeEntry;
};

type Arrived = { commit: Logged; arrival: Logged };

/** Puts what a merge brought in the place of the merge, unless the merge itself made a text that none of its parents had. */
function inOrderOfArrival(chain: readonly Logged[], merged: readonly Logged[]): Arrived[] {
  const onChain = new Set(chain.map(({ oid }) => oid));
  const side = new Map(merged.filter(({ oid }) => !onChain.has(oid)).map((commit) => [commit.oid, commit]));
  const brought = new Map<string, Logged[]>();
  const simplified = new Map(merged.map((commit) => [commit.oid, commit]));
  const seen = new Set<string>();
  // Oldest first: what two merges could have brought came with the first.
  for (const arrival of chain.toReversed()) {
    const own: Logged[] = [];
    const open = [...(simplified.get(arrival.oid)?.parents ?? [])];
    for (let oid = open.shift(); oid !== undefined; oid = open.shift()) {
      const commit = side.get(oid);
      if (commit === undefined || seen.has(oid)) continue;
      seen.add(oid);
      own.push(commit);
      open.push(...commit.parents);
    }
    brought.set(
      arrival.oid,
      own.filter((commit) => commit.parents.length < 2 || !isFromOneParent(commit, side)),
    );
  }
  return chain.flatMap((arrival) => {
    const own = brought.get(arrival.oid) ?? [];
    const isExplained = own.some(({ after }) => after.oid === arrival.after.oid);
    return [...(isExplained ? [] : [arrival]), ...own].map((commit) => ({ commit, arrival }));
  });
}

/** A merge on a side branch that only brought what a listed commit had made. */
function isFromOneParent(merge: Logged, side: ReadonlyMap<string, Logged>): boolean {
  return merge.parents.some((parent) => side.get(parent)?.after.oid === merge.after.oid);
}

/** Every commit that had a part in the file, with its parents among these commits. */
function readMerged(repository: LocalRepository, path: string, chain: readonly Logged[]): Promise<Logged[]> {
  const [newest, oldest] = [chain[0], chain.at(-1)];
  if (newest === undefined || oldest === undefined) return Promise.resolve([]);
  const until = oldest.parents[0] === undefined ? [] : [`^${oldest.parents[0]}`];
  return readLog(repository, path, [
    "--diff-merges=first-parent",
    "--topo-order",
    "--show-pulls",
    "--parents",
    `-n${MOST_COMMITS * 2}`,
    newest.oid,
    ...until,
  ]);
}

async function readLog(
  { git, root }: LocalRepository,
  path: string,
  options: readonly string[],
): Promise<Logged[]> {
  const answer = await git.run([...LOG, ...options, "--", path], { cwd: root });
  return parseLog(answer.toString("utf8"), path);
}

/** Told exactly, since a person's configuration may change what `git log` shows. */
const LOG = [
  "--literal-pathspecs",
  "-c",
  "core.quotePath=false",
  "-c",
  "i18n.logOutputEncoding=UTF-8",
  "log",
  "-z",
  "--raw",
  "--no-abbrev",
  "--no-renames",
  "--no-follow",
  "--no-color",
  "--no-ext-diff",
  "--no-show-signature",
  "--no-decorate",
  "--format=%x01%H%n%P%n%ct%n%an%n%B",
];

/** Each commit is `\x01<facts>\0\n:<modes> <ids> <status>\0<path>\0`: no part of it can hold a NUL. */
function parseLog(answer: string, path: string): Logged[] {
  const commits: Logged[] = [];
  const parts = answer.split("\0");
  let facts: string | undefined;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] ?? "";
    if (part.startsWith("\x01")) {
      facts = part.slice(1);
      continue;
    }
    const match = /^\n?:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) /.exec(part);
    if (match === null) continue;
    index += 1;
    if (facts === undefined || parts[index] !== path) continue;
    const [oid = "", parents = "", committed = "", author = "", ...message] = facts.split("\n");
    commits.push({
      oid,
      parents: parents.split(" ").filter((parent) => parent !== ""),
      committedMs: Number(committed) * 1000,
      author,
      message: message.join("\n").trimEnd(),
      before: { mode: match[1] ?? "", oid: match[3] ?? "" },
      after: { mode: match[2] ?? "", oid: match[4] ?? "" },
    });
    facts = undefined;
  }
  return commits;
}

/** Git writes a path that is not there as mode 000000. */
function entryOf(entry: TreeEntry | undefined): TreeEntry | null {
  return entry === undefined || entry.mode === "000000" ? null : entry;
}

/** The commits whose parents a shallow clone does not have. */
async function readShallow({ commonDir }: LocalRepository): Promise<ReadonlySet<string>> {
  const text = await readFile(join(commonDir, "shallow"), "utf8").catch(() => "");
  return new Set(text.split("\n").filter((oid) => oid !== ""));
}
