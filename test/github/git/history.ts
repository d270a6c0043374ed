import { GitError, runGit, runGitText } from "./git-process.ts";
import { type GitRepository, readCommit } from "./git-repository.ts";
import type { GitCommit } from "./parse-commit.ts";
import { remember } from "./remember.ts";

export interface HistoryQuery {
  readonly from: string;
  /** Commits reachable from these are left out. */
  readonly without?: readonly string[];
  readonly path?: string;
  readonly author?: string;
  readonly since?: string;
  readonly until?: string;
  readonly skip?: number;
  readonly limit?: number;
  readonly order?: "newest-first" | "oldest-first";
}

/** What `git log` gives, merges and path simplification included. */
export async function listCommits(git: GitRepository, query: HistoryQuery): Promise<GitCommit[]> {
  const [without] = query.without ?? [];
  const tip = query.without?.length === 1 && isPlainRange(query) ? await readCommit(git, query.from) : null;
  // What most pushes and pull requests bring is one commit, which needs no walk.
  if (tip !== null && without !== undefined && tip.parents.length === 1 && tip.parents[0] === without)
    return [tip];
  const args = ["rev-list"];
  if (query.author !== undefined) args.push("--fixed-strings", `--author=${query.author}`);
  if (query.since !== undefined) args.push(`--since=${query.since}`);
  if (query.until !== undefined) args.push(`--until=${query.until}`);
  if (query.skip !== undefined) args.push(`--skip=${query.skip}`);
  if (query.limit !== undefined) args.push(`--max-count=${query.limit}`);
  if (query.order === "oldest-first") args.push("--reverse", "--topo-order");
  args.push(query.from, ...(query.without ?? []).map((oid) => `^${oid}`), "--");
  if (query.path !== undefined && query.path !== "") args.push(query.path);
  const run = async (): Promise<string[]> =>
    (await runGitText(git.directory, args)).split("\n").filter((oid) => oid !== "");
  const oids = await (isOid(query.from) ? remember(git.ranges, args.join("\0"), run) : run());
  const commits = await Promise.all(oids.map((oid) => readCommit(git, oid)));
  return commits.filter((commit) => commit !== null);
}

export async function countCommits(git: GitRepository, query: HistoryQuery): Promise<number> {
  const { limit: _limit, skip: _skip, ...rest } = query;
  return (await listCommits(git, rest)).length;
}

export async function isAncestor(git: GitRepository, ancestor: string, descendant: string): Promise<boolean> {
  if (ancestor === descendant) return true;
  return remember(git.ancestors, `${ancestor} ${descendant}`, async () => {
    // Most pushes add one commit, which needs no walk.
    if ((await readCommit(git, descendant))?.parents.includes(ancestor) === true) return true;
    try {
      await runGit(git.directory, ["merge-base", "--is-ancestor", ancestor, descendant]);
      return true;
    } catch (error) {
      if (error instanceof GitError && error.exitCode === 1) return false;
      throw error;
    }
  });
}

/** The best common ancestor, or null for unrelated histories. */
export async function findMergeBase(git: GitRepository, one: string, other: string): Promise<string | null> {
  return remember(git.mergeBases, `${one} ${other}`, async () => {
    if ((await readCommit(git, other))?.parents.includes(one) === true) return one;
    try {
      return await runGitText(git.directory, ["merge-base", one, other]);
    } catch (error) {
      if (error instanceof GitError && error.exitCode === 1) return null;
      throw error;
    }
  });
}

function isPlainRange(query: HistoryQuery): boolean {
  const { from: _from, without: _without, order: _order, limit, ...filters } = query;
  return Object.keys(filters).length === 0 && (limit === undefined || limit > 0);
}

function isOid(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
