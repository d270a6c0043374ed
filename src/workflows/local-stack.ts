import type { Clock } from "../clock.ts";
import type { Contract } from "../domain/contract.ts";
import type { Intent } from "../domain/intent.ts";
import { findPool } from "../domain/pool-history.ts";
import { historyWindowMs } from "../domain/read-pool-state.ts";
import { isFailure } from "../domain/receipt.ts";
import { parseScaleCommit, type Scale } from "../domain/scale-commit.ts";
import type { SnsTopics } from "../domain/sns-topics.ts";
import type { StackName } from "../domain/stack-name.ts";
import type { ControlsForge } from "../forge/controls-forge.ts";
import type { CommitForge, StackPlace } from "../forge/forge.ts";
import type { ApplyEnd, ApplyQueue } from "./apply-queue.ts";
import { controlStacks } from "./control-stacks.ts";
import { deliverLocally } from "./deliver-locally.ts";
import { readLocalRecord } from "./local-record.ts";
import { viewHistory, viewPools } from "./read-pools.ts";
import type { StackContext } from "./read-situation.ts";
import { readTopics } from "./read-topics.ts";
import { revertFailed } from "./revert-failed.ts";
import { dryRun, holdAtOnce, scalePools } from "./scale-pool.ts";
import {
  type ApplyView,
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
import { isOpenedBy } from "./stacks-opened-by.ts";
import { toControlsChange } from "./to-controls-change.ts";
import { toTryAgain } from "./to-try-again.ts";

export type LocalStackOptions = {
  name: StackName;
  place: StackPlace;
  forge: CommitForge;
  /** Where pauses and pins are kept. */
  controls: ControlsForge;
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
  /** What became of a commit of this stack, where nobody waited for it. */
  readOutcome: (commit: string, scales: readonly Scale[]) => Promise<CommitOutcome>;
  /** Takes the secrets that are known out of a text. */
  redact: (text: string) => string;
  /** A commit's answer waits at most this long for its apply, in milliseconds. */
  answerWithinMs: number;
};

/** What git, the ledger and Pulumi say of one commit's apply: per pool, where it is known. */
export type CommitOutcome = {
  status: ApplyView["status"];
  pools: ReadonlyMap<string, Pick<ApplyView, "outcome" | "message">>;
};

/** A snapshot of a local repository is cheap, and people commit there by hand. */
const SNAPSHOT_LIFE_MS = 1_000;

/** One stack whose repository and Pulumi are at hand: decides, commits and has it applied. */
export class LocalStack implements Scaling, OperationReader {
  readonly #options: LocalStackOptions;
  readonly #context: StackContext;
  readonly #lane: StackLane;
  /** For those who wait: the end of the run that covers a commit. What is told later is read anew. */
  readonly #ends = new Map<string, Promise<ApplyEnd>>();

  constructor(options: LocalStackOptions) {
    const { forge, place, clock, paused, contract } = options;
    this.#options = options;
    const read = () => forge.readSnapshot(place, historyWindowMs(contract().values()));
    this.#context = {
      place,
      clock,
      paused,
      snapshots: new SnapshotCache(read, clock, SNAPSHOT_LIFE_MS),
      readRecord: (snapshot) => readLocalRecord(snapshot, place.alias, contract(), "hold"),
    };
    const deliverer = deliverLocally(this.#context, forge, null);
    this.#lane = new StackLane(async (intents) =>
      this.#haveApplied(await scalePools(this.#context, deliverer, intents)),
    );
  }

  /** What was read is out of date: an apply has ended, the contract has changed, or somebody has committed. */
  invalidate(): void {
    this.#context.snapshots.invalidate();
  }

  /** Commits the old values back of what could not be applied; answers the commit, or null where there was nothing to take back. */
  revertFailed(end: ApplyEnd): Promise<string | null> {
    return revertFailed(this.#context, this.#options.forge, end);
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
    return Promise.all(results.map((result) => this.#withApply(result, Math.max(waitMs, 0))));
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

  async readOperation(operation: string): Promise<OperationView | null> {
    const { place, readOutcome } = this.#options;
    const snapshot = await this.#context.snapshots.get().catch((error: unknown) => {
      throw toTryAgain(error);
    });
    const commit = snapshot.history.find(({ oid }) => oid === operation);
    const scales = commit === undefined ? undefined : parseScaleCommit(commit.message);
    if (commit === undefined || scales?.alias !== place.alias) return null;
    const { status, pools } = await readOutcome(commit.oid, scales.scales);
    return {
      operation,
      stack: place.alias,
      commit: commit.oid,
      at: new Date(commit.reachedAtMs).toISOString(),
      status,
      pools: scales.scales.map(({ pool, from, to, requested, reasons, source }) => ({
        ...{ pool, from, to, requested, reasons, source },
        outcome: pools.get(pool)?.outcome ?? null,
        message: pools.get(pool)?.message ?? "",
      })),
    };
  }

  /** Asks for the apply of what was just committed, before anybody is answered: it goes on when nobody waits. */
  #haveApplied(results: ScaleResult[]): ScaleResult[] {
    const commits = new Set(results.flatMap(({ commit }) => commit ?? []));
    for (const commit of commits) {
      const end = this.#options.queue.request();
      this.#ends.set(commit, end);
      void end.finally(() => this.#ends.delete(commit));
    }
    return results;
  }

  async #withApply(result: ScaleResult, waitMs: number): Promise<ScaleResult> {
    const { commit, pool } = result;
    if (commit === null) return result;
    const end = await endWithin(this.#ends.get(commit), waitMs);
    return { ...result, apply: end === null ? underWay(commit) : applyView(commit, pool, end) };
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

/** Null where it is not known within that time. */
async function endWithin(end: Promise<ApplyEnd> | undefined, waitMs: number): Promise<ApplyEnd | null> {
  if (end === undefined || waitMs === 0) return null;
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), waitMs);
  try {
    return await Promise.race([end, late]);
  } finally {
    clearTimeout(timer);
  }
}

function underWay(operation: string): ApplyView {
  const message = `the apply goes on; GET /operations/${operation} says what becomes of it`;
  return { operation, status: "under-way", outcome: null, message };
}

function applyView(operation: string, pool: string, end: ApplyEnd): ApplyView {
  if (end.kind === "failed") return { operation, status: "failed", outcome: null, message: end.message };
  const line = end.receipt?.pools.find((it) => it.pool === pool);
  if (line !== undefined) {
    const status = isFailure(line.outcome) ? "failed" : "applied";
    return { operation, status, outcome: line.outcome, message: line.message };
  }
  const [problem] = end.problems;
  if (problem !== undefined) return { operation, status: "failed", outcome: null, message: problem };
  // Nothing was pending by then: a run before had the value already.
  return { operation, status: "applied", outcome: "applied", message: "" };
}
