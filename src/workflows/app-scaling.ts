import type { Clock } from "../clock.ts";
import type { ControlsChange } from "../domain/controls-change.ts";
import type { Intent } from "../domain/intent.ts";
import type { Snapshot } from "../domain/snapshot.ts";
import type { SnsTopics } from "../domain/sns-topics.ts";
import { type StackName, stackName } from "../domain/stack-name.ts";
import type { ControlsForge, ControlsPlace } from "../forge/controls-forge.ts";
import type { AppStack } from "./app-stack.ts";
import { controlStacks } from "./control-stacks.ts";
import type { CommandedStacks, ServedStack } from "./given-command.ts";
import { viewHistory, viewPools } from "./read-pools.ts";
import type { ScaleContext } from "./read-situation.ts";
import { readTopics } from "./read-topics.ts";
import { dryRun, holdAtOnce } from "./scale-pool.ts";
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
  TryAgainError,
} from "./scaling.ts";
import type { StackDirectory } from "./stack-directory.ts";
import { stacksOpenedBy } from "./stacks-opened-by.ts";
import { toControlsChange } from "./to-controls-change.ts";

export type AppScalingOptions = {
  directory: StackDirectory;
  /** Where pauses and pins are kept. */
  controls: ControlsForge;
  clock: Clock;
  /** The one token that may sign instead of being sent; null: no signatures. */
  hmacSecret: string | null;
  /** An answer is given within this, in milliseconds: what takes longer is answered "try again" and found by the retry. */
  answerWithinMs: number;
};

/** What the app's routes and commands ask of the stacks in its directory. */
export class AppScaling implements Scaling, CommandedStacks {
  readonly #options: AppScalingOptions;

  constructor(options: AppScalingOptions) {
    this.#options = options;
  }

  stacksOpenedBy(credential: Credential): StackName[] {
    const { directory, hmacSecret } = this.#options;
    return stacksOpenedBy(credential, hmacSecret, directory.all());
  }

  hasPool(stackId: string, pool: string): boolean {
    const stack = this.#options.directory.find(stackId);
    if (stack === undefined) return false;
    // Nobody knows the pools of an entry that does not count: whoever asks is told so, and not that there is none.
    if (stack.listed.refusal !== null) return true;
    return stack.pools.some(({ name, aliases }) => name === pool || aliases.includes(pool));
  }

  served(owner: string, repo: string): ServedStack[] {
    return this.#options.directory.served(owner, repo);
  }

  async scale(stackId: string, intents: readonly Intent[], mode: ScaleMode): Promise<ScaleResult[]> {
    const stack = await this.#accepted(stackId);
    if (mode === "dry-run") return this.#within(dryRun(stack.context, intents));
    stack.settleOrphan();
    const atOnce = holdAtOnce(stack.context, intents);
    if (atOnce !== null) return atOnce;
    const results = await this.#within(stack.enqueue(intents));
    // What was read for it may show what a process has left that could not go on: for want of budget, say.
    stack.settleOrphan();
    return results;
  }

  async readPools(stackId: string, pool?: string): Promise<PoolView[]> {
    const { context } = await this.#accepted(stackId);
    return this.#within(viewPools(context, pool));
  }

  async readHistory(stackId: string, pool: string): Promise<HistoryView[]> {
    const { context } = await this.#accepted(stackId);
    return this.#within(viewHistory(context, pool));
  }

  async control(stackId: string, wish: StackControl): Promise<ControlsResult> {
    const { listed, context } = await this.#accepted(stackId);
    const { place, contract } = listed;
    const made = toControlsChange(wish, { alias: place.alias, contract }, this.#options.clock());
    return made.kind === "answer" ? made.result : this.#within(this.#control(place, [context], made.change));
  }

  /** Pauses or resumes a whole repository: every stack of it, those to come too. Throws `TryAgainError`. */
  async controlRepository(owner: string, repo: string, wish: RepositoryControl): Promise<ControlsResult> {
    const { directory, clock } = this.#options;
    const change: ControlsChange = { ...wish, target: { kind: "all" }, nowMs: clock() };
    return this.#within(this.#control({ owner, repo }, directory.contexts(owner, repo), change));
  }

  async snsTopics(stackId: string): Promise<SnsTopics> {
    return this.#within(readTopics(this.#listed(stackId).context));
  }

  notReadyBecause(): string[] {
    return this.#options.directory.notReadyBecause();
  }

  mayListMore(): boolean {
    return this.#options.directory.mayListMore();
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

  #listed(stackId: string): AppStack {
    const stack = this.#options.directory.find(stackId);
    if (stack === undefined) throw new TryAgainError("the stack is not listed at the moment", 30);
    return stack;
  }

  /** The stack, where its ledger entry counts. Else it is looked at once more, and whoever calls is asked to come again. */
  async #accepted(stackId: string): Promise<AppStack> {
    const stack = this.#listed(stackId);
    if (stack.listed.refusal === null) return stack;
    await this.#within(viewPools(stack.context));
    throw new TryAgainError(stack.listed.refusal ?? "the stack is being listed anew", 5);
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
}

/** Where nothing is known of it, somebody looks. */
function hasOpen(snapshot: Snapshot | null): boolean {
  if (snapshot === null) return true;
  return [snapshot.inRange, ...snapshot.gated.values()].some((branch) => branch?.pull != null);
}
