import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { RepositoryName } from "../domain/repository-name.ts";
import { ForgeError } from "../forge/forge.ts";
import type { GuardForge, MergeGroup, PullHead } from "../forge/guard-forge.ts";
import { LEDGER_BRANCH } from "../ledger/entry.ts";
import type { Background } from "./background.ts";
import { GuardedRepositories, type GuardListing, type NextListing } from "./guarded-repositories.ts";
import {
  type GuardedRepository,
  type Judged,
  type Judging,
  judgeMergeGroup,
  judgePullRequest,
} from "./judge-pull-request.ts";
import type { ScaleContext } from "./read-situation.ts";
import type { Settled } from "./settled.ts";

/** The stacks that this process serves, as far as the guard needs them. */
export interface GuardedStacks {
  contexts(owner: string, repo: string): ScaleContext[];
  /** Resolves when what is under way on a stack is done: its pull request may be merged by then. */
  calm(owner: string, repo: string, alias: string): Promise<void>;
}

export type PullRequestGuardOptions = {
  forge: GuardForge;
  stacks: GuardedStacks;
  background: Background;
  onJudged: (head: PullHead, judged: Judged) => void;
};

const ATTEMPTS = 3;
/** An own pull request that GitHub merges at once is done by then. */
const CALM_WITHIN_MS = 2_000;
const MOST_REMEMBERED = 1_000;

/**
 * Reports the check run `pulumiscale/guard` on every open pull request of a repository with stacks. What it remembers only saves
 * calls: the check runs themselves say what was judged.
 */
export class PullRequestGuard {
  readonly #options: PullRequestGuardOptions;
  readonly #known = new GuardedRepositories();
  readonly #pushers = new LRUCache<string, string>({ max: MOST_REMEMBERED });
  /** Own pull requests that are merged or closed. */
  readonly #done = new LRUCache<string, true>({ max: MOST_REMEMBERED });

  constructor(options: PullRequestGuardOptions) {
    this.#options = options;
  }

  /** A head is new: somebody opened the pull request with it (`pushedBy`), or pushed it. */
  pushed(head: PullHead, pushedBy: string | null): void {
    this.#done.delete(nameOf(head));
    if (pushedBy !== null) this.#pushers.set(head.headOid, pushedBy);
    this.#start(head, "as-needed");
  }

  /** Something that a verdict may hang on has changed: a review, the base, or its author asks for it. */
  changed(head: PullHead, mode: Judging["mode"] = "as-needed"): void {
    this.#start(head, mode);
  }

  /** Our own in-range pull request: most are merged within the second, and need no check run. */
  scaled(head: PullHead, alias: string): void {
    if (!this.#isGuarded(head)) return;
    this.#options.background.start(nameOf(head), async () => {
      const late = new AbortController();
      const calm = this.#options.stacks.calm(head.owner, head.repo, alias);
      await Promise.race([
        calm,
        sleep(CALM_WITHIN_MS, null, { ref: false, signal: late.signal }).catch(() => null),
      ]);
      late.abort();
      if (!this.#done.has(nameOf(head))) await this.#judge(head, "as-needed", "merge");
    });
  }

  merging(group: MergeGroup): void {
    if (!this.#isGuarded(group)) return;
    this.#options.background.start(`guard group ${group.headOid}`, () =>
      this.#withRetries(group, () => judgeMergeGroup(this.#judging(group, "as-needed", "other"), group)),
    );
  }

  /** What became of a stack's own pull requests. */
  settled(stackId: string, settled: readonly Settled[]): void {
    const [owner = "", repo = ""] = stackId.split("/");
    for (const { kind, pullRequest: number } of settled)
      if (kind === "merged" || kind === "closed") this.#done.set(nameOf({ owner, repo, number }), true);
  }

  closed(head: PullHead): void {
    this.#done.set(nameOf(head), true);
    this.#known.closed(head);
  }

  /** The base branch, a contract or the settings have changed: every verdict on a pool may be another one now. */
  basisChanged(name: RepositoryName, branch: string): void {
    const isBase = this.#options.stacks
      .contexts(name.owner, name.repo)
      .some(({ place }) => place.branch === branch);
    if (!isBase && branch !== LEDGER_BRANCH) return;
    for (const head of this.#known.touchingPools(name)) this.#start(head, "as-needed");
  }

  /** When a repository has to be listed again where nobody has pushed. */
  nextListing(name: RepositoryName): NextListing {
    return this.#known.nextListing(name);
  }

  /** Makes up for events that were lost. */
  listed(listing: GuardListing): void {
    const contexts = this.#options.stacks.contexts(listing.owner, listing.repo);
    for (const head of this.#known.list(listing, contexts)) this.#start(head, "as-needed");
  }

  forget(name: RepositoryName): void {
    this.#known.forget(name);
  }

  #start(head: PullHead, mode: Judging["mode"]): void {
    if (!this.#isGuarded(head)) return;
    this.#options.background.start(nameOf(head), () => this.#judge(head, mode));
  }

  async #judge(head: PullHead, mode: Judging["mode"], urgency: Judging["urgency"] = "other"): Promise<void> {
    this.#known.judging(head);
    const judged = await this.#withRetries(head, () =>
      judgePullRequest(this.#judging(head, mode, urgency), head, this.#pushers.get(head.headOid) ?? null),
    );
    this.#known.judged(head, judged);
  }

  /** What still fails then is found by the next listing. */
  async #withRetries(head: PullHead, work: () => Promise<Judged>): Promise<Judged> {
    for (let attempt = 1; ; attempt++) {
      try {
        const judged = await work();
        this.#options.onJudged(head, judged);
        return judged;
      } catch (error) {
        if (!(error instanceof ForgeError) || error.code !== "unavailable" || attempt === ATTEMPTS)
          throw error;
      }
      await sleep(250 * attempt);
    }
  }

  #judging({ owner, repo }: RepositoryName, mode: Judging["mode"], urgency: Judging["urgency"]): Judging {
    const repository: GuardedRepository = {
      stacks: this.#options.stacks.contexts(owner, repo),
      blind: this.#known.blindness({ owner, repo }),
    };
    return { forge: this.#options.forge, repository, mode, urgency };
  }

  #isGuarded({ owner, repo }: RepositoryName): boolean {
    return this.#known.has({ owner, repo }) || this.#options.stacks.contexts(owner, repo).length > 0;
  }
}

function nameOf({ owner, repo, number }: RepositoryName & { number: number }): string {
  return `guard ${owner}/${repo}#${number}`.toLowerCase();
}
