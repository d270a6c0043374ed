import { isCalled, type StackNames } from "../domain/names.ts";
import { parseScaleCommit, type Scale } from "../domain/scale-commit.ts";
import type { FileCommit } from "../domain/snapshot.ts";
import { editPoolValue } from "../domain/stack-file.ts";
import { parseTrailers } from "../domain/trailers.ts";
import { digest } from "./folder-file.ts";
import type { JournalRecord } from "./folder-journal.ts";
import { formatConfigValues, formatPlacedValues } from "./folder-values.ts";
import { valueIn } from "./value-in.ts";

/** One of Pulumi's own updates of the stack, with the config that it had. */
export type FolderUpdate = {
  startedAtMs: number;
  message: string;
  /** Full keys to values, maps and lists as JSON; without secrets. */
  config: ReadonlyMap<string, string>;
  /** Who made the commit that it stood on, where it ran in a git work tree. */
  author?: string | null;
};

export type FolderHistory = {
  /** Newest first, as Pulumi lists them. */
  updates: readonly FolderUpdate[];
  /** Whether these are all that there are: else the oldest only says what stood before the next. */
  isComplete: boolean;
  /** Oldest first. */
  records: readonly JournalRecord[];
  names: StackNames;
};

/** Pulumi tells the start of an update in whole seconds. */
const GRAIN_MS = 1000;

/**
 * The history of a stack file that is in no git, newest first: the journal's commits, and what else has changed from one of
 * Pulumi's updates to the next. An update whose message is a scale commit of this stack is one; what it does not name, and every
 * change that has no such message, was made by hand. The values are the config's own; a message is believed only where it says
 * exactly what they say. Pure.
 */
export function foldHistory({ updates, isComplete, records, names }: FolderHistory): FileCommit[] {
  const commits: FileCommit[] = [];
  const waiting = [...records];
  let last: string | null = null;
  for (const update of updates.toReversed()) {
    const after = formatConfigValues(update.config);
    const told: string | null =
      last === null ? null : withoutTold(last, after, takeTold(waiting, after, update));
    const scales = ownScales(update.message, names);
    claimEarlier(commits, update, scales, told ?? "", after);
    const isFirst = last === null && isComplete;
    if (isFirst || (told !== null && told !== after)) commits.push(updateCommit(update, told, after, names));
    last = after;
  }
  commits.push(...records.map(recordCommit));
  // The sort is stable: what came later in the list stays the newer one of two of the same moment.
  return commits.reverse().sort((a, b) => b.reachedAtMs - a.reachedAtMs);
}

/** The ids of the scale commits that an update's message names. */
export function namedCommits(message: string, names: StackNames): string[] {
  const named = parseTrailers(message).find(({ key }) => key === "Stack")?.value;
  if (named === undefined || !isCalled(names, named)) return [];
  return parseTrailers(message).flatMap(({ key, value }) =>
    key === "Commit" && /^[0-9a-f]{40}$/.test(value) ? [value] : [],
  );
}

/** Whether the record is in an update's message, by its id or by the very lines that it has. */
export function isNamedBy({ id, message }: JournalRecord, update: FolderUpdate, names: StackNames): boolean {
  if (namedCommits(update.message, names).includes(id)) return true;
  const told = ownScales(update.message, names).map(lineOf);
  const own = ownScales(message, names).map(lineOf);
  return own.length > 0 && own.every((line) => told.includes(line));
}

/** Takes the commits out of the list that brought a pool to where the update found it. */
function takeTold(waiting: JournalRecord[], after: string, update: FolderUpdate): JournalRecord[] {
  const lastTold = waiting.findLastIndex(
    ({ atMs, moves }) =>
      atMs < update.startedAtMs + GRAIN_MS &&
      moves.some(({ location, to }) => valueIn(after, location) === to),
  );
  return waiting.splice(0, lastTold + 1);
}

/** What stood before, as if the journal's own commits had been applied already. */
function withoutTold(before: string, after: string, told: readonly JournalRecord[]): string {
  let text = before;
  for (const { moves } of told) {
    for (const { location } of moves) {
      const value = valueIn(after, location);
      const isTold = told.some((record) =>
        record.moves.some((move) => sameLocation(move.location, location) && move.to === value),
      );
      const edited = isTold && value !== null ? editPoolValue(text, location, value) : null;
      if (edited?.kind === "edited") text = edited.text;
    }
  }
  return text;
}

/**
 * Somebody's own `pulumi up` may have taken a committed value along before the update that names its commit: the change is found in
 * the earlier one, and the words in the later.
 */
function claimEarlier(
  commits: FileCommit[],
  update: FolderUpdate,
  scales: readonly Scale[],
  before: string,
  after: string,
): void {
  const here = movesBetween(before, after);
  for (const { from, to } of scales) {
    if (here.has(`${from} ${to}`)) continue;
    const index = commits.findLastIndex((commit) =>
      movesBetween(textOf(commit.before), textOf(commit.after)).has(`${from} ${to}`),
    );
    const commit = commits[index];
    if (commit !== undefined && parseScaleCommit(commit.message) === undefined)
      commits[index] = { ...commit, message: update.message };
  }
}

function updateCommit(
  update: FolderUpdate,
  before: string | null,
  after: string,
  names: StackNames,
): FileCommit {
  const { startedAtMs, message, author } = update;
  return {
    oid: namedCommits(message, names)[0] ?? digest(String(startedAtMs), before ?? "", after).slice(0, 40),
    message,
    reachedAtMs: startedAtMs,
    author: author || "pulumi up",
    pullRequest: null,
    mergeMessage: null,
    before: before === null ? { kind: "missing" } : { kind: "text", text: before },
    after: { kind: "text", text: after },
  };
}

function recordCommit({ id, message, atMs, moves }: JournalRecord): FileCommit {
  const text = (side: "from" | "to") =>
    formatPlacedValues(moves.map((move) => ({ location: move.location, value: move[side] })));
  return {
    oid: id,
    message,
    reachedAtMs: atMs,
    author: "pulumiscale",
    pullRequest: null,
    mergeMessage: null,
    before: { kind: "text", text: text("from") },
    after: { kind: "text", text: text("to") },
  };
}

function ownScales(message: string, names: StackNames): Scale[] {
  const commit = parseScaleCommit(message);
  return commit !== undefined && isCalled(names, commit.alias) ? commit.scales : [];
}

function lineOf({ pool, from, to, event }: Scale): string {
  return `${pool} ${from} ${to} ${event}`;
}

function sameLocation(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function textOf(file: FileCommit["before"]): string {
  return file.kind === "text" ? file.text : "";
}

/** `from to` of each integer that stands in both texts, which are our own, and differs. */
function movesBetween(before: string, after: string): Set<string> {
  if (before === "" || after === "") return new Set();
  const moves = new Set<string>();
  const compare = (one: unknown, other: unknown): void => {
    if (typeof one === "object" && one !== null && typeof other === "object" && other !== null) {
      const values = new Map(Object.entries(one));
      for (const [key, value] of Object.entries(other)) compare(values.get(key), value);
    } else if (one !== undefined && one !== null && other !== null && String(one) !== String(other)) {
      moves.add(`${String(one)} ${String(other)}`);
    }
  };
  compare(JSON.parse(before), JSON.parse(after));
  return moves;
}
