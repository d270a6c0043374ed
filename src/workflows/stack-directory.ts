import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.ts";
import { type Pool, parseContract } from "../domain/contract.ts";
import type { ControlsChange } from "../domain/controls-change.ts";
import type { Intent } from "../domain/intent.ts";
import { historyWindowMs } from "../domain/read-pool-state.ts";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import type { SnsTopics } from "../domain/sns-topics.ts";
import { findCalled, stackName } from "../domain/stack-name.ts";
import type { ControlsForge, ControlsPlace } from "../forge/controls-forge.ts";
import type { Forge, ListedStack, StackPlace } from "../forge/forge.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { LedgerJudge } from "../ledger/ledger-judge.ts";
import { findRests } from "./ask-for-rests.ts";
import type { Background } from "./background.ts";
import { closeLeftBehind, leftBehindSentence } from "./close-left-behind.ts";
import { controlStacks } from "./control-stacks.ts";
import { deliverByPull } from "./deliver-by-pull.ts";
import { viewHistory, viewPools } from "./read-pools.ts";
import type { ScaleContext } from "./read-situation.ts";
import { readTopics } from "./read-topics.ts";
import { dryRun, holdAtOnce, scalePools } from "./scale-pool.ts";
import {
  type ControlsResult,
  type Credential,
  type HistoryView,
  type PoolView,
  type RepositoryControl,
  type ScaleMode,
  type ScaleResult,
  type Scaling,
  type StackControl,
  type StackName,
  TryAgainError,
} from "./scaling.ts";
import { settleStack } from "./settle-stack.ts";
import type { Settled } from "./settled.ts";
import { SnapshotCache } from "./snapshot-cache.ts";
import { StackLane } from "./stack-lane.ts";
import { judgeStackRecord, readStackRecord } from "./stack-record.ts";
import { toControlsChange } from "./to-controls-change.ts";

export type StackDirectoryOptions = {
  forge: Forge;
  /** Where pauses and pins are kept. */
  controls: ControlsForge;
  /** Says which ledger entries count. */
  ledger: Pick<LedgerJudge, "judge">;
  clock: Clock;
  background: Background;
  /** Why everything is paused; null when it is not. */
  paused: string | null;
  /** The one token that may sign instead of being sent; null: no signatures. */
  hmacSecret: string | null;
  /** An answer is given within this, in milliseconds: what takes longer is answered "try again" and found by the retry. */
  answerWithinMs: number;
  onSettled: (stack: string, settled: readonly Settled[]) => void;
};

/** What a repository's ledger lists. */
export type RepositoryStacks = {
  owner: string;
  repo: string;
  stacks: readonly ListedStack[];
  /** Entries that cannot be used as they are. */
  unserved: readonly { alias: string }[];
  /** False where the ledger branch is not there. */
  hasLedger: boolean;
};

type Stack = {
  name: StackName;
  listed: ListedStack;
  hashes: Buffer[];
  context: ScaleContext;
  lane: StackLane;
  orphanSeenAtMs: number;
};

/** A stack that may be scaled. */
export type ServedStack = { name: StackName; context: ScaleContext; pools: readonly Pool[] };

/** An open pull request older than this, that nobody is settling, was left by a process that died. */
const ORPHAN_AFTER_MS = 20_000;
/** One that goes on waiting, for a check or a review, costs no more calls than one look in this time. */
const ORPHAN_AGAIN_AFTER_MS = 60_000;

/** All stacks that this process serves: who may scale which, and one lane for each. Knows nothing that git does not. */
export class StackDirectory implements Scaling {
  readonly #options: StackDirectoryOptions;
  readonly #repositories = new Map<string, Map<string, Stack>>();
  #isLoaded = false;
  #isWhole = false;

  constructor(options: StackDirectoryOptions) {
    this.#options = options;
  }

  /**
   * Takes over what a repository's ledger lists now; lanes of stacks that stay go on. A stack whose entry cannot be read or does
   * not count, or whose ledger is gone, stays as it was: its callers are asked to come again, instead of being nobody's, and
   * nobody becomes a caller by an entry that does not count.
   */
  replaceRepository({ owner, repo, stacks, unserved, hasLedger }: RepositoryStacks): void {
    const key = repositoryKey({ owner, repo });
    const known = this.#repositories.get(key);
    const next = new Map<string, Stack>();
    const unread = new Set(unserved.map(({ alias }) => alias));
    for (const [id, old] of known ?? []) if (!hasLedger || unread.has(old.name.alias)) next.set(id, old);
    for (const entry of stacks) {
      const { place } = entry;
      const name = stackName(place.owner, place.repo, place.alias, place.formerAliases);
      const old = known?.get(name.id);
      if (entry.refusal !== null && old?.listed.refusal === null) continue;
      const isSame = old !== undefined && JSON.stringify(old.listed.place) === JSON.stringify(place);
      const hashes = toBytes(entry.tokenHashes);
      next.set(name.id, isSame ? { ...old, listed: entry, hashes } : this.#newStack(name, entry, hashes));
    }
    if (next.size === 0) this.#repositories.delete(key);
    else this.#repositories.set(key, next);
  }

  removeRepository(owner: string, repo: string): void {
    this.#repositories.delete(repositoryKey({ owner, repo }));
  }

  /** Forgets all other repositories: the App is not installed on them any more, though no event may have said so. */
  retainRepositories(names: readonly RepositoryName[]): void {
    const kept = new Set(names.map(repositoryKey));
    for (const key of this.#repositories.keys()) if (!kept.has(key)) this.#repositories.delete(key);
  }

  /**
   * The first listing is done: what is listed is served. Once a listing was whole, an unknown name is unknown, and not just not
   * listed yet: what was known before stays known where a later listing fails.
   */
  loaded(extent: "whole" | "part"): void {
    this.#isLoaded = true;
    this.#isWhole ||= extent === "whole";
  }

  /** News from a repository: what was read of it is out of date. */
  invalidate(owner: string, repo: string): void {
    for (const { context } of this.#stacksOf(owner, repo)) context.snapshots.invalidate();
  }

  /** What the guard needs of a repository's stacks. */
  contexts(owner: string, repo: string): ScaleContext[] {
    return this.#stacksOf(owner, repo).map(({ context }) => context);
  }

  /** The stacks of a repository whose ledger entries count, with the pools that they have. */
  served(owner: string, repo: string): ServedStack[] {
    const stacks = this.#stacksOf(owner, repo).filter(({ listed }) => listed.refusal === null);
    return stacks.map(({ name, context, listed }) => ({
      ...{ name, context },
      pools: [...listed.contract.values()],
    }));
  }

  /** Resolves when what is under way on a stack, a scale and what follows it, is done. */
  async calm(owner: string, repo: string, alias: string): Promise<void> {
    const stack = this.#find(`${owner}/${repo}/${alias}`.toLowerCase());
    await stack?.lane.batchDone();
    if (stack !== undefined) await this.#options.background.ended(`settle ${stack.name.id}`);
  }

  /** Looks after a stack's open scale pull requests. */
  settle(owner: string, repo: string, alias: string): void {
    this.#find(`${owner}/${repo}/${alias}`.toLowerCase())?.context.settle(undefined);
  }

  /** Closes what is open under an alias that no stack of the repository has any more; `place` has it. */
  closeLeftBehind(place: StackPlace): void {
    const { owner, repo, alias } = place;
    const { background, forge, onSettled } = this.#options;
    const { id } = stackName(owner, repo, alias);
    if (this.#find(id) !== undefined) return;
    const names = this.#stacksOf(owner, repo).map(({ name }) => name);
    const why = leftBehindSentence(alias, findCalled(names, alias)?.alias ?? null);
    background.start(`close ${id}`, async () => onSettled(id, await closeLeftBehind(forge, place, why)));
  }

  stacksOpenedBy(credential: Credential): StackName[] {
    const digest = this.#digestOf(credential);
    const opened: StackName[] = [];
    // Every hash of every stack is compared, in constant time each: a caller learns nothing from how long it takes.
    for (const { name, hashes } of this.#all()) {
      let isOpen = false;
      for (const hash of hashes) isOpen = timingSafeEqual(hash, digest) || isOpen;
      if (isOpen) opened.push(name);
    }
    return opened;
  }

  stackNames(): StackName[] {
    return [...this.#all()].map(({ name }) => name);
  }

  hasPool(stackId: string, pool: string): boolean {
    const listed = this.#find(stackId)?.listed;
    if (listed === undefined) return false;
    // Nobody knows the pools of an entry that does not count: whoever asks is told so, and not that there is none.
    if (listed.refusal !== null) return true;
    return [...listed.contract.values()].some(({ name, aliases }) => name === pool || aliases.includes(pool));
  }

  async scale(stackId: string, intents: readonly Intent[], mode: ScaleMode): Promise<ScaleResult[]> {
    const stack = await this.#served(stackId);
    if (mode === "dry-run") return this.#within(dryRun(stack.context, intents));
    this.#settleOrphan(stack);
    const atOnce = holdAtOnce(stack.context, intents);
    if (atOnce !== null) return atOnce;
    const results = await this.#within(stack.lane.enqueue(intents));
    // What was read for it may show what a process has left that could not go on: for want of budget, say.
    this.#settleOrphan(stack);
    return results;
  }

  async readPools(stackId: string, pool?: string): Promise<PoolView[]> {
    const { context } = await this.#served(stackId);
    return this.#within(viewPools(context, pool));
  }

  async readHistory(stackId: string, pool: string): Promise<HistoryView[]> {
    const { context } = await this.#served(stackId);
    return this.#within(viewHistory(context, pool));
  }

  async control(stackId: string, wish: StackControl): Promise<ControlsResult> {
    const { listed, context } = await this.#served(stackId);
    const { place, contract } = listed;
    const made = toControlsChange(wish, { alias: place.alias, contract }, this.#options.clock());
    return made.kind === "answer" ? made.result : this.#within(this.#control(place, [context], made.change));
  }

  /** Pauses or resumes a whole repository: every stack of it, those to come too. Throws `TryAgainError`. */
  async controlRepository(owner: string, repo: string, wish: RepositoryControl): Promise<ControlsResult> {
    const contexts = this.contexts(owner, repo);
    const change: ControlsChange = { ...wish, target: { kind: "all" }, nowMs: this.#options.clock() };
    return this.#within(this.#control({ owner, repo }, contexts, change));
  }

  #control(
    { owner, repo }: ControlsPlace,
    contexts: readonly ScaleContext[],
    change: ControlsChange,
  ): Promise<ControlsResult> {
    const stacks = {
      forge: this.#options.controls,
      place: { owner, repo },
      contexts,
      scale: async (intent: Intent, alias: string) =>
        (await this.scale(stackName(owner, repo, alias).id, [intent], "commit"))[0] ?? null,
      settle: (context: ScaleContext) => {
        if (hasOpen(context.snapshots.current())) context.settle(undefined);
      },
    };
    return controlStacks(stacks, change);
  }

  async snsTopics(stackId: string): Promise<SnsTopics> {
    const { context } = this.#get(stackId);
    return this.#within(readTopics(context));
  }

  notReadyBecause(): string[] {
    return this.#isLoaded ? [] : ["the installed repositories are still being listed"];
  }

  mayListMore(): boolean {
    return !this.#isWhole;
  }

  #newStack(name: StackName, listed: ListedStack, hashes: Buffer[]): Stack {
    const { forge, clock, paused, background, onSettled } = this.#options;
    const { place } = listed;
    const read = async () => {
      const contract = this.#find(name.id)?.listed.contract ?? listed.contract;
      const readOnce = () => forge.readSnapshot(place, historyWindowMs(contract.values()));
      let snapshot = await readOnce();
      let judged = await judgeStackRecord(snapshot, place, this.#options.ledger);
      if (judged.judgement === "outdated") {
        // It may have been read a moment before a newer one, which is known already, was published.
        snapshot = await readOnce();
        judged = await judgeStackRecord(snapshot, place, this.#options.ledger);
      }
      if (judged.entry !== null) this.#takeOver(name.id, judged.entry);
      return snapshot;
    };
    const settling = `settle ${name.id}`;
    const context: ScaleContext = {
      forge,
      place,
      clock,
      paused,
      snapshots: new SnapshotCache(read, clock),
      readRecord: (snapshot) => readStackRecord(snapshot, place),
      settle: (justOpened) =>
        background.start(settling, async () => onSettled(name.id, await settleStack(context, justOpened))),
    };
    const lane = new StackLane(
      (intents) => scalePools(context, deliverByPull(context), intents),
      () => background.ended(settling),
    );
    return { name, listed, hashes, context, lane, orphanSeenAtMs: Number.NEGATIVE_INFINITY };
  }

  /**
   * Who may call and for which pools, as an accepted entry says that is newer than the listing: a listing may be late. Where a secret is gone, the
   * requests that wait for this very read have to authenticate again: throws `TryAgainError`.
   */
  #takeOver(stackId: string, { tokenHashes, publishedAt, pools, project }: LedgerEntry): void {
    const stack = this.#find(stackId);
    if (stack === undefined) return;
    const { listed } = stack;
    if (listed.refusal === null && Date.parse(publishedAt) <= Date.parse(listed.publishedAt)) return;
    const { contract } = parseContract(pools, project);
    stack.listed = { ...listed, contract, tokenHashes, publishedAt, refusal: null };
    stack.hashes = toBytes(tokenHashes);
    if (listed.refusal !== null || !listed.tokenHashes.every((hash) => tokenHashes.includes(hash))) {
      throw new TryAgainError(`the webhook secrets of ${listed.place.alias} have changed`, 1);
    }
  }

  #settleOrphan(stack: Stack): void {
    const snapshot = stack.context.snapshots.current();
    const branches = snapshot === null ? [] : [snapshot.inRange, ...snapshot.gated.values()];
    const nowMs = this.#options.clock();
    const isOrphan = branches.some(
      (branch) => branch?.pull != null && nowMs - branch.pull.createdAtMs > ORPHAN_AFTER_MS,
    );
    if (snapshot === null || nowMs - stack.orphanSeenAtMs < ORPHAN_AGAIN_AFTER_MS) return;
    if (!isOrphan && !hasRest(stack.context, snapshot)) return;
    stack.orphanSeenAtMs = nowMs;
    stack.context.settle(undefined);
  }

  #digestOf(credential: Credential): Buffer {
    const { hmacSecret } = this.#options;
    if (credential.kind === "token") return sha256(credential.token);
    if (credential.kind === "signature" && hmacSecret !== null) {
      const expected = createHmac("sha256", hmacSecret).update(credential.body).digest();
      const given = Buffer.from(/^sha256=([0-9a-f]{64})$/i.exec(credential.signature)?.[1] ?? "", "hex");
      if (given.length === expected.length && timingSafeEqual(given, expected)) return sha256(hmacSecret);
    }
    // No digest of anything: a ledger that lists it is none that anybody can open.
    return NOBODY;
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const { answerWithinMs } = this.#options;
    const message = `GitHub did not finish within ${answerWithinMs / 1000} s; what was begun goes on, and the same request finds it`;
    const timer = setTimeout(() => reject(new TryAgainError(message, 5)), answerWithinMs);
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #get(stackId: string): Stack {
    const stack = this.#find(stackId);
    if (stack === undefined) throw new TryAgainError("the stack is not listed at the moment", 30);
    return stack;
  }

  /** The stack, where its ledger entry counts. Else it is looked at once more, and whoever calls is asked to come again. */
  async #served(stackId: string): Promise<Stack> {
    const stack = this.#get(stackId);
    if (stack.listed.refusal === null) return stack;
    await this.#within(viewPools(stack.context));
    throw new TryAgainError(stack.listed.refusal ?? "the stack is being listed anew", 5);
  }

  #find(stackId: string): Stack | undefined {
    return this.#repositories.get(stackId.slice(0, stackId.lastIndexOf("/")))?.get(stackId);
  }

  #stacksOf(owner: string, repo: string): Stack[] {
    return [...(this.#repositories.get(repositoryKey({ owner, repo }))?.values() ?? [])];
  }

  *#all(): Generator<Stack> {
    for (const stacks of this.#repositories.values()) yield* stacks.values();
  }
}

const NOBODY = randomBytes(32);

/** Where nothing is known of it, somebody looks. */
function hasOpen(snapshot: Snapshot | null): boolean {
  if (snapshot === null) return true;
  return [snapshot.inRange, ...snapshot.gated.values()].some((branch) => branch?.pull != null);
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

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
