import type { Contract, Pool } from "./contract.ts";
import { isCalled, type StackNames } from "./names.ts";
import type { Change } from "./pool-state.ts";
import { parseScaleCommit, parseSubject, type Scale } from "./scale-commit.ts";
import type { FileCommit, StackFile } from "./snapshot.ts";
import type { StackFileReader } from "./stack-file.ts";

/** A change of a pool's value on the base branch, with the scale commit's own words where it was one. */
export type PoolChange = Change & {
  scale: Scale | null;
  approvedBy: string | null;
  pullRequest: number | null;
  /** Logins of the people who may have worded the commit. */
  people?: readonly string[];
};

/**
 * The changes of a pool's value, newest first. The values are read from the files before and after each commit, never
 * from its message; the message only says who did it, and only where it says exactly this change of this stack.
 */
export function poolHistory(
  history: readonly FileCommit[],
  pool: Pool,
  stack: StackNames & { project: string },
  read: StackFileReader,
): PoolChange[] {
  const location = { ...pool.location, project: stack.project };
  const valueIn = (file: StackFile): number | null => {
    if (file.kind !== "text") return null;
    const found = read(file.text, location);
    return found.kind === "value" ? found.value : null;
  };
  const changes: PoolChange[] = [];
  for (const commit of history) {
    const from = valueIn(commit.before);
    const to = valueIn(commit.after);
    if (from === to) continue;
    const scaleCommit = parseScaleCommit(commit.message);
    const own = scaleCommit !== undefined && isCalled(stack, scaleCommit.alias) ? scaleCommit : undefined;
    const says = (line: { pool: string; from: number; to: number }) =>
      isNamed(pool, line.pool) && line.from === from && line.to === to;
    const subject = scaleCommit === undefined ? parseSubject(commit.message) : undefined;
    const isSubject = subject !== undefined && isCalled(stack, subject.alias) && says(subject);
    const scale = own?.scales.find(says) ?? null;
    changes.push({
      commit: commit.oid,
      atMs: commit.reachedAtMs,
      from,
      to,
      by: scale === null && !isSubject ? "manual" : "scale",
      author: scale === null ? commit.author : (own?.requestedBy ?? commit.author),
      scale,
      approvedBy: scale === null ? null : (own?.approvedBy ?? approverIn(commit.mergeMessage)),
      pullRequest: commit.pullRequest,
      ...(commit.people === undefined || commit.people.length === 0 ? {} : { people: commit.people }),
    });
  }
  // A merge commit brings a commit with an old date: what counts is when it reached the base branch.
  return changes.sort((a, b) => b.atMs - a.atMs);
}

function approverIn(mergeMessage: string | null): string | null {
  return mergeMessage === null ? null : (parseScaleCommit(mergeMessage)?.approvedBy ?? null);
}

/** True for the pool's name and its former names. */
export function isNamed(pool: Pool, name: string): boolean {
  return pool.name === name || pool.aliases.includes(name);
}

/** A pool by its name or a former one. */
export function findPool(contract: Contract, name: string): Pool | undefined {
  return contract.get(name) ?? [...contract.values()].find((pool) => isNamed(pool, name));
}
