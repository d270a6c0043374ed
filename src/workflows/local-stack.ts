import type { Clock } from "../clock.ts";
import type { Contract } from "../domain/contract.ts";
import type { Intent } from "../domain/intent.ts";
import type { Notification } from "../domain/notification.ts";
import type { NotificationTargets } from "../domain/notification-targets.ts";
import { findPool } from "../domain/pool-history.ts";
import { historyWindowMs } from "../domain/read-pool-state.ts";
import type { SnsTopics } from "../domain/sns-topics.ts";
import type { StackName } from "../domain/stack-name.ts";
import type { ControlsForge } from "../forge/controls-forge.ts";
import type { CommitForge, StackPlace } from "../forge/forge.ts";
import type { ApplyEnd, ApplyQueue } from "./apply-queue.ts";
import { AwaitedApplies } from "./awaited-applies.ts";
import { controlStacks } from "./control-stacks.ts";
import { deliverLocally } from "./deliver-locally.ts";
import { readLocalRecord } from "./local-record.ts";
import { type ReadOutcome, readLocalOperation } from "./read-local-operation.ts";
import { readNotifications } from "./read-notifications.ts";
import { viewHistory, viewPools } from "./read-pools.ts";
import { readSituation, type StackContext } from "./read-situation.ts";
import { readTopics } from "./read-topics.ts";
import { revertFailed } from "./revert-failed.ts";
import { dryRun, holdAtOnce, scalePools } from "./scale-pool.ts";
import {
  type ControlsResult,
  type Credential,
  type HistoryView,
  type OperationReader,
  type OperationView,
  type PoolView,
  type PreviewView,
  type ScaleMode,
  type ScaleResult,
  type Scaling,
  type StackControl,
  TryAgainError,
} from "./scaling.ts";
import { SnapshotCache } from "./snapshot-cache.ts";
import { StackLane } from "./stack-lane.ts";
import { readRepositoryFile } from "./stack-record.ts";
import { isOpenedBy } from "./stacks-opened-by.ts";
import { toControlsChange } from "./to-controls-change.ts";

export type LocalStackOptions = {
  name: StackName;
  place: StackPlace;
  forge: CommitForge;
  /** Where pauses and pins are kept. */
  controls: ControlsForge;
  /** Answers something else once they have been changed, by another process as well. */
  stampControls: () => string;
  clock: Clock;
  /** Why everything is paused; null when it is not. */
  paused: string | null;
  /** As the stack's outputs had it when they were last read. */
  contract: () => Contract;
  /** The stack's webhook secrets. */
  secrets: () => readonly string[];
  queue: ApplyQueue;
  /** What Pulumi says of a value that is not committed; nothing moves. */
  preview: (pool: string, to: number) => Promise<PreviewView>;
  readOutcome: ReadOutcome;
  /** Takes the secrets that are known out of a text. */
  redact: (text: string) => string;
  /** A commit's answer waits at most this long for its apply, in milliseconds. */
  answerWithinMs: number;
};

/** A snapshot of a local repository is cheap, and people commit there by hand. */
const SNAPSHOT_LIFE_MS = 1_000;

/** One stack whose repository and Pulumi are at hand: decides, commits and has it applied. */
export class LocalStack implements Scaling, OperationReader {
  readonly #options: LocalStackOptions;
  readonly #context: StackContext;
  readonly #lane: StackLane;
  readonly #applies: AwaitedApplies;

  constructor(options: LocalStackOptions) {
    const { forge, place, clock, paused, contract, queue, stampControls } = options;
    this.#options = options;
    const read = () => forge.readSnapshot(place, historyWindowMs(contract().values()));
    this.#context = {
      place,
      clock,
      paused,
      snapshots: new SnapshotCache(read, clock, { lifeMs: SNAPSHOT_LIFE_MS, stampNow: stampControls }),
      readRecord: (snapshot) => readLocalRecord(snapshot, place.alias, contract(), "hold"),
    };
    const deliverer = deliverLocally(this.#context, forge, null);
    this.#applies = new AwaitedApplies(queue);
    this.#lane = new StackLane(async (intents) => {
      const results = await scalePools(this.#context, deliverer, intents);
      this.#applies.request(results);
      return results;
    });
  }

  /** What was read is out of date: an apply has ended, the contract has changed, or somebody has committed. */
  invalidate(): void {
    this.#context.snapshots.invalidate();
  }

  /** Commits the old values back of what could not be applied; answers the commit, or null where there was nothing to take back. */
  revertFailed(end: ApplyEnd): Promise<string | null> {
    return revertFailed(this.#context, this.#options.forge, end);
  }

  /** What can be told of the stack at the moment, and to whom. Rejects with `TryAgainError`. */
  async readNotifications(): Promise<{ reading: Notification[]; targets: NotificationTargets }> {
    const snapshot = await this.#context.snapshots.get();
    const targets = readRepositoryFile(snapshot.repositoryFile).notifications ?? {};
    const situation = readSituation(this.#context, snapshot);
    return { reading: readNotifications(situation, this.#options.place, null), targets };
  }

  stacksOpenedBy(credential: Credential): StackName[] {
    const { name, secrets } = this.#options;
    return isOpenedBy(credential, secrets()) ? [name] : [];
  }

  hasPool(_stackId: string, pool: string): boolean {
    return findPool(this.#options.contract(), pool) !== undefined;
  }

  async scale(_stackId: string, intents: readonly Intent[], mode: ScaleMode): Promise<ScaleResult[]> {
    const { redact } = this.#options;
    // A sender's own words end up in a commit, and a hook's or a remote's in the answer.
    const clean = intents.map((intent) => ({ ...intent, summary: redact(intent.summary) }));
    try {
      return await this.#scale(clean, mode);
    } catch (error) {
      if (!(error instanceof TryAgainError)) throw error;
      const { message, retryAfterSeconds, cause } = error;
      throw new TryAgainError(redact(message), retryAfterSeconds, { cause });
    }
  }

  async #scale(intents: readonly Intent[], mode: ScaleMode): Promise<ScaleResult[]> {
    const startedAtMs = this.#options.clock();
    if (mode === "dry-run") return this.#preview(await dryRun(this.#context, intents));
    const results = holdAtOnce(this.#context, intents) ?? (await this.#lane.enqueue(intents));
    const waitMs =
      mode === "commit-only" ? 0 : this.#options.answerWithinMs - (this.#options.clock() - startedAtMs);
    return this.#applies.answer(results, waitMs);
  }

  async control(stackId: string, wish: StackControl): Promise<ControlsResult> {
    const { place, controls: forge, clock, contract, redact } = this.#options;
    const clean = { ...wish, why: redact(wish.why) };
    const made = toControlsChange(clean, { alias: place.alias, contract: contract() }, clock());
    if (made.kind === "answer") return made.result;
    const scale = async (intent: Intent) => (await this.scale(stackId, [intent], "commit-only"))[0] ?? null;
    // Nothing waits here for a merge.
    const settle = () => {};
    return controlStacks({ forge, place, contexts: [this.#context], scale, settle }, made.change);
  }

  readPools(_stackId: string, pool?: string): Promise<PoolView[]> {
    return viewPools(this.#context, pool);
  }

  readHistory(_stackId: string, pool: string): Promise<HistoryView[]> {
    return viewHistory(this.#context, pool);
  }

  snsTopics(): Promise<SnsTopics> {
    return readTopics(this.#context);
  }

  notReadyBecause(): string[] {
    return [];
  }

  mayListMore(): boolean {
    return false;
  }

  readOperation(operation: string): Promise<OperationView | null> {
    return readLocalOperation(this.#context, operation, this.#options.readOutcome);
  }

  #preview(results: readonly ScaleResult[]): Promise<ScaleResult[]> {
    return Promise.all(
      results.map(async (result) => {
        const { kind, pool, to } = result;
        if (kind !== "scale" || to === null) return result;
        return { ...result, preview: await this.#options.preview(pool, to) };
      }),
    );
  }
}
