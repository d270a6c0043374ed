import { appliedValue } from "../domain/applied-value.ts";
import { parseContract } from "../domain/contract.ts";
import type { StackNames } from "../domain/names.ts";
import { findPool } from "../domain/pool-history.ts";
import type { PoolReceipt, Receipt } from "../domain/receipt.ts";
import type { Scale } from "../domain/scale-commit.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { readPoolValue } from "../domain/stack-file.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { ApplyRequest, ApplyWorld } from "./apply-stack.ts";
import { stackNames } from "./stack-names.ts";
import { readTrustedEntry } from "./trusted-entry.ts";
import { readUpdates, type StackUpdate } from "./update-history.ts";
import { parseUpdateMessage } from "./update-message.ts";

/** A scale commit, as its answer and its message name it. */
export type ScaleOperation = { commit: string; scales: readonly Pick<Scale, "pool" | "from" | "to">[] };

/** What became of a scale commit. */
export type Operation =
  /** It stands in git, and no update has tried it yet. */
  | { kind: "waiting" }
  | { kind: "running"; startedAtMs: number }
  /** Of an old one only Pulumi's history tells, which has no diagnostics: `message` is empty then. */
  | { kind: "done"; pools: PoolReceipt[]; finishedAtMs: number }
  /** No update has tried it, and the pools have other values by now. */
  | { kind: "superseded" };

/** What is known of one stack when it is asked what became of a commit. */
export type OperationFacts = {
  names: StackNames;
  entry: LedgerEntry | null;
  /** The stack file at the branch's head. */
  committed: StackFile;
  /** Newest first. */
  updates: readonly StackUpdate[];
};

/**
 * Says what became of a scale commit, from the ledger, git and Pulumi's own history, so that a restart forgets nothing.
 * `readUpdates` is called where the ledger's last receipt is not of that commit. Throws `ForgeError`, `LedgerError` and
 * `PulumiReadError`.
 */
export async function readOperation(
  operation: ScaleOperation,
  { place, readUpdates }: Pick<ApplyRequest, "place"> & { readUpdates: () => Promise<StackUpdate[]> },
  world: Pick<ApplyWorld, "forge" | "ledger">,
): Promise<Operation> {
  const read = await world.forge.readHead(place, []);
  const { entry } = await readTrustedEntry(read.ledger, place, world.ledger);
  const facts = { names: stackNames(read.ledger, place), entry, committed: read.head.stackFile };
  const covering = entry?.receipt?.covers.includes(operation.commit) ? entry.receipt : null;
  if (covering !== null) return doneBy(covering, operation);
  return decideOperation(operation, { ...facts, updates: await readUpdates() });
}

const UPDATES = 50;

/** As many of Pulumi's updates as tell of a commit: what `readOperation` asks for. See `readUpdates`. */
export function readOperationUpdates({
  workDir,
  engine,
}: Pick<ApplyRequest, "engine"> & { workDir: string }): Promise<StackUpdate[]> {
  return readUpdates(engine.stack, { ...engine, workDir }, UPDATES);
}

/** The decision of `readOperation`. Pure. */
export function decideOperation(operation: ScaleOperation, facts: OperationFacts): Operation {
  const { entry, names, updates } = facts;
  const receipt = entry?.receipt ?? null;
  if (receipt?.covers.includes(operation.commit)) return doneBy(receipt, operation);
  // A retry covers no commit that is new, and a full up by hand none at all; both say what the pools are.
  const lines = operation.scales.flatMap((scale) => standingLine(scale, facts));
  if (entry !== null && lines.length === operation.scales.length) {
    return { kind: "done", pools: lines, finishedAtMs: Date.parse(entry.publishedAt) };
  }
  const update = updates.find(({ message }) =>
    parseUpdateMessage(message, names)?.includes(operation.commit),
  );
  if (update !== undefined) return fromUpdate(update, operation);
  const isStanding = operation.scales.some((scale) => committedValue(scale.pool, facts) === scale.to);
  return { kind: isStanding ? "waiting" : "superseded" };
}

function doneBy(receipt: Receipt, { scales }: ScaleOperation): Operation {
  const own = receipt.pools.filter(({ pool }) => scales.some((scale) => scale.pool === pool));
  const finishedAtMs = Date.parse(receipt.startedAt) + receipt.durationSeconds * 1000;
  return { kind: "done", pools: own.length > 0 ? own : receipt.pools, finishedAtMs };
}

/** What the ledger says of the pool at this very value. */
function standingLine(
  { pool: name, from, to }: ScaleOperation["scales"][number],
  { entry }: OperationFacts,
): PoolReceipt[] {
  const line = entry?.receipt?.pools.find((known) => known.pool === name && known.to === to);
  if (line !== undefined) return [line];
  const pool = entry === null ? undefined : findPool(parseContract(entry.pools).contract, name);
  if (entry === null || pool === undefined || appliedValue(entry, pool) !== to) return [];
  return [{ pool: name, outcome: "applied", from, to, message: "" }];
}

function fromUpdate({ result, startedAtMs, endedAtMs }: StackUpdate, { scales }: ScaleOperation): Operation {
  if (result === "in-progress" || endedAtMs === null) return { kind: "running", startedAtMs };
  const outcome = result === "succeeded" ? "applied" : "failed";
  const pools = scales.map(({ pool, from, to }): PoolReceipt => ({ pool, outcome, from, to, message: "" }));
  return { kind: "done", pools, finishedAtMs: endedAtMs };
}

function committedValue(name: string, { entry, committed }: OperationFacts): number | null {
  if (entry === null || committed.kind !== "text") return null;
  const pool = findPool(parseContract(entry.pools).contract, name);
  if (pool === undefined) return null;
  const read = readPoolValue(committed.text, { ...pool.location, project: entry.project });
  return read.kind === "value" ? read.value : null;
}
