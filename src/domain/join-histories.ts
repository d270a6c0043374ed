import type { FileCommit, StackFile } from "./snapshot.ts";

/** What was read of the commits that touched one path, newest first. */
export type PathHistory = {
  commits: readonly FileCommit[];
  /** False where there are older ones, which were not read. */
  isComplete: boolean;
};

/**
 * The history of a stack file that has stood at other paths before, newest first. What happened at a former path counts as long as there
 * was nothing at the path of now. The commit that moved the file, or two that took it away here and added it there, have before
 * them what stood there last: so they change a value only where they really do. Pure.
 */
export function joinHistories(own: PathHistory, formers: readonly PathHistory[]): FileCommit[] {
  if (!own.isComplete) return [...own.commits];
  const ownOids = new Set(own.commits.map(({ oid }) => oid));
  const former = formers
    .flatMap(({ commits }) => commits)
    .filter((commit) => ownOids.has(commit.oid) || wasAbsent(own.commits, commit.reachedAtMs));
  const joined = joinByCommit([...own.commits, ...former]);
  // The sort is stable: of two of the same moment, the one at the path of now stays the newer.
  return carryTexts(joined.sort((one, other) => other.reachedAtMs - one.reachedAtMs));
}

/** Whether there was no file at the path before that moment. */
function wasAbsent(commits: readonly FileCommit[], atMs: number): boolean {
  const last = commits.find(({ reachedAtMs }) => reachedAtMs < atMs);
  return last === undefined || last.after.kind === "missing";
}

/** A commit that moves a file is found at both paths, with one half of the move at each. */
function joinByCommit(commits: readonly FileCommit[]): FileCommit[] {
  const joined = new Map<string, FileCommit>();
  for (const commit of commits) {
    const known = joined.get(commit.oid);
    const both =
      known === undefined
        ? commit
        : { ...known, before: there(known.before, commit.before), after: there(known.after, commit.after) };
    joined.set(commit.oid, both);
  }
  return [...joined.values()];
}

/** Gives each commit that adds the file what stood there last, and leaves out those that only take it away. */
function carryTexts(newestFirst: readonly FileCommit[]): FileCommit[] {
  let last: StackFile = { kind: "missing" };
  const carried: FileCommit[] = [];
  for (const commit of newestFirst.toReversed()) {
    const before = there(commit.before, last);
    last = there(commit.after, before);
    if (commit.after.kind !== "missing") carried.push({ ...commit, before });
  }
  return carried.reverse();
}

function there(file: StackFile, otherwise: StackFile): StackFile {
  return file.kind === "missing" ? otherwise : file;
}
