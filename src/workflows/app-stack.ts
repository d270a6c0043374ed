import type { Clock } from "../clock.ts";
import { type Pool, parseContract } from "../domain/contract.ts";
import type { Intent } from "../domain/intent.ts";
import { historyWindowMs } from "../domain/read-pool-state.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import type { StackName } from "../domain/stack-name.ts";
import type { Forge, ListedStack } from "../forge/forge.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { LedgerJudge } from "../ledger/ledger-judge.ts";
import { findRests } from "./ask-for-rests.ts";
import type { Background } from "./background.ts";
import { deliverByPull } from "./deliver-by-pull.ts";
import type { ScaleContext } from "./read-situation.ts";
import { scalePools } from "./scale-pool.ts";
import { type ScaleResult, TryAgainError } from "./scaling.ts";
import { settleStack } from "./settle-stack.ts";
import type { Settled } from "./settled.ts";
import { SnapshotCache } from "./snapshot-cache.ts";
import { StackLane } from "./stack-lane.ts";
import { judgeStackRecord, readStackRecord } from "./stack-record.ts";

export type AppStackOptions = {
  forge: Forge;
  /** Says which ledger entries count. */
  ledger: Pick<LedgerJudge, "judge">;
  clock: Clock;
  background: Background;
  /** Why everything is paused; null when it is not. */
  paused: string | null;
  onSettled: (stack: string, settled: readonly Settled[]) => void;
};

/** An open pull request older than this, that nobody is settling, was left by a process that died. */
const ORPHAN_AFTER_MS = 20_000;
/** One that goes on waiting, for a check or a review, costs no more calls than one look in this time. */
const ORPHAN_AGAIN_AFTER_MS = 60_000;

/** One stack of a repository that the app is installed on: who may call, its newest snapshot, and its lane. */
export class AppStack {
  readonly name: StackName;
  readonly context: ScaleContext;
  readonly #options: AppStackOptions;
  readonly #lane: StackLane;
  #listed: ListedStack;
  #hashes: readonly Buffer[];
  #orphanSeenAtMs = Number.NEGATIVE_INFINITY;

  constructor(name: StackName, listed: ListedStack, options: AppStackOptions) {
    const { forge, clock, paused, background, onSettled } = options;
    const { place } = listed;
    this.name = name;
    this.#options = options;
    this.#listed = listed;
    this.#hashes = toBytes(listed.tokenHashes);
    const context: ScaleContext = {
      forge,
      place,
      clock,
      paused,
      snapshots: new SnapshotCache(() => this.#readSnapshot(), clock),
      readRecord: (snapshot) => readStackRecord(snapshot, place),
      settle: (justOpened) =>
        background.start(this.#settling, async () =>
          onSettled(name.id, await settleStack(context, justOpened)),
        ),
    };
    this.context = context;
    this.#lane = new StackLane(
      (intents) => scalePools(context, deliverByPull(context), intents),
      () => this.settled(),
    );
  }

  /** What the ledger says of it: as it was listed last, or as a newer entry has it that was read since. */
  get listed(): ListedStack {
    return this.#listed;
  }

  /** The SHA-256 hashes of the tokens that open it. */
  get hashes(): readonly Buffer[] {
    return this.#hashes;
  }

  get pools(): readonly Pool[] {
    return [...this.#listed.contract.values()];
  }

  /** Takes over what the ledger lists now; what goes on in its lane goes on. */
  list(listed: ListedStack): void {
    this.#listed = listed;
    this.#hashes = toBytes(listed.tokenHashes);
  }

  /** Decides and delivers, together with what arrives at the same time. Rejects with `TryAgainError`. */
  enqueue(intents: readonly Intent[]): Promise<ScaleResult[]> {
    const results = this.#lane.enqueue(intents);
    // A stop waits for it, also where it is late and whoever asked was told to come again.
    this.#options.background.start(`scale ${this.name.id}`, () => Promise.allSettled([results]));
    return results;
  }

  /** Resolves when what follows the last delivery is done. */
  settled(): Promise<void> {
    return this.#options.background.ended(this.#settling);
  }

  /** Resolves when what is under way, a scale and what follows it, is done. */
  async calm(): Promise<void> {
    await this.#lane.batchDone();
    await this.settled();
  }

  /** Looks after what a process that died has left open, where the snapshot in hand shows such. */
  settleOrphan(): void {
    const snapshot = this.context.snapshots.current();
    const branches = snapshot === null ? [] : [snapshot.inRange, ...snapshot.gated.values()];
    const nowMs = this.#options.clock();
    const isOrphan = branches.some(
      (branch) => branch?.pull != null && nowMs - branch.pull.createdAtMs > ORPHAN_AFTER_MS,
    );
    if (snapshot === null || nowMs - this.#orphanSeenAtMs < ORPHAN_AGAIN_AFTER_MS) return;
    if (!isOrphan && !hasRest(this.context, snapshot)) return;
    this.#orphanSeenAtMs = nowMs;
    this.context.settle(undefined);
  }

  get #settling(): string {
    return `settle ${this.name.id}`;
  }

  async #readSnapshot(): Promise<Snapshot> {
    const { forge, ledger } = this.#options;
    const { place } = this.context;
    const windowMs = historyWindowMs(this.#listed.contract.values());
    let snapshot = await forge.readSnapshot(place, windowMs);
    let judged = await judgeStackRecord(snapshot, place, ledger);
    if (judged.judgement === "outdated") {
      // It may have been read a moment before a newer one, which is known already, was published.
      snapshot = await forge.readSnapshot(place, windowMs);
      judged = await judgeStackRecord(snapshot, place, ledger);
    }
    if (judged.entry !== null) this.#takeOver(judged.entry);
    return snapshot;
  }

  /**
   * Who may call and for which pools, as an accepted entry says that is newer than the listing: a listing may be late. Where a secret is gone, the
   * requests that wait for this very read have to authenticate again: throws `TryAgainError`.
   */
  #takeOver({ tokenHashes, publishedAt, pools, project }: LedgerEntry): void {
    const listed = this.#listed;
    if (listed.refusal === null && Date.parse(publishedAt) <= Date.parse(listed.publishedAt)) return;
    const { contract } = parseContract(pools, project);
    this.list({ ...listed, contract, tokenHashes, publishedAt, refusal: null });
    if (listed.refusal !== null || !listed.tokenHashes.every((hash) => tokenHashes.includes(hash))) {
      throw new TryAgainError(`the webhook secrets of ${listed.place.alias} have changed`, 1);
    }
  }
}

/** A record that cannot be used is told by the decision. */
function hasRest(context: ScaleContext, snapshot: Snapshot): boolean {
  try {
    return findRests(context, snapshot).length > 0;
  } catch {
    return false;
  }
}

function toBytes(hashes: readonly string[]): Buffer[] {
  return hashes.map((hash) => Buffer.from(hash, "hex"));
}
