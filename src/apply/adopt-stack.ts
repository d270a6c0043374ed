import { type Contract, parseContract } from "../domain/contract.ts";
import { isCalled, type StackNames } from "../domain/names.ts";
import { isNamed } from "../domain/pool-history.ts";
import { isFailure } from "../domain/receipt.ts";
import { parseScaleCommit, type Scale } from "../domain/scale-commit.ts";
import type { StackFile } from "../domain/snapshot.ts";
import { readPoolValue } from "../domain/stack-file.ts";
import { entryAfterPublish, NO_COMMIT } from "../ledger/change-entry.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { HeadRead } from "./apply-forge.ts";
import type { ApplyRequest, ApplyWorld } from "./apply-stack.ts";
import { configuredValues } from "./config-value.ts";
import { formerPathsAfter } from "./former-paths.ts";
import { formerStackFile } from "./former-stack-file.ts";
import type { PulumiSettings } from "./pulumi-process.ts";
import { formatFinding, type OwnContract, readOwnContract } from "./read-contract.ts";
import { stackNames } from "./stack-names.ts";
import { readTrustedEntry } from "./trusted-entry.ts";
import { readUpdates, type StackUpdate } from "./update-history.ts";
import { updateLedger } from "./update-ledger.ts";
import { parseUpdatedPools, parseUpdateMessage } from "./update-message.ts";

export type AdoptRequest = Pick<ApplyRequest, "place" | "checkout" | "engine">;

export type AdoptResult =
  /** The ledger says what Pulumi says. `entry` null: Pulumi has never updated the stack either. */
  | { kind: "kept"; entry: LedgerEntry | null }
  /** `because`: the ledger had no entry, or somebody has brought the whole stack up since. */
  | { kind: "adopted"; entry: LedgerEntry; because: "no-entry" | "full-update" };

/**
 * Brings the ledger up to what Pulumi's own history says of a stack: one that people have run by hand so far is taken over,
 * and a full `pulumi up` by hand counts as one of ours, so that it ends a hold. Writes the entry that a publish would
 * write, with no more in it than Pulumi tells: values from the configuration of the newest full update, and its commit as
 * deployed only where the work tree was clean. One process where there is nothing to do. Throws `PulumiReadError`,
 * `ContractError`, `LedgerError` and `ForgeError`.
 */
export async function adoptStack(request: AdoptRequest, world: ApplyWorld): Promise<AdoptResult> {
  const { place, checkout, engine } = request;
  const settings = { ...engine, workDir: checkout.workDir };
  const [read, updates] = await Promise.all([
    world.forge.readLedger(place),
    readUpdates(engine.stack, settings, FEW),
  ]);
  const { entry } = await readTrustedEntry(read, place, world.ledger);
  const names = stackNames(read, place);
  const found = await findUnnoted(entry, names, updates, () => readUpdates(engine.stack, settings, MANY));
  if (found === null) return { kind: "kept", entry };
  const [own, head] = await Promise.all([
    readOwnContract(engine.stack, settings),
    world.forge.readHead(place, found.source.head === null ? [] : [found.source.head]),
  ]);
  const fresh = {
    ...entryOf(checkout, names, own, head, found, world.clock()),
    ...formerPathsAfter(ofThisPlace(entry, place), place),
  };
  if (entry !== null && saysTheSame(entry, fresh)) return { kind: "kept", entry };
  for (const finding of own.warnings) world.say("warning", formatFinding(finding));
  const because = entry === null ? "no-entry" : "full-update";
  const written = await updateLedger(world.forge, place, read, "publish", world.ledger, (current) =>
    // Another process wrote meanwhile: it knows at least as much.
    current === null || current.publishedAt === entry?.publishedAt ? fresh : current,
  );
  world.say("info", sentenceOf(written, found.source, because));
  return { kind: "adopted", entry: written, because };
}

/** A stack as its program says it is, for a look at what Pulumi's history says of it. */
export type UnnotedRequest = { stack: string; project: string; names: StackNames; contract: Contract };

/**
 * Pool by pool, what `adoptStack` would take over as applied; null where it would leave the entry as it is. Writes nothing, so a
 * pool that only the commit of an update could tell is left out. One or two processes. Throws `PulumiReadError`.
 */
export async function readUnnotedValues(
  entry: LedgerEntry | null,
  { stack, project, names, contract }: UnnotedRequest,
  settings: PulumiSettings,
): Promise<Record<string, number> | null> {
  const updates = await readUpdates(stack, settings, FEW);
  const found = await findUnnoted(entry, names, updates, () => readUpdates(stack, settings, MANY));
  return found === null ? null : appliedValues(contract, { project, names }, null, found);
}

const FEW = 20;
const MANY = 500;

/** The update that says what is applied, and what ran after it, which may have moved a pool. */
type Found = { source: StackUpdate; later: readonly StackUpdate[] };

/** The update that knows more than the entry does; null where there is none. */
async function findUnnoted(
  entry: LedgerEntry | null,
  names: StackNames,
  updates: readonly StackUpdate[],
  readMore: () => Promise<readonly StackUpdate[]>,
): Promise<Found | null> {
  if (entry !== null) return findNewer(updates, entry, names);
  return findFirst(updates.length < FEW ? updates : await readMore());
}

/** Of a stack without an entry: the newest full update, else the newest other one. */
function findFirst(updates: readonly StackUpdate[]): Found | null {
  return (
    findUpdate(updates, isFull) ??
    findUpdate(updates, ({ kind, result }) => kind === "update" && result === "succeeded")
  );
}

/** The newest full update, where the entry was written before it. */
function findNewer(updates: readonly StackUpdate[], entry: LedgerEntry, names: StackNames): Found | null {
  const found = findUpdate(updates, isFull);
  if (found === null) return null;
  const endedAtMs = endOf(found.source);
  const writtenAtMs = Date.parse(entry.publishedAt);
  if (endedAtMs > writtenAtMs) return found;
  // Pulumi tells whole seconds. In the second of the entry itself, an update of ours after it says that it is the older one.
  const isSameSecond = endedAtMs === Math.floor(writtenAtMs / 1000) * 1000;
  const isOlder = found.later.some(({ message }) => parseUpdateMessage(message, names) !== null);
  if (isSameSecond && !isOlder) return found;
  return isUnseen(entry, names, found) ? found : null;
}

/**
 * True where an apply of ours has written the entry after that update without knowing of it: a pool that the apply did not touch
 * then has another value. Not while an update is newer than the entry, which is about to be written.
 */
function isUnseen(entry: LedgerEntry, names: StackNames, found: Found): boolean {
  const writtenAtMs = Date.parse(entry.publishedAt);
  if (found.later.some((update) => endOf(update) > writtenAtMs)) return false;
  const { contract } = parseContract(entry.pools, entry.project);
  const known = appliedValues(contract, { project: entry.project, names }, null, found);
  return Object.entries(entry.applied).some(
    ([name, value]) => known[name] !== undefined && known[name] !== value,
  );
}

/** What was before a `destroy` is gone. */
function findUpdate(updates: readonly StackUpdate[], isIt: (update: StackUpdate) => boolean): Found | null {
  for (const [index, update] of updates.entries()) {
    if (isIt(update)) return { source: update, later: updates.slice(0, index) };
    if (update.kind === "destroy" && !update.isTargeted) return null;
  }
  return null;
}

function isFull({ kind, result, isTargeted }: StackUpdate): boolean {
  return kind === "update" && result === "succeeded" && !isTargeted;
}

function endOf({ startedAtMs, endedAtMs }: StackUpdate): number {
  return endedAtMs ?? startedAtMs;
}

/** The entry, where its file stands here, or stood where there is none any more. */
function ofThisPlace(entry: LedgerEntry | null, place: AdoptRequest["place"]): LedgerEntry | null {
  if (entry === null) return null;
  const path = formerStackFile(entry, place);
  return path === place.stackFilePath || place.formerPaths?.includes(path) ? entry : null;
}

function entryOf(
  checkout: AdoptRequest["checkout"],
  names: StackNames,
  own: OwnContract,
  read: HeadRead,
  found: Found,
  nowMs: number,
): LedgerEntry {
  const { source } = found;
  const known = source.head !== null && (read.others.get(source.head) ?? null) !== null ? source.head : null;
  return entryAfterPublish({
    project: checkout.project,
    stack: checkout.stack,
    dir: checkout.dir,
    pools: own.output,
    applied: appliedValues(
      own.contract,
      { project: checkout.project, names },
      known === null ? null : read.head.stackFile,
      found,
    ),
    deployed: known !== null && isFull(source) && !source.isDirty ? known : NO_COMMIT,
    commit: known ?? read.headOid,
    // Later than the update by a backend's clock too, which may be ahead of ours.
    publishedAt: new Date(Math.max(nowMs, endOf(source) + 1000)).toISOString(),
    tokenHashes: [],
    receipt: null,
  });
}

/**
 * What the update left, and what updates of ours after it have brought. Another update that had another value for a pool, and was
 * held to a part of the stack or failed, may have put that in place: then nobody knows, and the next apply is to find out. It
 * does anyhow where the committed value (`committed`, null where the history up to it is not known) is another one.
 */
function appliedValues(
  contract: Contract,
  { project, names }: { project: string; names: StackNames },
  committed: StackFile | null,
  { source, later }: Found,
): Record<string, number> {
  const applied = new Map<string, { value: number; isSure: boolean }>();
  for (const [name, value] of Object.entries(configuredValues(contract, project, source.config)))
    applied.set(name, { value, isSure: true });
  for (const update of later.filter(({ kind }) => kind === "update").toReversed()) {
    const touched = parseUpdatedPools(update.message, names);
    const brought = broughtBy(update, names);
    for (const [name, value] of Object.entries(configuredValues(contract, project, update.config))) {
      const pool = contract.get(name);
      const isBrought = brought.some(({ pool: named, to }) => pool && isNamed(pool, named) && to === value);
      // An update of ours has left the other pools alone, whatever value they were configured with.
      if (touched !== null && !touched.some((named) => pool && isNamed(pool, named))) continue;
      const before = applied.get(name);
      if (isBrought) applied.set(name, { value, isSure: true });
      else if (before !== undefined && before.value !== value)
        applied.set(name, { ...before, isSure: false });
    }
  }
  const isKnown = ([name, { value, isSure }]: [string, { value: number; isSure: boolean }]) => {
    const pool = contract.get(name);
    if (isSure) return true;
    if (pool === undefined || committed?.kind !== "text") return false;
    const read = readPoolValue(committed.text, { ...pool.location, project });
    return read.kind === "value" && read.value !== value;
  };
  return Object.fromEntries([...applied].filter(isKnown).map(([name, { value }]) => [name, value]));
}

/** The pools that an update of ours, the app's deploys among them, has brought to a value. */
function broughtBy(
  { message, result }: StackUpdate,
  names: StackNames,
): readonly Pick<Scale, "pool" | "to">[] {
  if (result !== "succeeded") return [];
  const commit = parseScaleCommit(message);
  return commit !== undefined && isCalled(names, commit.alias) ? commit.scales : [];
}

/** Whether an entry has all of it already; what failed since is not all of it. */
function saysTheSame(entry: LedgerEntry, fresh: LedgerEntry): boolean {
  const factsOf = ({ pools, applied, deployed }: LedgerEntry) => JSON.stringify([pools, applied, deployed]);
  const hasFailed = entry.receipt?.pools.some(({ outcome }) => isFailure(outcome)) ?? false;
  return !hasFailed && factsOf(entry) === factsOf(fresh);
}

function sentenceOf(entry: LedgerEntry, source: StackUpdate, because: "no-entry" | "full-update"): string {
  const values = Object.entries(entry.applied).map(([pool, value]) => `${pool} ${value}`);
  const what = values.length === 0 ? "no pool's value" : values.join(", ");
  const when = new Date(source.startedAtMs).toISOString();
  const why =
    because === "no-entry" ? "There was no record of what is applied." : "The stack was brought up by hand.";
  return `${why} Taken from Pulumi's update of ${when}: ${what}.`;
}
