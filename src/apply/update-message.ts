import { isCalled, type StackNames } from "../domain/names.ts";
import { isNamed } from "../domain/pool-history.ts";
import { parseScaleCommit, type Scale, type ScaleCommit } from "../domain/scale-commit.ts";
import { formatTrailers, parseTrailers, type Trailer } from "../domain/trailers.ts";
import type { StackFileCommit } from "./apply-forge.ts";
import type { PendingPool } from "./pending.ts";

/** A message is one argument of a process, and a line in a list of updates: what is over this is left out of it. */
const LONGEST_MESSAGE = 4000;
/** As much of it is for the commits, which are what a commit is found by. */
const LONGEST_COMMITS = 2500;

/**
 * The message of an update in Pulumi's history: what it moves, in the form of a scale commit, and the scale commits that
 * it covers; `retried` are those of an earlier update that failed. A pool that somebody moved by hand has no line of its
 * own, since nobody asked for it here. Pure.
 */
export function formatUpdateMessage(
  stack: StackNames,
  pending: readonly PendingPool[],
  commits: readonly Pick<StackFileCommit, "oid" | "message">[],
  retried: readonly string[] = [],
): string {
  const covered = commits.flatMap(({ oid, message }) => {
    const commit = parseScaleCommit(message);
    return commit !== undefined && isCalled(stack, commit.alias) ? [{ oid, commit }] : [];
  });
  const scales = covered.flatMap(({ commit }) => commit.scales);
  const people = peopleOf(covered.map(({ commit }) => commit));
  const lines = [...people, ...pending.flatMap((pool) => scaleLine(pool, scales))];
  const oids = takeFitting(
    [...new Set([...covered.map(({ oid }) => oid), ...retried])].map(
      (oid): Trailer => ({ key: "Commit", value: oid }),
    ),
    LONGEST_COMMITS,
  );
  const { alias } = stack;
  const first = [{ key: "Stack", value: alias }, ...poolsTrailer(pending)];
  const head = `${formatSubject(alias, pending)}\n\n${formatTrailers(first)}`;
  const fitting = takeFitting(lines, LONGEST_MESSAGE - lengthOf(head) - lengthOf(formatTrailers(oids)) - 2);
  return [head, formatTrailers(fitting), formatTrailers(oids)].filter((part) => part !== "").join("\n");
}

/** The scale commits that the message of an update of ours names; null for any other update. */
export function parseUpdateMessage(message: string, stack: StackNames): string[] | null {
  const trailers = parseTrailers(message);
  if (!isOurs(trailers, stack)) return null;
  return trailers.filter(({ key }) => key === "Commit").map(({ value }) => value);
}

/** The pools that an update of ours has moved, or was to move; null where its message does not tell all of them. */
export function parseUpdatedPools(message: string, stack: StackNames): string[] | null {
  const trailers = parseTrailers(message);
  if (!isOurs(trailers, stack)) return null;
  return trailers.find(({ key }) => key === "Pools")?.value.split(",") ?? null;
}

/** Under the stack's name, or one that it had before. */
function isOurs(trailers: readonly Trailer[], stack: StackNames): boolean {
  const named = trailers.find(({ key }) => key === "Stack")?.value;
  return named !== undefined && isCalled(stack, named);
}

const LONGEST_POOLS = 1000;

/** All of them or none: whoever reads it takes the others for left alone. */
function poolsTrailer(pending: readonly PendingPool[]): Trailer[] {
  const value = pending.map(({ pool }) => pool.name).join(",");
  return value.length > LONGEST_POOLS ? [] : [{ key: "Pools", value }];
}

function formatSubject(alias: string, pending: readonly PendingPool[]): string {
  const [first] = pending;
  const what =
    pending.length === 1 && first !== undefined
      ? `${first.pool.name} ${first.from ?? "?"} → ${first.to}`
      : `${pending.length} pools`;
  return `scale(${alias}): ${what}`;
}

/** The newest demand that led to the value, from what was applied before. */
function scaleLine({ pool, from, to }: PendingPool, scales: readonly Scale[]): Trailer[] {
  const scale = scales.find(({ pool: name }) => isNamed(pool, name));
  if (scale === undefined || scale.to !== to) return [];
  const { requested, reasons, source, event } = scale;
  const facts = `requested=${requested} reason=${reasons.join(",")} source=${source} event=${event}`;
  return [{ key: "Scale", value: `${pool.name} ${from ?? scale.from} -> ${to} ${facts}` }];
}

/** Who asked for it, and who approved it where all of it was approved, as the commits name them. */
function peopleOf(commits: readonly ScaleCommit[]): Trailer[] {
  const list = (key: string, names: readonly string[]): Trailer[] => {
    const named = [...new Set(names.filter((name) => name !== ""))];
    return named.length === 0 ? [] : [{ key, value: named.join(", ") }];
  };
  const requesters = commits.map(({ requestedBy }) => requestedBy);
  const approvers = commits.flatMap(({ approvedBy }) => approvedBy ?? []);
  return [
    ...list("Requested-By", requesters),
    ...(approvers.length === commits.length ? list("Approved-By", approvers) : []),
  ];
}

function takeFitting(trailers: readonly Trailer[], longest: number): Trailer[] {
  let length = 0;
  return trailers.filter((trailer) => {
    length += lengthOf(formatTrailers([trailer])) + 1;
    return length <= longest;
  });
}

function lengthOf(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
