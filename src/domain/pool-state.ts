import type { PlacedHold } from "./controls.ts";

/** One change of a pool's value on the base branch. Times are milliseconds since the epoch. */
export type Change = {
  commit: string;
  /** When the change reached the base branch: a merged pull request's merge, else the commit. */
  atMs: number;
  /** Null where the pool had no readable value before. */
  from: number | null;
  to: number | null;
  /** `scale` where the commit's own trailers, or its subject where it has none, say exactly this change; `manual` for everything else. */
  by: "scale" | "manual";
  /** Who made it: a login, or the name in the commit. */
  author: string;
};

/** A value that an open pull request of ours would set; no pull request yet where the same batch is about to open it. */
export type Proposed = { to: number; sinceMs: number; pullRequest: number | null };

/** A person's "no" to one move of a pool. */
export type Rejection = {
  from: number;
  to: number;
  /** A login; null where it is not known. */
  by: string | null;
  atMs: number;
  pullRequest: number;
};

/** An event that a scale commit has answered, on the base branch or in an open pull request. */
export type SeenEvent = { event: string; atMs: number };

/** All that a decision knows of one pool besides its contract. Built from one snapshot. */
export type PoolState = {
  /** The value in the stack file at the head of the base branch. */
  committed: number;
  /** The value that the engine last confirmed; null where nothing is known of it. */
  applied: number | null;
  /** The newest change of the value on the base branch, within what was read of the history. */
  lastChange: Change | null;
  /** The open in-range pull request's value. */
  pending: Proposed | null;
  /** The open gated pull request's value. */
  awaitingApproval: Proposed | null;
  seenEvents: readonly SeenEvent[];
  /** What a person has said "no" to, lately or long ago. */
  rejections: readonly Rejection[];
  /** Open pull requests of this pool that somebody has pushed to: nothing of ours touches them. */
  handsOff: { inRange: number | null; gated: number | null };
  /** Pulumi's words about the last failed apply of this value; null when it did not fail. */
  applyFailure: string | null;
  /** Why all scaling is paused, by the repository file or the environment; null when it is not. */
  paused: string | null;
  /** The pauses and pins that are about this pool, also those that are over. */
  holds: readonly PlacedHold[];
};
