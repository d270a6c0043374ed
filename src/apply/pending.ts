import { appliedValue } from "../domain/applied-value.ts";
import type { Contract, Pool } from "../domain/contract.ts";
import type { AppliedFacts } from "../domain/read-pool-state.ts";
import { isFailure, type Receipt } from "../domain/receipt.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { type PoolLocation, readPoolValue } from "../domain/stack-file.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { HistoryRead, ProgramState } from "./apply-forge.ts";
import { isSameProgram } from "./program-state.ts";

/** A pool of which the committed value is, or may be, other than what the engine last confirmed. */
export type PendingPool = { pool: Pool; from: number | null; to: number };

/** A pool whose committed value cannot be applied as it stands. */
export type UnusablePool = { pool: Pool; from: number | null; to: number | null; message: string };

/** What a run of the deploy workflow knows before it asks Pulumi anything. */
export type ApplyFacts = {
  /** What started the run: a push, with what stood before it; or a schedule or a person. */
  trigger: { kind: "push"; before: ProgramState | null } | { kind: "other" };
  head: ProgramState;
  checkout: ProgramState | null;
  /** At the commit of the last full up; null where the repository no longer has it. */
  deployed: ProgramState | null;
  entry: LedgerEntry | null;
  stackFilePath: string;
  /** Where the pools' values stand, as the ledger's contract says. */
  locations: readonly PoolLocation[];
  /** Whether any pool is pending, as the ledger's contract says. */
  somethingIsPending: boolean;
};

export type ApplyDecision =
  /** The team's own full `up` is to run, then `publish`. */
  | { kind: "full-needed"; because: string }
  /** A newer run, or the schedule, applies what is pending. */
  | { kind: "superseded"; because: string }
  | { kind: "nothing" }
  | { kind: "apply"; previewFirst: "preview-first" | "at-once" };

/** Decides what a run of `apply` does. Pure. */
export function decideApply(facts: ApplyFacts): ApplyDecision {
  const isSame = (one: ProgramState | null, other: ProgramState | null) =>
    isSameProgram(one, other, facts, facts.locations);
  if (facts.entry === null) {
    return {
      kind: "full-needed",
      because: "the ledger has no entry for this stack yet; a full up and `publish` make it",
    };
  }
  if (facts.entry.deployed === null) {
    return { kind: "full-needed", because: "this stack was never published after a full up" };
  }
  if (facts.trigger.kind === "push") {
    // A push whose parent is gone (a forced push, a new branch) says nothing about what it changed.
    const before = facts.trigger.before ?? facts.deployed;
    if (!isSame(before, facts.checkout)) {
      return { kind: "full-needed", because: "this push changed more than pool values" };
    }
  }
  if (!isSame(facts.checkout, facts.head)) {
    return {
      kind: "superseded",
      because:
        "the base branch has newer code than this run has checked out; the run of that push, or the next scheduled one, applies",
    };
  }
  if (!facts.somethingIsPending) return { kind: "nothing" };
  return { kind: "apply", previewFirst: isSame(facts.deployed, facts.head) ? "at-once" : "preview-first" };
}

/**
 * The pools to apply, with the values of the newest head. A pool is pending where its committed value differs from the
 * applied one, where its last apply failed, or where the value has moved since the last apply and come back: a run that
 * was killed before it could write the ledger may have applied what stood there in between.
 */
export function findPending(
  contract: Contract,
  project: string,
  head: StackFile,
  since: Pick<HistoryRead, "commits" | "isComplete">,
  facts: AppliedFacts,
): { pending: PendingPool[]; unusable: UnusablePool[] } {
  const pending: PendingPool[] = [];
  const unusable: UnusablePool[] = [];
  for (const pool of contract.values()) {
    const location = { ...pool.location, project };
    const from = appliedValue(facts, pool);
    const committed = readCommitted(head, location);
    if (committed.kind === "unusable") {
      unusable.push({ pool, from, to: null, message: committed.message });
      continue;
    }
    const to = committed.value;
    const values = since.commits.map(({ stackFile }) => readCommitted(stackFile, location));
    const hasMoved =
      !since.isComplete || values.some((value) => value.kind === "value" && value.value !== from);
    if (to === from && !hasMoved && !hasFailed(facts.receipt, pool)) continue;
    if (to < pool.min || to > pool.max) {
      const message = `The committed value ${to} is outside the pool's range of ${pool.min} to ${pool.max}, so it was not applied. Commit a value in range, or change the contract and run a full \`pulumi up\`.`;
      unusable.push({ pool, from, to, message });
    } else {
      pending.push({ pool, from, to });
    }
  }
  return { pending, unusable };
}

/** Where the values of these pools stand in the stack file. */
export function locationsOf(contract: Contract, project: string): PoolLocation[] {
  return [...contract.values()].map(({ location }) => ({ ...location, project }));
}

function hasFailed(receipt: Receipt | null, pool: Pool): boolean {
  const line = receipt?.pools.find(({ pool: name }) => name === pool.name || pool.aliases.includes(name));
  return line !== undefined && isFailure(line.outcome);
}

function readCommitted(
  file: StackFile,
  location: PoolLocation,
): { kind: "value"; value: number } | { kind: "unusable"; message: string } {
  if (file.kind === "missing") {
    return {
      kind: "unusable",
      message: "The stack file is not on the base branch, so there is no value to apply. Commit it.",
    };
  }
  if (file.kind === "unreadable")
    return { kind: "unusable", message: `The stack file cannot be read: ${file.message}.` };
  const read = readPoolValue(file.text, location);
  return read.kind === "refused" ? { kind: "unusable", message: read.refusal.message } : read;
}
