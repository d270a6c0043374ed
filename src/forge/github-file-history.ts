import { joinHistories } from "../domain/join-histories.ts";
import type { FileCommit, StackFile } from "../domain/snapshot.ts";
import { ForgeError, type StackPlace } from "./forge.ts";
import { type FormerPathFields, formerPathFields } from "./github-former-paths.ts";
import { type FileAnswer, FileEntry } from "./github-snapshot-file.ts";
import { type BaseAnswer, type CommitAnswer, HistoryAnswer } from "./github-snapshot-schema.ts";

/** More history than this is not read for one decision; the cooldown then counts from what was seen. */
const MAX_PAGES = 5;

/** Where to go on: in the history of the stack file's path, and in that of each former one. Null for the start. */
export type HistoryCursors = { own: string | null; formers: readonly (string | null)[] };

export type HistoryReading = {
  read: (entry: FileAnswer) => Promise<StackFile>;
  /** The base branch with the next page of each history; null where there is no such branch any more. */
  readMore: (cursors: HistoryCursors) => Promise<BaseAnswer | null>;
  /** A page of the history of a path up to a commit; null where there is no such commit. */
  readAt: (oid: string, path: string) => Promise<HistoryAnswer | null>;
  sinceMs: number;
};

/** One path's part of the history, as far as it was read. */
type Part = {
  former: FormerPathFields | null;
  commits: FileCommit[];
  arrivals: Arrival[];
  page: HistoryAnswer["pageInfo"];
};

/** A commit that has the file at its path, and a parent that has it at a former one. */
type Arrival = { oid: string; parentOid: string; former: FormerPathFields };

/** The commits that changed the stack file, at its path and at the former ones, newest first: back to `sinceMs` at least, where there are so many. */
export async function readGitHubHistory(
  base: BaseAnswer,
  place: StackPlace,
  { read, readMore, readAt, sinceMs }: HistoryReading,
): Promise<FileCommit[]> {
  const paths = [null, ...formerPathFields(place)];
  const parts = await Promise.all(
    paths.map(async (former): Promise<Part> => ({ former, ...(await readPart(base, place, former, read)) })),
  );
  for (let pages = 1; pages < MAX_PAGES; pages++) {
    const open = parts.filter(({ commits, page }) => page.hasNextPage && reachesInto(commits, sinceMs));
    if (open.length === 0) break;
    const [own = null, ...formers] = parts.map(({ page }) => page.endCursor);
    const next = await readMore({ own, formers });
    // The base moved between two pages: what was read does not belong together.
    if (next?.oid !== base.oid)
      throw new ForgeError("conflict", `${place.branch} moved while its history was read.`);
    for (const part of open) {
      const more = await readPart(next, place, part.former, read);
      part.commits.push(...more.commits);
      part.arrivals.push(...more.arrivals);
      part.page = more.page;
    }
  }
  for (const { oid, parentOid, former } of parts[0]?.arrivals ?? []) {
    const part = parts.find((one) => one.former?.path === former.path);
    if (part === undefined || part.commits.some((commit) => commit.oid === oid)) continue;
    // A merge has brought the move. What its first parent's side has done at the former path is not in the history from here: git
    // follows the side on which the file is gone as well.
    const nodes = (await readAt(parentOid, former.path))?.nodes ?? [];
    const whole = await Promise.all(nodes.map((commit) => fileCommit(commit, place, former, read)));
    // It goes first: of commits of one second, their order in the list is all that tells which came later.
    part.commits.unshift(...whole);
  }
  const histories = parts.map(({ commits, page }) => ({ commits, isComplete: !page.hasNextPage }));
  const [own = { commits: [], isComplete: true }, ...formers] = histories;
  return formers.length === 0 ? own.commits : joinHistories(own, formers);
}

async function readPart(
  base: BaseAnswer,
  place: StackPlace,
  former: FormerPathFields | null,
  read: HistoryReading["read"],
): Promise<Omit<Part, "former">> {
  const { nodes, pageInfo } = former === null ? base.history : HistoryAnswer.parse(base[former.history]);
  return {
    commits: await Promise.all(nodes.map((commit) => fileCommit(commit, place, former, read))),
    arrivals: former === null ? nodes.flatMap((commit) => arrivalOf(commit, place)) : [],
    page: pageInfo,
  };
}

function arrivalOf({ oid, file, parents }: CommitAnswer, place: StackPlace): Arrival[] {
  const [parent] = parents.nodes;
  if (parent === undefined || parent.file !== null || file === null) return [];
  const former = formerPathFields(place).find((fields) => parent[fields.file] != null);
  return former === undefined ? [] : [{ oid, parentOid: parent.oid, former }];
}

async function fileCommit(
  commit: CommitAnswer,
  place: StackPlace,
  former: FormerPathFields | null,
  read: HistoryReading["read"],
): Promise<FileCommit> {
  const merged = (commit.associatedPullRequests?.nodes ?? []).find(
    ({ mergedAt, baseRefName }) => mergedAt !== null && baseRefName === place.branch,
  );
  const committedMs = Date.parse(commit.committedDate);
  const mergedMs = merged?.mergedAt == null ? 0 : Date.parse(merged.mergedAt);
  return {
    oid: commit.oid,
    message: commit.message,
    // Whichever is later: with a merge commit, history shows the pull request's commit at its old date.
    reachedAtMs: Math.max(committedMs, mergedMs),
    author: commit.author?.user?.login ?? commit.author?.name ?? "",
    pullRequest: merged?.number ?? null,
    mergeMessage: merged?.mergeCommit?.message ?? null,
    people: [merged?.author, merged?.mergedBy].flatMap((actor) =>
      actor?.__typename === "User" ? [actor.login] : [],
    ),
    before: await readBefore(commit, former === null ? formerPathFields(place) : [], read),
    after: await read(commit.file),
  };
}

/** The file before the commit; where there was none at its path, the one at a former path. */
async function readBefore(
  { parents }: CommitAnswer,
  formers: readonly FormerPathFields[],
  read: HistoryReading["read"],
): Promise<StackFile> {
  const [parent] = parents.nodes;
  if (parent === undefined) return { kind: "missing" };
  for (const entry of [parent.file, ...formers.map(({ file }) => FileEntry.parse(parent[file] ?? null))]) {
    const found = await read(entry);
    if (found.kind !== "missing") return found;
  }
  return { kind: "missing" };
}

function reachesInto(history: readonly FileCommit[], sinceMs: number): boolean {
  const oldest = history.at(-1);
  return oldest !== undefined && oldest.reachedAtMs > sinceMs;
}
