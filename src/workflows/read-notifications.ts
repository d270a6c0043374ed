import { appliedValue } from "../domain/applied-value.ts";
import type { Pool } from "../domain/contract.ts";
import { isCalled } from "../domain/names.ts";
import {
  commitSubject,
  type Notification,
  type NotificationDraft,
  notificationOf,
  pullSubject,
  type Subject,
} from "../domain/notification.ts";
import { isNamed, type PoolChange } from "../domain/pool-history.ts";
import { isFailure, type PoolReceipt } from "../domain/receipt.ts";
import { parseScaleCommit } from "../domain/scale-commit.ts";
import type { ScaleBranch } from "../domain/snapshot.ts";
import type { StackPlace } from "../forge/forge.ts";
import type { Situation } from "./read-situation.ts";

/** A pool's part of a scale commit on the base branch, and what the ledger says of it. */
type Move = {
  pool: string;
  change: PoolChange;
  state: { kind: "applied" | "pending" } | { kind: "failed"; line: PoolReceipt };
};

/** All that can be told of a stack, as one reading has it: what was opened, waits, is applied and has failed. Pure. */
export function readNotifications(
  situation: Situation,
  place: StackPlace,
  serverUrl: string | null,
): Notification[] {
  const { owner, repo, alias: name } = place;
  const facts = { kind: "scale" as const, repository: { owner, repo }, name, serverUrl };
  const drafts = [
    ...readOpen(situation, place, (number) => pullSubject(facts, number)),
    ...[...readMoves(situation)].flatMap(([commit, moves]) => {
      const number = moves[0].change.pullRequest;
      const subject = number === null ? commitSubject(facts, commit) : pullSubject(facts, number);
      return readCommitted(situation, commit, moves, subject);
    }),
  ];
  return drafts.map(notificationOf);
}

function readOpen(
  { snapshot, record }: Situation,
  place: StackPlace,
  subjectOf: (number: number) => Subject,
): NotificationDraft[] {
  const { inRange, gated, reverts } = snapshot;
  const asks = record.policy.onFailure === "open";
  const branches: [ScaleBranch | null, boolean][] = [
    [inRange, false],
    ...[...gated.values()].map((branch): [ScaleBranch, boolean] => [branch, true]),
    ...[...reverts.values()].map((branch): [ScaleBranch, boolean] => [branch, asks]),
  ];
  return branches.flatMap(([branch, isGated]) => {
    if (branch?.pull == null || !branch.pull.isOurs) return [];
    const scale = parseScaleCommit(branch.headMessage);
    if (scale === undefined || !isCalled(place, scale.alias)) return [];
    const changes = scale.scales.map(({ pool, from, to }) => ({ name: pool, from, to }));
    const { number, createdAtMs } = branch.pull;
    const draft = { ...NOTHING, subject: subjectOf(number), changes, requestedBy: scale.requestedBy };
    const opened = { ...draft, kind: "opened" as const, atMs: createdAtMs, identity: [] };
    if (!isGated) return [opened];
    // Another value is another question; the same one on a newer head is not.
    const identity = changes.flatMap((change) => [change.name, change.to]);
    const atMs = Math.max(createdAtMs + 1, branch.committedAtMs);
    return [opened, { ...draft, kind: "waiting" as const, atMs, identity }];
  });
}

const NOTHING = { summary: null, approvedBy: null, failure: null, runUrl: null };

/** The scale commits on the base branch, each with its moves. */
function readMoves({ record, readState }: Situation): Map<string, [Move, ...Move[]]> {
  const { receipt } = record.facts;
  const moves = new Map<string, [Move, ...Move[]]>();
  for (const pool of record.contract.values()) {
    const read = readState(pool);
    if (read.kind !== "state") continue;
    for (const [index, change] of read.history.entries()) {
      if (change.by !== "scale") continue;
      const line = receipt?.covers.includes(change.commit)
        ? receipt.pools.find((one) => isNamed(pool, one.pool) && one.to === change.to)
        : undefined;
      const move = { pool: pool.name, change, state: stateOf(line, index === 0 && isApplied(pool, change)) };
      const others = moves.get(change.commit);
      if (others === undefined) moves.set(change.commit, [move]);
      else others.push(move);
    }
  }
  return moves;

  /** Of an older move the same value proves nothing. */
  function isApplied(pool: Pool, change: PoolChange): boolean {
    return appliedValue(record.facts, pool) === change.to;
  }
}

function stateOf(line: PoolReceipt | undefined, isApplied: boolean): Move["state"] {
  if (line !== undefined && isFailure(line.outcome)) return { kind: "failed", line };
  return { kind: line !== undefined || isApplied ? "applied" : "pending" };
}

function readCommitted(
  { record }: Situation,
  commit: string,
  moves: readonly [Move, ...Move[]],
  subject: Subject,
): NotificationDraft[] {
  const { receipt } = record.facts;
  const { atMs: reachedAtMs, author, approvedBy } = moves[0].change;
  const endedAtMs =
    receipt?.covers.includes(commit) === true
      ? Date.parse(receipt.startedAt) + receipt.durationSeconds * 1000
      : reachedAtMs;
  const draft = { ...NOTHING, subject, requestedBy: author, approvedBy };
  const told: NotificationDraft[] = [];
  // It may have been merged before anybody looked.
  if (subject.pullRequest !== null)
    told.push({ ...draft, kind: "opened", atMs: reachedAtMs, changes: moves.map(toChange), identity: [] });
  const ended = { ...draft, atMs: Math.max(endedAtMs, reachedAtMs + 1), runUrl: receipt?.runUrl ?? null };
  const failed = moves.flatMap(({ state }) => (state.kind === "failed" ? [state.line] : []));
  if (failed.length > 0) {
    const changes = moves.filter(({ state }) => state.kind === "failed").map(toChange);
    const failure = failed.map(({ outcome, message }) => `${outcome}: ${message}`).join("; ");
    // A deploy that fails again in the same way is no news.
    const identity = [commit, ...failed.flatMap(({ pool, outcome }) => [pool, outcome])];
    told.push({ ...ended, kind: "failed", changes, failure, identity });
  } else if (moves.every(({ state }) => state.kind === "applied")) {
    told.push({ ...ended, kind: "applied", changes: moves.map(toChange), identity: [commit] });
  }
  return told;
}

function toChange({ pool, change: { from, to } }: Move): {
  name: string;
  from: number | null;
  to: number | null;
} {
  return { name: pool, from, to };
}
