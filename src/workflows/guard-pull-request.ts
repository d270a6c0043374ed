import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { type RepositoryName, repositoryKey } from "../domain/repository-name.ts";
import { ForgeError } from "../forge/forge.ts";
import type { GuardCheck, GuardForge, ListedHead, MergeGroup, PullHead } from "../forge/guard-forge.ts";
import { LEDGER_BRANCH } from "../ledger/entry.ts";
import type { Background } from "./background.ts";
import {
  type GuardedRepository,
  type Judged,
  type Judging,
  judgeMergeGroup,
  judgePullRequest,
  readMark,
} from "./judge-pull-request.ts";
import type { ScaleContext } from "./read-situation.ts";
import type { Settled } from "./settled.ts";

/** What a listing of a repository tells the guard. */
export type GuardListing = RepositoryName & {
  openHeads: readonly ListedHead[];
  /** Entries of the ledger that cannot be used as they are. */
  unserved: readonly { alias: string; message: string }[];
  /** Of each stack whose entry does not count, why: where it stands is not to be trusted either. */
  stacks: readonly { place: { alias: string }; refusal: string | null }[];
  hasLedger: boolean;
  /** It has a `.github/pulumiscale.yml`: it means to be looked after, even where the ledger is gone. */
  hasSettings: boolean;
};

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

/** A listing after a lost hour may find many: the rest waits for the next one, and leaves scaling its share of GitHub's budget. */
const MOST_AT_ONCE = 20;
const ATTEMPTS = 3;
/** An own pull request that GitHub merges at once is done by then. */
const CALM_WITHIN_MS = 2_000;
const MOST_REMEMBERED = 1_000;

/** `soon`: something waits there. `later`: an event that comes without a push may be lost. */
export type NextListing = "soon" | "later" | "after-a-push";

type Known = {
  blind: string | null;
  places: string;
  /** Those that touch a pool's value. */
  heads: Map<number, PullHead>;
  /** Numbers of those that wait, or could not be judged. */
  waiting: Set<number>;
};

/**
 * Reports the check run `pulumiscale/guard` on every open pull request of a repository with stacks. What it remembers only saves
 * calls: the check runs themselves say what was judged.
 */
export class PullRequestGuard {
  readonly #options: PullRequestGuardOptions;
  readonly #known = new Map<string, Known>();
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
    this.#forgetHead(head);
  }

  /** The base branch, a contract or the settings have changed: every verdict on a pool may be another one now. */
  basisChanged(name: RepositoryName, branch: string): void {
    const isBase = this.#options.stacks
      .contexts(name.owner, name.repo)
      .some(({ place }) => place.branch === branch);
    if (!isBase && branch !== LEDGER_BRANCH) return;
    for (const head of this.#known.get(repositoryKey(name))?.heads.values() ?? [])
      this.#start(head, "as-needed");
  }

  /** When a repository has to be listed again where nobody has pushed. */
  nextListing(name: RepositoryName): NextListing {
    const known = this.#known.get(repositoryKey(name));
    if (known === undefined) return "after-a-push";
    return known.waiting.size > 0 ? "soon" : "later";
  }

  /** Makes up for events that were lost. */
  listed(listing: GuardListing): void {
    const { owner, repo, openHeads } = listing;
    const contexts = this.#options.stacks.contexts(owner, repo);
    const before = this.#known.get(repositoryKey(listing));
    const known: Known = {
      blind: blindness(listing, contexts),
      places: placesOf(contexts),
      heads: new Map(),
      waiting: new Set(),
    };
    if (contexts.length === 0 && known.blind === null) {
      this.#known.delete(repositoryKey(listing));
      return;
    }
    const heads = openHeads.map(({ number, headOid, check }) => ({
      head: { owner, repo, number, headOid },
      check,
    }));
    for (const { head, check } of heads)
      if (readMark(check).touches === "pools") known.heads.set(head.number, head);
    this.#known.set(repositoryKey(listing), known);
    // A stack that is new makes a file matter that did not before.
    const isNewGround =
      before !== undefined && (before.places !== known.places || before.blind !== known.blind);
    const open = heads.filter(({ check }) => isNewGround || check === null || !isFinal(check));
    const unreported = open.filter(({ check }) => check === null);
    const waiting = open.filter(({ check }) => check !== null);
    for (const { head } of open) known.waiting.add(head.number);
    for (const { head } of [...unreported, ...waiting].slice(0, isNewGround ? heads.length : MOST_AT_ONCE))
      this.#start(head, "as-needed");
  }

  forget(name: RepositoryName): void {
    this.#known.delete(repositoryKey(name));
  }

  #start(head: PullHead, mode: Judging["mode"]): void {
    if (!this.#isGuarded(head)) return;
    this.#options.background.start(nameOf(head), () => this.#judge(head, mode));
  }

  async #judge(head: PullHead, mode: Judging["mode"], urgency: Judging["urgency"] = "other"): Promise<void> {
    const known = () => this.#known.get(repositoryKey(head));
    known()?.waiting.add(head.number);
    const judged = await this.#withRetries(head, () =>
      judgePullRequest(this.#judging(head, mode, urgency), head, this.#pushers.get(head.headOid) ?? null),
    );
    this.#forgetHead(head);
    if (judged.kind === "judged" && judged.touches === "pools") known()?.heads.set(head.number, head);
    if (judged.kind === "judged" && judged.verdict === "waiting") known()?.waiting.add(head.number);
  }

  #forgetHead(head: PullHead): void {
    const known = this.#known.get(repositoryKey(head));
    known?.heads.delete(head.number);
    known?.waiting.delete(head.number);
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
      blind: this.#known.get(repositoryKey({ owner, repo }))?.blind ?? null,
    };
    return { forge: this.#options.forge, repository, mode, urgency };
  }

  #isGuarded({ owner, repo }: RepositoryName): boolean {
    return (
      this.#known.has(repositoryKey({ owner, repo })) || this.#options.stacks.contexts(owner, repo).length > 0
    );
  }
}

function isFinal({ state }: GuardCheck): boolean {
  return state === "success" || state === "failure";
}

/** Why a stack file may be one that nobody knows of. */
function blindness(
  { unserved, stacks, hasLedger, hasSettings }: GuardListing,
  contexts: readonly ScaleContext[],
): string | null {
  const served = new Set(contexts.map(({ place }) => place.alias));
  const lost = unserved.find(({ alias }) => !served.has(alias));
  if (lost !== undefined)
    return `the ledger entry of ${lost.alias} cannot be used (${lost.message}); publish it again`;
  const doubtful = stacks.find(({ refusal }) => refusal !== null);
  if (doubtful !== undefined) return doubtful.refusal;
  if (hasLedger || !hasSettings || contexts.length > 0) return null;
  return "the ledger branch is not there; run the Action's command `publish` after a full up";
}

function placesOf(contexts: readonly ScaleContext[]): string {
  return JSON.stringify(contexts.map(({ place }) => [place.branch, place.path]).toSorted());
}

function nameOf({ owner, repo, number }: RepositoryName & { number: number }): string {
  return `guard ${owner}/${repo}#${number}`.toLowerCase();
}
